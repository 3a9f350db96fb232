import Vanguard
import XCTest

/// What two people do without knowing of each other, and what the relay refuses.
final class TwoPhonesTests: StoryCase {
    func testBothValuesOfAFieldAreKeptUntilSomebodyChooses() async throws {
        let zhao = try await site.phone("赵磊")
        let chen = try await site.phone("陈强")
        let li = try await site.phone("李安")
        let id = try zhao.report(site, "防护罩松动")
        try await zhao.syncNow()
        try await chen.syncNow()
        try zhao.edit(record: id, fields: ["place": "\"3号槽北侧\""])
        try chen.edit(record: id, fields: ["place": "\"3号槽南侧\""])
        for phone in [zhao, chen, li] { try await phone.syncNow() }

        let conflicted = try li.listHazards(filter: ListFilter(isConflicted: true)).rows
        XCTAssertEqual(conflicted.map(\.id), [id])
        let conflict = try XCTUnwrap(li.hazard(id: id).conflicts.first)
        XCTAssertEqual(conflict.field, "place")
        let said = Dictionary(
            uniqueKeysWithValues: conflict.values.map { ($0.value, $0.author?.member) })
        XCTAssertEqual(
            said, ["\"3号槽北侧\"": site.member("赵磊"), "\"3号槽南侧\"": site.member("陈强")])
        XCTAssertEqual(try li.hazard(id: id).syncState, .conflicted)
        XCTAssertTrue(try li.hazardActions(hazard: id).contains(.chooseField))
        XCTAssertFalse(try chen.hazardActions(hazard: id).contains(.chooseField))

        _ = try li.actOnHazard(
            hazard: id, event: .fieldChosen(field: "place", value: "\"3号槽北侧\""))
        for phone in [li, zhao, chen] {
            try await phone.syncNow()
            XCTAssertEqual(try phone.hazard(id: id).fields.place, "3号槽北侧")
            XCTAssertTrue(try phone.hazard(id: id).conflicts.isEmpty)
        }
    }

    func testADecisionThatCameSecondIsKeptMarkedAndShownToItsAuthor() async throws {
        let li = try await site.phone("李安")
        let zhou = try await site.phone("周敏")
        let id = try li.report(site, "吊具钢丝绳断丝")
        try await li.syncNow()
        try await zhou.syncNow()
        _ = try li.actOnHazard(hazard: id, event: .voided(reason: "重复上报"))
        _ = try zhou.actOnHazard(hazard: id, event: .voided(reason: "已并入另一隐患"))
        try await li.syncNow()
        try await zhou.syncNow()

        XCTAssertEqual(try zhou.listHazards(filter: ListFilter(isSuperseded: true)).rows.count, 1)
        let late = try zhou.hazard(id: id).events.filter { $0.superseded != nil }
        XCTAssertEqual(late.map(\.author.member), [site.member("周敏")])
        XCTAssertEqual(late.first?.superseded, .status)
        XCTAssertEqual(late.first?.unawareOf.count, 1)
        XCTAssertEqual(try zhou.hazard(id: id).state.status, .void)
    }

    func testWhatTheRelayRefusesComesBackWithItsReason() async throws {
        let chen = try await site.phone("陈强")
        site.tell("end 陈强")
        let id = try chen.report(site, "阳极导杆过热")
        XCTAssertEqual(try chen.syncStatus().unsentChanges, 1)
        XCTAssertNotNil(try chen.syncStatus().oldestUnsentMs)
        try await chen.syncNow()

        let item = try XCTUnwrap(chen.returned().first)
        XCTAssertEqual(item.record, id)
        XCTAssertEqual(item.refusal, .grantEnded)
        XCTAssertEqual(item.kind, .hazard)
        XCTAssertTrue(item.verb.contains("阳极导杆过热"))
        XCTAssertTrue(try chen.exportUnsent().contains("阳极导杆过热"))
        XCTAssertEqual(try chen.syncStatus().unsentChanges, 0)
        try chen.settleReturned(number: item.number)
        XCTAssertTrue(try chen.returned().isEmpty)
    }

    func testViolationsPostsAndReviewsGoRound() async throws {
        let zhao = try await site.phone("赵磊")
        let li = try await site.phone("李安")
        let wang = try await site.phone("王建国")
        let violation = try zhao.recordViolation(
            space: site.org,
            fields: ViolationFields(
                violationKind: .operationViolation, description: "未系安全带", place: "天车轨道",
                ruleBroken: "高处作业规程第六条"))
        let post = try wang.proposePost(
            space: site.org,
            fields: PostFields(
                name: "换极先锋岗", code: "XF-01", postKind: .vanguard,
                holders: [site.member("赵磊")]))
        _ = try wang.actOnPost(post: post, event: .named)
        for phone in [zhao, wang, li, zhao] { try await phone.syncNow() }

        XCTAssertTrue(try li.violationActions(violation: violation).contains(.confirm))
        XCTAssertFalse(try zhao.violationActions(violation: violation).contains(.confirm))
        _ = try li.actOnViolation(violation: violation, event: .confirmed(remark: ""))
        XCTAssertEqual(try li.violation(id: violation).state.status, .confirmed)

        XCTAssertEqual(try zhao.postActions(post: post), [.writeEntry])
        _ = try zhao.writePostEntry(
            post: post, entry: PostEntry(day: "2026-11-20", shift: .night, done: "换极十二组，无违章"))
        try await zhao.syncNow()
        try await wang.syncNow()
        XCTAssertEqual(try wang.post(id: post).state.unreviewed.count, 1)
        XCTAssertEqual(try wang.listPosts(filter: ListFilter(text: "换极十二")).rows.count, 1)
    }

    func testAChecklistsNextVersionAndAContractorsWorkerReachOtherPhones() async throws {
        let wang = try await site.phone("王建国")
        let zhao = try await site.phone("赵磊")
        let lamp = ChecklistItem(code: "lamp", text: "照明完好")
        let template = try wang.createTemplate(
            fields: TemplateFields(name: "夜班检查表", inspectionKind: .daily, org: site.org),
            items: [lamp])
        let items = [lamp, ChecklistItem(code: "rail", text: "护栏牢固")]
        _ = try wang.actOnTemplate(
            template: template, event: .published(version: 2, items: items))
        let worker = try wang.addPerson(fields: PersonFields(name: "刘洋", unit: site.unit))
        try await wang.syncNow()
        try await zhao.syncNow()
        XCTAssertEqual(try zhao.template(id: template).state.version, 2)
        XCTAssertEqual(try zhao.template(id: template).state.items, items)
        XCTAssertEqual(try zhao.person(id: worker).fields.name, "刘洋")
        XCTAssertThrowsError(try zhao.actOnTemplate(template: template, event: .retired)) {
            guard case VanguardError.Refused(.role, _) = $0 else { return XCTFail("\($0)") }
        }
    }
}
