import Foundation
import Vanguard
import XCTest

final class KilledTests: StoryCase {
    func testAnAppKilledInASyncHasKeptEveryPromise() async throws {
        try await story(killedAfter: "committed")
    }

    func testAnAppKilledInAVerbHasKeptEveryPromise() async throws {
        try await story(killedAfter: "acknowledged")
    }

    private func story(killedAfter word: String) async throws {
        let file = site.newFile()
        try await site.phone("赵磊", file: file).pause()
        let promised = try workUntilKilled(file: file, word: word, count: 4)

        let phone = try Notebook.open(path: file)
        XCTAssertNil(try phone.setAsideFile())
        for id in promised { _ = try phone.hazard(id: id) }
        try await phone.syncNow()
        XCTAssertEqual(try phone.syncStatus().unsentChanges, 0)
        XCTAssertTrue(try phone.returned().isEmpty)
        let all = try phone.count(kind: .hazard, filter: ListFilter())
        let count = UInt64(promised.count)
        XCTAssertTrue((count...count + 1).contains(all), "\(all), promised \(count)")
        let other = try await site.phone("李安")
        XCTAssertEqual(try other.count(kind: .hazard, filter: ListFilter()), all)
        for id in promised { _ = try other.hazard(id: id) }
    }

    private func workUntilKilled(file: String, word: String, count: Int) throws -> Set<HazardId> {
        let process = Process()
        let tests = URL(fileURLWithPath: CommandLine.arguments[0])
        process.executableURL = tests.deletingLastPathComponent().appendingPathComponent("Worker")
        process.arguments = [file, site.org]
        let output = Lines()
        process.standardOutput = output.pipe
        try process.run()
        var promised: Set<HazardId> = []
        var times = 0
        while let line = output.next() {
            let words = line.split(separator: " ").map(String.init)
            promised.insert(words[1])
            if words[0] == word { times += 1 }
            if times == count { kill(process.processIdentifier, SIGKILL) }
        }
        process.waitUntilExit()
        return promised
    }
}
