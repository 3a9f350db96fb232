import Foundation
import Vanguard
import XCTest

/// How long anything may take that should come about by itself, in seconds.
let patience = 60.0

/// A relay process with one branch, and phones enrolled at it.
final class Site {
    private let folder: URL
    private let process = Process()
    private let input = Pipe()
    private let output = Lines()
    private var members: [String: MemberId] = [:]
    private var places: [String: String] = [:]
    private var files = 0

    var org: OrgId { places["org"]! }
    var unit: UnitId { places["unit"]! }
    var zone: ZoneId { places["zone"]! }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let program = ProcessInfo.processInfo.environment["VANGUARD_SITE"] ?? "site"
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = [folder.appendingPathComponent("relay").path]
        process.standardInput = input
        process.standardOutput = output.pipe
        try process.run()
        while let line = output.next(), line != "ready" {
            let words = line.split(separator: " ").map(String.init)
            if words[0] == "member" {
                members[words[1]] = words[2]
            } else {
                places[words[0]] = words[1]
            }
        }
    }

    func member(_ name: String) -> MemberId { members[name]! }

    /// Has the relay do something; gives its answer.
    @discardableResult
    func tell(_ command: String) -> String {
        input.fileHandleForWriting.write(Data("\(command)\n".utf8))
        return output.next() ?? "the relay has died of: \(command)"
    }

    func invite(_ name: String) -> String {
        String(tell("invite \(name)").dropFirst("invite ".count))
    }

    /// A file for a phone of its own.
    func newFile() -> String {
        files += 1
        return folder.appendingPathComponent("phone-\(files).db").path
    }

    /// What a camera wrote.
    func picture(_ name: String) -> String {
        let file = folder.appendingPathComponent("\(name).jpg").path
        tell("picture \(file)")
        return file
    }

    /// An enrolled and synced phone of somebody.
    func phone(
        _ name: String, file: String? = nil, keyStore: KeyStore? = nil
    ) async throws -> Notebook {
        let notebook = try Notebook.open(path: file ?? newFile(), keyStore: keyStore)
        _ = try await notebook.enrol(invite: invite(name), deviceName: "手机")
        try await notebook.syncNow()
        return notebook
    }

    func stop() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }
}

/// The lines that a process prints.
final class Lines {
    let pipe = Pipe()
    private var rest = Data()

    func next() -> String? {
        while true {
            if let end = rest.firstIndex(of: 0x0A) {
                let line = String(decoding: rest[rest.startIndex..<end], as: UTF8.self)
                rest = Data(rest[rest.index(after: end)...])
                return line
            }
            let more = pipe.fileHandleForReading.availableData
            if more.isEmpty { return nil }
            rest.append(more)
        }
    }
}

/// Things told from another thread, to be waited for.
final class Told<Thing: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private var things: [Thing] = []

    func tell(_ thing: Thing) {
        condition.lock()
        things.append(thing)
        condition.signal()
        condition.unlock()
    }

    /// Waits for the first thing of which this holds.
    func until(_ holds: (Thing) throws -> Bool) throws {
        let end = Date(timeIntervalSinceNow: patience)
        while true {
            condition.lock()
            while things.isEmpty {
                if !condition.wait(until: end) {
                    condition.unlock()
                    return XCTFail("it was never told")
                }
            }
            let thing = things.removeFirst()
            condition.unlock()
            if try holds(thing) { return }
        }
    }

    var count: Int { condition.withLock { things.count } }
}

final class Listener: ChangeListener {
    let told = Told<Void>()
    func onChanged() { told.tell(()) }
}

final class Observer: SyncObserver {
    let told = Told<SyncProgress>()
    func onProgress(progress: SyncProgress) { told.tell(progress) }
}

final class States: LiveObserver {
    let told = Told<LiveState>()
    func onState(state: LiveState) { told.tell(state) }
}

extension Notebook {
    @discardableResult
    func syncNow() async throws -> SyncOutcome { try await sync(budget: SyncBudget()) }

    @discardableResult
    func report(_ site: Site, _ description: String) throws -> HazardId {
        try reportHazard(space: site.org, fields: hazardFields(description))
    }
}

func hazardFields(_ description: String) -> HazardFields {
    HazardFields(description: description, nature: .unsafeCondition)
}

/// A test with a relay of its own.
class StoryCase: XCTestCase {
    private(set) var site: Site!

    /// As every server in Swift on Linux does: a write to a connection that the relay has just
    /// closed would end the process. (Apple's systems are told so for each socket.)
    override class func setUp() { signal(SIGPIPE, SIG_IGN) }

    override func setUp() async throws { site = try Site() }
    override func tearDown() async throws { site.stop() }

    func assertInterrupted(_ outcome: SyncOutcome, _ expected: UInt64, line: UInt = #line) {
        guard case .interrupted(let remaining, _) = outcome else {
            return XCTFail("\(outcome)", line: line)
        }
        XCTAssertEqual(remaining, expected, line: line)
    }
}
