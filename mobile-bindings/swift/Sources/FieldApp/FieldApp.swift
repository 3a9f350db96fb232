import Foundation
import Vanguard

/// The reference app: a whole shift on a terminal, one command a line. It shows every habit that a
/// real app needs: it offers only what the rules accept, saves after every answer, says what is
/// unsent, and never treats a missing network as a failure.
public actor FieldApp {
    private let notebook: Notebook
    private let language: Language
    private let say: @Sendable (String) -> Void
    private var zones: [ZoneRecord] = []
    private var hazards: [HazardRecord] = []
    private var round: InspectionDraft?
    private var photos: [Photo] = []

    public init(notebook: Notebook, language: Language, say: @escaping @Sendable (String) -> Void) {
        self.notebook = notebook
        self.language = language
        self.say = say
    }

    /// Does one command; what cannot be done is said, and nothing is lost.
    public func obey(_ line: String) async {
        let words = line.split(separator: " ", maxSplits: 2).map(String.init) + ["", "", ""]
        let (command, object, text) = (words[0], words[1], words[2])
        do {
            switch command {
            case "enrol": try await enrol(object)
            case "sync": try await sync()
            case "status": try status()
            case "zones": try showZones()
            case "inspect": try of(zones, object, inspect)
            case "ok": try answer(object, .normal, nil)
            case "photo": try photo(object)
            case "bad": try answer(object, .abnormal, text)
            case "submit": try submit()
            case "hazards": try showHazards()
            case "show": try of(hazards, object, show)
            case "look": try await look(chosen(hazards, object))
            case "grade", "assign", "rectify", "verify", "close":
                try of(hazards, object) { try act($0, command, text) }
            default: say("\(word("unknown")) \(line)")
            }
        } catch VanguardError.Refused(let refusal, _) {
            say("\(word("refused")) \((try? labelRefusal(value: refusal, language: language)) ?? "")")
        } catch VanguardError.Unreachable {
            say(word("offline"))
        } catch {
            say("\(word("failed")) \(error)")
        }
    }

    /// Does something with what stands at this number of the list that was shown last.
    private func of<T>(_ shown: [T], _ number: String, _ work: (T) throws -> Void) throws {
        if let thing = chosen(shown, number) { try work(thing) }
    }

    private func chosen<T>(_ shown: [T], _ number: String) -> T? {
        guard let at = Int(number), shown.indices.contains(at - 1) else {
            say(word("nothing"))
            return nil
        }
        return shown[at - 1]
    }

    private func enrol(_ invite: String) async throws {
        let digits = try await notebook.enrol(invite: invite, deviceName: "终端")
        say(digits.map { "\(word("compare")) \($0)" } ?? word("enrolled"))
    }

    private func sync() async throws {
        switch try await notebook.sync(budget: SyncBudget(timeMs: 25_000)) {
        case .upToDate: say(word("synced"))
        case .interrupted(let remaining, _): say("\(word("interrupted")) \(remaining)")
        }
    }

    private func status() throws {
        say("\(word("unsent")) \(try notebook.syncStatus().unsentChanges)")
        for item in try notebook.returned() {
            let reason = try item.refusal.map { try labelRefusal(value: $0, language: language) }
            say("\(word("returned")) \(reason ?? item.reason)")
        }
    }

    private func showZones() throws {
        zones = try notebook.listZones(filter: ListFilter()).rows
        say("\(word("zones")):")
        for (at, zone) in zones.enumerated() {
            let kind = try labelZoneKind(value: zone.fields.zoneKind, language: language)
            say("\(at + 1). \(zone.fields.name) (\(kind))")
        }
    }

    private func inspect(_ zone: ZoneRecord) throws {
        let id = try notebook.startInspection(
            space: zone.space, zone: zone.id, kind: .daily, shift: .day)
        if let templateId = zone.fields.template {
            let template = try notebook.template(id: templateId)
            try notebook.noteDraft(
                inspection: id,
                notes: DraftNotes(template: templateId, templateVersion: template.state.version))
            for item in template.state.items { say("  \(item.code): \(item.text)") }
        }
        round = try notebook.draft(inspection: id)
        say("\(word("round")) \(zone.fields.name)")
    }

    /// A photo is on disk before it is said so, and goes with the hazard that is reported next.
    private func photo(_ file: String) throws {
        try notebook.roomForPhoto()
        let context = PhotoContext(zone: round?.fields.zone)
        let photo = try notebook.takePhotoFromFile(path: file, context: context)
        photos.append(photo)
        say("\(word("photo")) \(photo.widthPx)×\(photo.heightPx)")
    }

    /// Fetches what is not on this phone yet, because somebody waits for it.
    private func look(_ hazard: HazardRecord?) async throws {
        for photo in hazard?.fields.photos ?? [] {
            _ = try await notebook.fetchPhoto(hash: photo.hash)
            say("\(word("photo_here")) \(photo.widthPx)×\(photo.heightPx)")
        }
    }

    /// An abnormal answer reports its hazard first, and points at it.
    private func answer(_ code: String, _ outcome: ItemOutcome, _ seen: String?) throws {
        guard let draft = round else { return say(word("nothing")) }
        var hazard: HazardId?
        if let seen {
            let fields = HazardFields(
                description: seen, nature: .unsafeCondition, zone: draft.fields.zone, item: code,
                inspection: draft.id, photos: photos)
            photos = []
            hazard = try notebook.reportHazard(space: draft.space, fields: fields)
            say("\(word("reported")) \(seen)")
        }
        let result = ItemResult(code: code, outcome: outcome, remark: seen ?? "", hazard: hazard)
        try notebook.answer(inspection: draft.id, answer: result)
        say("\(word("saved")) \(code) \(try labelItemOutcome(value: outcome, language: language))")
    }

    private func submit() throws {
        guard let draft = round else { return say(word("nothing")) }
        try notebook.submitInspection(inspection: draft.id)
        round = nil
        say(word("submitted"))
    }

    private func showHazards() throws {
        hazards = try notebook.listHazards(filter: ListFilter()).rows
        if hazards.isEmpty { say(word("nothing")) }
        for (at, hazard) in hazards.enumerated() {
            let status = try labelHazardStatus(value: hazard.state.status, language: language)
            let sync = try labelSyncState(value: hazard.syncState, language: language)
            say("\(at + 1). \(hazard.fields.description) · \(status) · \(sync)")
        }
    }

    private func show(_ hazard: HazardRecord) throws {
        say(hazard.fields.description)
        for entry in hazard.events {
            let name = try notebook.member(id: entry.author.member).fields.name
            let role = try labelRole(value: entry.author.role, language: language)
            let event = try labelHazardEvent(event: entry.event, language: language)
            say("  \(event) · \(name) (\(role))")
        }
        let actions = try notebook.hazardActions(hazard: hazard.id)
        let words = try actions.map { try labelHazardAction(value: $0, language: language) }
        say("\(word("may")) \(words.joined(separator: "、"))")
    }

    private func act(_ hazard: HazardRecord, _ command: String, _ text: String) throws {
        let (event, action): (HazardEvent, HazardAction) =
            switch command {
            case "grade":
                (
                    .graded(
                        grade: .general, nature: hazard.fields.nature, reason: text, criterion: nil),
                    .gradeGeneral
                )
            case "assign": (try assignment(text), .assign)
            case "rectify": (.rectified(Rectification(what: text)), .rectify)
            case "verify": (.verified(conclusion: text, assessment: nil), .verify)
            default: (.closedOut, .closeOut)
            }
        _ = try notebook.actOnHazard(hazard: hazard.id, event: event)
        say("\(word("done")) \(try labelHazardAction(value: action, language: language))")
    }

    /// To the member of this number, within a week.
    private func assignment(_ number: String) throws -> HazardEvent {
        let members = try notebook.listMembers(filter: ListFilter(code: number)).rows
        let units = try notebook.listUnits(filter: ListFilter()).rows
        guard let member = members.first, let unit = member.fields.unit ?? units.first?.id else {
            throw VanguardError.NotFound(reason: number)
        }
        let week = 7.0 * 24 * 3_600
        return .assigned(
            Assignment(
                unit: unit,
                person: .member(member.id),
                mode: .deadline,
                deadlineMs: Int64((Date().timeIntervalSince1970 + week) * 1_000)))
    }

    private func word(_ name: String) -> String {
        let found = try? catalogueText(language: language, group: "field_app", name: name)
        return (found ?? nil) ?? name
    }
}
