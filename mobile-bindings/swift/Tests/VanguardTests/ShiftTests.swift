import FieldApp
import Foundation
import Vanguard
import XCTest

/// A whole shift through the reference app, whose transcript is the same in every language.
final class ShiftTests: StoryCase {
    func testAWholeShiftMostOfItOffline() async throws {
        let here = URL(fileURLWithPath: #filePath)
        let snapshot = here.deletingLastPathComponent()
            .appendingPathComponent("../../../shift.txt").standardizedFileURL
        let expected = try String(contentsOf: snapshot, encoding: .utf8)
        let transcript = Transcript()
        var apps: [String: FieldApp] = [:]
        var app: FieldApp?
        for line in expected.split(separator: "\n").map(String.init) {
            let rest = String(line.dropFirst(2))
            switch line.prefix(2) {
            case "# ":
                transcript.add(line)
                if apps[rest] == nil {
                    let notebook = try Notebook.open(path: site.newFile())
                    apps[rest] = FieldApp(
                        notebook: notebook, language: .chinese, say: { transcript.add($0) })
                }
                app = apps[rest]
            case "! ":
                transcript.add(line)
                site.tell(rest)
            case "> ":
                transcript.add(line)
                let words = rest.split(separator: " ")
                let command =
                    switch words[0] {
                    case "enrol": "enrol \(site.invite(String(words[1])))"
                    case "photo": "photo \(site.picture(String(words[1])))"
                    default: rest
                    }
                await app?.obey(command)
            default: break
            }
        }
        XCTAssertEqual(transcript.text, expected)
    }
}

final class Transcript: @unchecked Sendable {
    private let lock = NSLock()
    private var lines: [String] = []

    func add(_ line: String) { lock.withLock { lines.append(line) } }
    var text: String { lock.withLock { lines.map { $0 + "\n" }.joined() } }
}
