import Foundation
import Vanguard
import XCTest

/// Every error, the words, and that nothing leaks.
final class BorderTests: StoryCase {
    /// The name of the error that a call fails with.
    private func error(of call: () async throws -> Void) async -> String {
        do {
            try await call()
            return "none"
        } catch let error as VanguardError {
            return switch error {
            case .Refused: "refused"
            case .NotFound: "not found"
            case .NotEnrolled: "not enrolled"
            case .AlreadyEnrolled: "already enrolled"
            case .Invalid: "invalid"
            case .NeedsUpdate: "needs update"
            case .Unreachable: "unreachable"
            case .Rejected: "rejected"
            case .Unconfirmed: "unconfirmed"
            case .Unsigned: "unsigned"
            case .Paused: "paused"
            case .Storage: "storage"
            }
        } catch {
            return "\(error)"
        }
    }

    private func fails(
        as expected: String, line: UInt = #line, _ call: () async throws -> Void
    ) async {
        let found = await error(of: call)
        XCTAssertEqual(found, expected, line: line)
    }

    func testEveryErrorComesAsWhatItIs() async throws {
        let site = self.site!
        let phone = try await site.phone("陈强")
        let id = try phone.report(site, "扶手松动")
        let graded = HazardEvent.graded(
            grade: .general, nature: .unsafeCondition, reason: "现场确认", criterion: nil)
        await fails(as: "refused") { _ = try phone.actOnHazard(hazard: id, event: graded) }
        XCTAssertFalse(try phone.hazardActions(hazard: id).contains(.gradeGeneral))
        await fails(as: "not found") { _ = try phone.hazard(id: UUID().uuidString.lowercased()) }
        await fails(as: "invalid") { _ = try phone.hazard(id: "三号") }
        await fails(as: "invalid") { _ = try readInvite(text: "https://example.com") }
        await fails(as: "invalid") { try phone.edit(record: id, fields: ["place": "{"]) }
        let invite = site.invite("陈强")
        await fails(as: "already enrolled") {
            _ = try await phone.enrol(invite: invite, deviceName: "手机")
        }
        let empty = try Notebook.open(path: site.newFile())
        await fails(as: "not enrolled") { try empty.report(site, "无主") }
        await fails(as: "not enrolled") { try await empty.syncNow() }
        let newer = site.newFile()
        try Notebook.open(path: newer).pause()
        site.tell("newer \(newer)")
        await fails(as: "needs update") { _ = try Notebook.open(path: newer) }
        await fails(as: "storage") { _ = try Notebook.open(path: "/no/such/folder/notebook.db") }
        try phone.pause()
        await fails(as: "paused") { _ = try phone.drafts() }
        try phone.resume()
        site.tell("down")
        await fails(as: "unreachable") { try await phone.syncNow() }
        site.tell("up")
        site.tell("revoke 陈强")
        await fails(as: "rejected") { try await phone.syncNow() }
    }

    func testValuesHaveTheirWordsInBothLanguages() throws {
        XCTAssertEqual(try labelHazardStatus(value: .rectified, language: .chinese), "待复查")
        XCTAssertEqual(try labelHazardStatus(value: .rectified, language: .english), "To be verified")
        XCTAssertEqual(try catalogueText(language: .chinese, group: "role", name: "viewer"), "查看人")
        XCTAssertNil(try catalogueText(language: .chinese, group: "role", name: "nobody"))
    }

    func testADraftKeepsEveryAnswer() async throws {
        let phone = try await site.phone("赵磊")
        let id = try phone.startInspection(
            space: site.org, zone: site.zone, kind: .noViolation, shift: .night)
        try phone.answer(inspection: id, answer: ItemResult(code: "guard", outcome: .abnormal))
        try phone.noteDraft(
            inspection: id, notes: DraftNotes(summary: "夜班巡检", coveredPeople: ["马强"]))
        try phone.pause()
        try phone.resume()
        XCTAssertEqual(try phone.draft(inspection: id).fields.summary, "夜班巡检")
        XCTAssertThrowsError(try phone.submitInspection(inspection: id)) {
            guard case VanguardError.Refused(.abnormalUnexplained, _) = $0 else {
                return XCTFail("\($0)")
            }
        }
        try phone.answer(inspection: id, answer: ItemResult(code: "guard", outcome: .normal))
        try phone.submitInspection(inspection: id)
        XCTAssertTrue(try phone.drafts().isEmpty)
        XCTAssertEqual(try phone.inspection(id: id).fields.coveredPeople, ["马强"])
        XCTAssertEqual(try phone.storageUse().records, 1)
    }

    func testNothingIsLeftAfterTenThousandCalls() async throws {
        try assertComesTo(0)  // what other tests had is gone
        try await tenThousandCalls()
        try assertComesTo(0)
    }

    private func tenThousandCalls() async throws {
        let phone = try await site.phone("赵磊")
        let id = try phone.report(site, "管道渗漏")
        let listener = Listener()
        for _ in 0..<2_500 {
            _ = try phone.hazard(id: id)
            _ = try phone.listHazards(filter: ListFilter(), limit: 5)
            try CancelHandle().cancel()
            try phone.observe(watched: .status, listener: listener).cancel()
        }
        try assertComesTo(1)
    }

    /// Tasks that were ended let go of the notebook when they next run.
    private func assertComesTo(_ count: UInt64, line: UInt = #line) throws {
        let end = Date(timeIntervalSinceNow: patience)
        while try liveObjects() != count && Date() < end { sched_yield() }
        XCTAssertEqual(try liveObjects(), count, line: line)
    }
}
