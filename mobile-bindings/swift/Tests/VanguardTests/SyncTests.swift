import Foundation
import Vanguard
import XCTest

/// Budgets, cancelling, pausing, following.
final class SyncTests: StoryCase {
    func testASyncEndsByItsHandleItsBudgetAndAPause() async throws {
        let phone = try await site.phone("赵磊")
        site.tell("hush")
        try phone.report(site, "电缆沟盖板缺失")

        let handle = try CancelHandle()
        async let cancelled = phone.sync(budget: SyncBudget(), cancel: handle)
        site.tell("heard")
        try handle.cancel()
        assertInterrupted(try await cancelled, 1)

        async let paused = phone.sync(budget: SyncBudget())
        site.tell("heard")
        try phone.pause()
        assertInterrupted(try await paused, 0)  // the file is closed: nobody knows
        try phone.resume()

        assertInterrupted(try await phone.sync(budget: SyncBudget(timeMs: 50)), 1)

        site.tell("up")
        guard case .upToDate = try await phone.syncNow() else { return XCTFail("interrupted") }
        XCTAssertEqual(try phone.syncStatus().unsentChanges, 0)
    }

    func testCallsAtTheSameTimeShareOneSyncAndEachLeavesItAlone() async throws {
        let phone = try await site.phone("赵磊")
        site.tell("hush")
        let handles = try (0..<8).map { _ in try CancelHandle() }
        let first = Task { try await phone.sync(budget: SyncBudget(), cancel: handles[0]) }
        site.tell("heard")
        try await withThrowingTaskGroup(of: SyncOutcome.self) { others in
            for handle in handles.dropFirst() {
                others.addTask { try await phone.sync(budget: SyncBudget(), cancel: handle) }
                try handle.cancel()
            }
            for try await outcome in others { assertInterrupted(outcome, 0) }
        }
        try handles[0].cancel()
        assertInterrupted(try await first.value, 0)
    }

    func testProgressSaysWhatWentUpAndWhatCameDown() async throws {
        let zhao = try await site.phone("赵磊")
        let li = try await site.phone("李安")
        for number in 0..<5 { try zhao.report(site, "隐患 \(number)") }
        let observer = Observer()
        let outcome = try await zhao.sync(budget: SyncBudget(), observer: observer)
        guard case .upToDate(let done) = outcome else { return XCTFail("\(outcome)") }
        XCTAssertEqual(done.acknowledged, 5)
        XCTAssertGreaterThan(done.bytesUp, 1_000)
        try observer.told.until { $0 == done }
        guard case .upToDate(let taken) = try await li.syncNow() else { return XCTFail("?") }
        XCTAssertEqual(taken.taken, 5)
    }

    func testAPausedNotebookHoldsNoFileAndIsWholeAfterwards() async throws {
        let file = site.newFile()
        let phone = try await site.phone("赵磊", file: file)
        let id = try phone.report(site, "照明损坏")
        try phone.pause()
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for descriptor in descriptors {
            let path = try? FileManager.default.destinationOfSymbolicLink(
                atPath: "/proc/self/fd/\(descriptor)")
            XCTAssertFalse((path ?? "").hasPrefix(file))
        }
        XCTAssertThrowsError(try phone.hazard(id: id)) {
            guard case VanguardError.Paused = $0 else { return XCTFail("\($0)") }
        }
        try phone.resume()
        try phone.resume()
        XCTAssertEqual(try phone.hazard(id: id).fields.description, "照明损坏")
        try await phone.syncNow()
        XCTAssertEqual(try phone.hazard(id: id).syncState, .acknowledged)
    }

    func testAScreenIsToldOfWhatItShowsAndOfNothingElse() async throws {
        let phone = try await site.phone("李安")
        let (open, teams, record) = (Listener(), Listener(), Listener())
        let watching = try phone.observe(
            watched: .list(kind: .hazard, filter: ListFilter(isOpen: true), limit: 50),
            listener: open)
        let others = try phone.observe(
            watched: .list(kind: .team, filter: ListFilter(), limit: 50), listener: teams)
        let id = try phone.report(site, "积油")
        try open.told.until { true }
        _ = try phone.actOnHazard(hazard: id, event: .voided(reason: "误报"))
        try open.told.until { true }
        try watching.cancel()
        let again = try phone.observe(watched: .record(id: id), listener: record)
        _ = try phone.actOnHazard(hazard: id, event: .commented(text: "已清理"))
        try record.told.until { true }
        XCTAssertEqual(teams.told.count, 0)
        try others.cancel()
        try again.cancel()
    }

    func testTheLiveModeBringsNewsSendsAtOnceAndComesBackByItself() async throws {
        let zhao = try await site.phone("赵磊")
        let li = try await site.phone("李安")
        let (states, news) = (States(), Listener())
        let following = try zhao.follow(observer: states)
        try states.told.until { $0 == .live }
        let watching = try zhao.observe(
            watched: .list(kind: .hazard, filter: ListFilter(), limit: 50), listener: news)
        try li.report(site, "来自李安")
        try await li.syncNow()
        try news.told.until {
            try !zhao.listHazards(filter: ListFilter(text: "来自李安")).rows.isEmpty
        }
        let mine = try zhao.report(site, "来自赵磊")
        try news.told.until { try zhao.hazard(id: mine).syncState == .acknowledged }

        site.tell("down")
        try states.told.until { if case .waiting = $0 { true } else { false } }
        let offline = try zhao.report(site, "断网时")
        site.tell("up")
        try states.told.until { $0 == .live }
        try news.told.until { try zhao.hazard(id: offline).syncState == .acknowledged }
        try zhao.networkChanged()
        try states.told.until { $0 == .connecting }
        try states.told.until { $0 == .live }

        try zhao.pause()
        try states.told.until { $0 == .paused }
        try zhao.resume()
        try states.told.until { $0 == .live }

        site.tell("revoke 赵磊")
        try zhao.report(site, "停用之后")
        try states.told.until { if case .ended = $0 { true } else { false } }
        try following.cancel()
        try watching.cancel()
    }

    func testListsAndSearchesAnswerWhileAVerbWaitsForTheFile() async throws {
        let file = site.newFile()
        let phone = try await site.phone("赵磊", file: file)
        try phone.report(site, "桥架盖板缺失")
        site.tell("lock \(file)")  // as a page of sync that is being written does
        let reported = Told<Result<HazardId, Error>>()
        let org = site.org
        Thread {
            reported.tell(
                Result { try phone.reportHazard(space: org, fields: hazardFields("电缆破皮")) })
        }.start()
        for _ in 0..<200 {
            XCTAssertEqual(try phone.listHazards(filter: ListFilter()).rows.count, 1)
            XCTAssertEqual(try phone.listHazards(filter: ListFilter(text: "盖板")).rows.count, 1)
            XCTAssertEqual(try phone.syncStatus().unsentChanges, 1)
        }
        XCTAssertEqual(reported.count, 0)
        site.tell("unlock")
        try reported.until {
            XCTAssertEqual(try phone.hazard(id: $0.get()).fields.description, "电缆破皮")
            return true
        }
    }

    func testThirtyTwoThreadsAtOnceLoseNothing() async throws {
        let zhao = try await site.phone("赵磊")
        let li = try await site.phone("李安")
        let org = site.org
        let failures = Told<String>()
        let threads = (0..<32).map { number in
            Thread {
                do {
                    for time in 0..<4 {
                        let id = try zhao.reportHazard(
                            space: org, fields: hazardFields("线程 \(number)-\(time)"))
                        _ = try zhao.actOnHazard(hazard: id, event: .commented(text: "备注"))
                        _ = try zhao.hazardActions(hazard: id)
                        _ = try zhao.listHazards(filter: ListFilter(), limit: 10)
                        if time % 2 == 0 { try syncAndWait(zhao) }
                    }
                    failures.tell("")
                } catch {
                    failures.tell("\(error)")
                }
            }
        }
        threads.forEach { $0.start() }
        for _ in threads {
            try failures.until {
                XCTAssertEqual($0, "")
                return true
            }
        }
        try await zhao.syncNow()
        try await li.syncNow()
        for phone in [zhao, li] {
            XCTAssertEqual(try phone.count(kind: .hazard, filter: ListFilter()), 128)
            let rows = try phone.listHazards(filter: ListFilter(), limit: 200).rows
            XCTAssertTrue(rows.allSatisfy { $0.events.count == 2 })
        }
        XCTAssertEqual(try zhao.syncStatus().unsentChanges, 0)
        XCTAssertTrue(try zhao.returned().isEmpty)
    }
}

/// A sync from a thread that waits for it.
private func syncAndWait(_ phone: Notebook) throws {
    let ended = Told<String>()
    Task {
        do {
            _ = try await phone.sync(budget: SyncBudget())
            ended.tell("")
        } catch {
            ended.tell("\(error)")
        }
    }
    try ended.until {
        XCTAssertEqual($0, "")
        return true
    }
}
