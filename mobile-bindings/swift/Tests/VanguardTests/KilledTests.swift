import Foundation
import Vanguard
import XCTest

/// Apps that are killed have kept what they had said.
final class KilledTests: StoryCase {
    func testAnAppKilledInASyncHasKeptEveryPromise() async throws {
        try await story(killedAfter: "committed")
    }

    func testAnAppKilledInTheTakingOfAPhotoHasKeptEveryPromise() async throws {
        try await story(killedAfter: "acknowledged")
    }

    func testAnAppKilledInAVerbHasKeptEveryPromise() async throws {
        try await story(killedAfter: "taken")
    }

    private func story(killedAfter word: String) async throws {
        let file = site.newFile()
        try await site.phone("赵磊", file: file).pause()
        let output = Lines()
        let worker = try self.worker(file: file, pictures: 5, output: output)
        var photos: Set<String> = []
        var hazards: Set<HazardId> = []
        var times = 0
        while let line = output.next() {
            let words = line.split(separator: " ").map(String.init)
            if words[0] == "taken" { photos.insert(words[1]) } else { hazards.insert(words[1]) }
            if words[0] == word { times += 1 }
            if times == 4 { kill(worker.processIdentifier, SIGKILL) }
        }
        worker.waitUntilExit()

        let phone = try Notebook.open(path: file)
        XCTAssertNil(try phone.setAsideFile())
        for hash in photos {
            // Nothing of half a photo is ever under its name.
            let kept = try XCTUnwrap(phone.photoBytes(hash: hash))
            XCTAssertEqual(kept.suffix(2), Data([0xFF, 0xD9]))
        }
        try await phone.syncNow()
        XCTAssertEqual(try phone.syncStatus().unsentChanges, 0)
        XCTAssertTrue(try phone.returned().isEmpty)
        let all = try phone.count(kind: .hazard, filter: ListFilter())
        let count = UInt64(hazards.count)
        XCTAssertTrue((count...count + 1).contains(all), "\(all), promised \(count)")
        let other = try await site.phone("李安")
        XCTAssertEqual(try other.count(kind: .hazard, filter: ListFilter()), all)
        for id in hazards {
            XCTAssertEqual(try phone.hazard(id: id).syncState, .acknowledged)  // its photo as well
            let photo = try other.hazard(id: id).fields.photos[0]
            let path = try await other.fetchPhoto(hash: photo.hash)
            let fetched = try Data(contentsOf: URL(fileURLWithPath: path))
            XCTAssertEqual(fetched, try phone.photoBytes(hash: photo.hash))
        }
    }

    func testAnUploadThatDiesWithItsAppGoesOnFromWhereItWas() async throws {
        let file = site.newFile()
        try await site.phone("赵磊", file: file).pause()
        site.tell("stall 200000")  // enough for the thumbnail and a part of the photo
        let worker = try self.worker(file: file, pictures: 1, output: Lines())
        site.tell("stalled")
        kill(worker.processIdentifier, SIGKILL)
        worker.waitUntilExit()
        site.tell("up")

        let phone = try Notebook.open(path: file)
        let hazards = try phone.listHazards(filter: ListFilter()).rows
        XCTAssertEqual(hazards.map(\.syncState), [.mediaPending])
        guard case .upToDate(let done) = try await phone.syncNow() else {
            return XCTFail("interrupted")
        }
        XCTAssertEqual(done.photosSent, 1)
        XCTAssertLessThan(done.bytesUp, hazards[0].fields.photos[0].bytes)
        XCTAssertEqual(try phone.hazard(id: hazards[0].id).syncState, .acknowledged)
    }

    private func worker(file: String, pictures: Int, output: Lines) throws -> Process {
        let process = Process()
        let tests = URL(fileURLWithPath: CommandLine.arguments[0])
        process.executableURL = tests.deletingLastPathComponent().appendingPathComponent("Worker")
        process.arguments = [file, site.org] + (0..<pictures).map { site.picture("压力表\($0)") }
        process.standardOutput = output.pipe
        try process.run()
        return process
    }
}
