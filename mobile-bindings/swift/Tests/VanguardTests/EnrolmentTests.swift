import Foundation
import Vanguard
import XCTest

/// The six digits that a supervisor compares, and keys that an app holds itself.
final class EnrolmentTests: StoryCase {
    private func follow(_ phone: Notebook) throws -> (States, TaskHandle) {
        let states = States()
        return (states, try phone.follow(observer: states))
    }

    func testAPhoneWaitsUntilItsSixDigitsAreComparedAndThenGoesOnByItself() async throws {
        site.tell("strict")
        let file = site.newFile()
        let phone = try Notebook.open(path: file)
        let said = try await phone.enrol(invite: site.invite("赵磊"), deviceName: "手机")
        let digits = try XCTUnwrap(said)
        XCTAssertEqual(digits.count, 6)
        XCTAssertTrue(digits.allSatisfy(\.isNumber))
        do {
            try await phone.syncNow()
            XCTFail("nobody has confirmed it")
        } catch VanguardError.Unconfirmed {}
        _ = try phone.startInspection(space: site.org, zone: site.zone, kind: .daily, shift: .day)
        try phone.pause()

        let again = try Notebook.open(path: file)
        XCTAssertEqual(try again.confirmationCode(), digits)  // it was closed while it waited
        XCTAssertEqual(try again.drafts().count, 1)
        let (states, following) = try follow(again)
        try states.told.until { if case .waiting = $0 { true } else { false } }
        site.tell("confirm \(digits)")
        try again.networkChanged()
        try states.told.until { $0 == .live }
        XCTAssertNil(try again.confirmationCode())
        XCTAssertEqual(try again.member(id: site.member("赵磊")).fields.name, "赵磊")
        try following.cancel()
    }

    func testAKeyThatTheAppHoldsSignsAllThatTheDeviceSends() async throws {
        let keys = try AppKeys()
        let file = site.newFile()
        let phone = try await site.phone("赵磊", file: file, keyStore: keys)
        let id = try phone.report(site, "冷却水管渗漏")
        try await phone.syncNow()
        XCTAssertEqual(try phone.hazard(id: id).syncState, .acknowledged)
        XCTAssertGreaterThanOrEqual(keys.asked, 2)  // for the enrolment, and for the batch

        // Without it the notebook is whole and sends nothing.
        try phone.pause()
        let keyless = try Notebook.open(path: file)
        _ = try keyless.actOnHazard(hazard: id, event: .commented(text: "仍在渗漏"))
        await assertUnsigned(keyless, .lost)
        try keyless.pause()
        try phone.resume()
        try await phone.syncNow()
        XCTAssertEqual(try phone.syncStatus().unsentChanges, 0)
    }

    func testWhatAKeyStoreRefusesIsSaidAndNothingIsLost() async throws {
        struct Broken: Error {}
        let keys = try AppKeys()
        let phone = try await site.phone("赵磊", keyStore: keys)
        let id = try phone.report(site, "行车轨道变形")
        let refusals: [(Error, SigningFailure)] = [
            (KeyStoreError.Cancelled(reason: "用户取消"), .cancelled),
            (KeyStoreError.Locked(reason: "屏幕已锁定"), .locked),
            (KeyStoreError.Lost(reason: "指纹已更改"), .lost),
            (KeyStoreError.Failed(reason: "硬件忙"), .failed),
            (Broken(), .failed),
        ]
        for (thrown, expected) in refusals {
            keys.answer { _ in throw thrown }
            await assertUnsigned(phone, expected)
            XCTAssertEqual(try phone.hazard(id: id).syncState, .localOnly)
        }
        keys.answer { _ in throw KeyStoreError.Locked(reason: "屏幕已锁定") }
        let (states, following) = try follow(phone)
        try states.told.until { if case .waiting = $0 { true } else { false } }
        keys.answer(with: nil)
        try phone.networkChanged()
        try states.told.until { $0 == .live }
        try following.cancel()
        XCTAssertEqual(try phone.hazard(id: id).syncState, .acknowledged)

        let other = try SigningKey.generate()  // of another phone
        keys.answer { try other.sign(message: $0) }
        _ = try phone.actOnHazard(hazard: id, event: .commented(text: "已设警戒"))
        await assertUnsigned(phone, .lost)
        keys.answer(with: nil)
        try await phone.syncNow()
        XCTAssertEqual(try phone.hazard(id: id).syncState, .acknowledged)
    }

    func testASyncWaitsForAPersonNoLongerThanItsBudget() async throws {
        let keys = try AppKeys()
        let phone = try await site.phone("赵磊", keyStore: keys)
        let id = try phone.report(site, "防爆灯破损")
        let touched = DispatchSemaphore(value: 0)
        keys.answer { _ in
            touched.wait()  // for the finger that is not there yet
            throw KeyStoreError.Cancelled(reason: "太迟了")
        }
        assertInterrupted(try await phone.sync(budget: SyncBudget(timeMs: 50)), 1)
        XCTAssertEqual(try phone.hazard(id: id).fields.description, "防爆灯破损")
        keys.answer(with: nil)
        touched.signal()
        try await phone.syncNow()
        XCTAssertEqual(try phone.hazard(id: id).syncState, .acknowledged)
    }

    private func assertUnsigned(
        _ phone: Notebook, _ expected: SigningFailure, line: UInt = #line
    ) async {
        do {
            try await phone.syncNow()
            XCTFail("it was signed", line: line)
        } catch VanguardError.Unsigned(let why, _) {
            XCTAssertEqual(why, expected, line: line)
        } catch {
            XCTFail("\(error)", line: line)
        }
    }
}

/// A key store as an app writes one over Secure Enclave. Linux has none, and no package with P-256
/// comes with Swift there: so what signs is the library's own key, and what is tested is the way
/// to the app and back.
final class AppKeys: KeyStore, @unchecked Sendable {
    private let key: SigningKey
    private let lock = NSLock()
    private var calls = 0
    private var instead: ((Data) throws -> Data)?

    init() throws {
        // As an app that keeps the secret in its keychain.
        key = try SigningKey.ofSecret(secret: SigningKey.generate().secret())
    }

    /// How often it was asked to sign.
    var asked: Int { lock.withLock { calls } }

    /// Answers so instead of signing.
    func answer(with other: ((Data) throws -> Data)?) { lock.withLock { instead = other } }

    func publicKey() throws -> Data { try key.publicKey() }

    func sign(message: Data) throws -> Data {
        let other = lock.withLock {
            calls += 1
            return instead
        }
        return try other?(message) ?? key.sign(message: message)
    }
}
