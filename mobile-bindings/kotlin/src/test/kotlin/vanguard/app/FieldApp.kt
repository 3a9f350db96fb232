package vanguard.app

import kotlinx.coroutines.runBlocking
import vanguard.*

/**
 * The reference app: a whole shift on a terminal, one command a line. It shows every habit that a
 * real app needs: it offers only what the rules accept, saves after every answer, says what is
 * unsent, and never treats a missing network as a failure.
 */
class FieldApp(
    private val notebook: Notebook,
    private val language: Language,
    private val say: (String) -> Unit,
) {
    private var zones = listOf<ZoneRecord>()
    private var hazards = listOf<HazardRecord>()
    private var round: InspectionDraft? = null
    private var photos = listOf<Photo>()

    /** Does one command; what cannot be done is said, and nothing is lost. */
    suspend fun obey(line: String) {
        val (command, object_, text) = (line.trim().split(" ", limit = 3) + listOf("", "")).take(3)
        try {
            when (command) {
                "enrol" -> enrol(object_)
                "sync" -> sync()
                "status" -> status()
                "zones" -> showZones()
                "inspect" -> of(zones, object_, ::inspect)
                "ok" -> answer(object_, ItemOutcome.NORMAL, null)
                "photo" -> photo(object_)
                "bad" -> answer(object_, ItemOutcome.ABNORMAL, text)
                "submit" -> submit()
                "hazards" -> showHazards()
                "show" -> of(hazards, object_, ::show)
                "look" -> of(hazards, object_) { look(it) }
                "grade", "assign", "rectify", "verify", "close" ->
                    of(hazards, object_) { act(it, command, text) }
                else -> say("${word("unknown")} $line")
            }
        } catch (refused: VanguardException.Refused) {
            say("${word("refused")} ${labelRefusal(refused.refusal, language)}")
        } catch (offline: VanguardException.Unreachable) {
            say(word("offline"))
        } catch (failed: VanguardException) {
            say("${word("failed")} $failed")
        }
    }

    /** Does something with what stands at this number of the list that was shown last. */
    private inline fun <T> of(shown: List<T>, number: String, work: (T) -> Unit) {
        val chosen = shown.getOrNull((number.toIntOrNull() ?: 0) - 1)
        if (chosen == null) say(word("nothing")) else work(chosen)
    }

    private suspend fun enrol(invite: String) {
        val digits = notebook.enrol(invite, "终端")
        say(if (digits == null) word("enrolled") else "${word("compare")} $digits")
    }

    private suspend fun sync() {
        when (val outcome = notebook.sync(SyncBudget(timeMs = 25_000u))) {
            is SyncOutcome.UpToDate -> say(word("synced"))
            is SyncOutcome.Interrupted -> say("${word("interrupted")} ${outcome.remaining}")
        }
    }

    private fun status() {
        val status = notebook.syncStatus()
        say("${word("unsent")} ${status.unsentChanges}")
        notebook.returned().forEach { item ->
            val reason = item.refusal?.let { labelRefusal(it, language) } ?: item.reason
            say("${word("returned")} $reason")
        }
    }

    private fun showZones() {
        zones = notebook.listZones(ListFilter()).rows
        say("${word("zones")}:")
        zones.forEachIndexed { at, zone ->
            say("${at + 1}. ${zone.fields.name} (${labelZoneKind(zone.fields.zoneKind, language)})")
        }
    }

    private fun inspect(zone: ZoneRecord) {
        val id = notebook.startInspection(zone.space, zone.id, InspectionKind.DAILY, Shift.DAY)
        zone.fields.template?.let { id_ ->
            val template = notebook.template(id_)
            notebook.noteDraft(id, DraftNotes(template = id_, templateVersion = template.state.version))
            template.state.items.forEach { say("  ${it.code}: ${it.text}") }
        }
        round = notebook.draft(id)
        say("${word("round")} ${zone.fields.name}")
    }

    /** A photo is on disk before it is said so, and goes with the hazard that is reported next. */
    private fun photo(file: String) {
        notebook.roomForPhoto()
        val photo = notebook.takePhotoFromFile(file, PhotoContext(zone = round?.fields?.zone))
        photos += photo
        say("${word("photo")} ${photo.widthPx}×${photo.heightPx}")
    }

    /** Fetches what is not on this phone yet, because somebody waits for it. */
    private suspend fun look(hazard: HazardRecord) {
        for (photo in hazard.fields.photos) {
            notebook.fetchPhoto(photo.hash)
            say("${word("photo_here")} ${photo.widthPx}×${photo.heightPx}")
        }
    }

    /** An abnormal answer reports its hazard first, and points at it. */
    private fun answer(code: String, outcome: ItemOutcome, seen: String?) {
        val draft = round ?: return say(word("nothing"))
        val hazard = seen?.let {
            val fields = HazardFields(
                it, HazardNature.UNSAFE_CONDITION,
                zone = draft.fields.zone, item = code, inspection = draft.id, photos = photos,
            )
            photos = listOf()
            notebook.reportHazard(draft.space, fields).also { _ -> say("${word("reported")} $seen") }
        }
        notebook.answer(draft.id, ItemResult(code, outcome, remark = seen ?: "", hazard = hazard))
        say("${word("saved")} $code ${labelItemOutcome(outcome, language)}")
    }

    private fun submit() {
        val draft = round ?: return say(word("nothing"))
        notebook.submitInspection(draft.id)
        round = null
        say(word("submitted"))
    }

    private fun showHazards() {
        hazards = notebook.listHazards(ListFilter()).rows
        if (hazards.isEmpty()) say(word("nothing"))
        hazards.forEachIndexed { at, hazard ->
            val status = labelHazardStatus(hazard.state.status, language)
            val sync = labelSyncState(hazard.syncState, language)
            say("${at + 1}. ${hazard.fields.description} · $status · $sync")
        }
    }

    private fun show(hazard: HazardRecord) {
        say(hazard.fields.description)
        hazard.events.forEach { entry ->
            val name = notebook.member(entry.author.member).fields.name
            val role = labelRole(entry.author.role, language)
            say("  ${labelHazardEvent(entry.event, language)} · $name ($role)")
        }
        val actions = notebook.hazardActions(hazard.id)
        say("${word("may")} ${actions.joinToString("、") { labelHazardAction(it, language) }}")
    }

    private fun act(hazard: HazardRecord, command: String, text: String) {
        val (event, action) = when (command) {
            "grade" -> HazardEvent.Graded(
                HazardGrade.GENERAL, hazard.fields.nature, text, null,
            ) to HazardAction.GRADE_GENERAL
            "assign" -> assignment(text) to HazardAction.ASSIGN
            "rectify" -> HazardEvent.Rectified(Rectification(text)) to HazardAction.RECTIFY
            "verify" -> HazardEvent.Verified(text, null) to HazardAction.VERIFY
            else -> HazardEvent.ClosedOut to HazardAction.CLOSE_OUT
        }
        notebook.actOnHazard(hazard.id, event)
        say("${word("done")} ${labelHazardAction(action, language)}")
    }

    /** To the member of this number, within a week. */
    private fun assignment(number: String): HazardEvent {
        val member = notebook.listMembers(ListFilter(code = number)).rows.firstOrNull()
            ?: throw VanguardException.NotFound(number)
        val week = 7L * 24 * 3_600_000
        return HazardEvent.Assigned(
            Assignment(
                unit = member.fields.unit ?: notebook.listUnits(ListFilter()).rows.first().id,
                person = Party.Member(member.id),
                mode = RectificationMode.DEADLINE,
                deadlineMs = System.currentTimeMillis() + week,
            ),
        )
    }

    private fun word(name: String) = catalogueText(language, "field_app", name) ?: name
}

/** `FieldApp NOTEBOOK [en]`: commands come from standard input. */
fun main(arguments: Array<String>) = runBlocking {
    val language = if (arguments.getOrNull(1) == "en") Language.ENGLISH else Language.CHINESE
    Notebook.open(arguments[0]).use { notebook ->
        val app = FieldApp(notebook, language, ::println)
        generateSequence(::readLine).forEach { app.obey(it) }
    }
}
