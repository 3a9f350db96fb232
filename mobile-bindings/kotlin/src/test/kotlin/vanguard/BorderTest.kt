package vanguard

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.util.UUID

/** Every error, the words, and that nothing leaks. */
class BorderTest : StoryCase() {
    private inline fun <reified E : VanguardException> fails(crossinline call: () -> Unit): E =
        assertThrows(E::class.java) { call() }

    @Test
    fun `every error comes as what it is`() {
        val phone = site.phone("陈强")
        val id = phone.reportHazard(site.org, hazard("扶手松动"))
        val refused = fails<VanguardException.Refused> { phone.actOnHazard(id, graded()) }
        assertEquals(Refusal.ROLE, refused.refusal)
        assertFalse(HazardAction.GRADE_GENERAL in phone.hazardActions(id))
        fails<VanguardException.NotFound> { phone.hazard(UUID.randomUUID().toString()) }
        fails<VanguardException.Invalid> { phone.hazard("三号") }
        fails<VanguardException.Invalid> { readInvite("https://example.com") }
        fails<VanguardException.Invalid> { phone.edit(id, mapOf("place" to "{")) }
        fails<VanguardException.AlreadyEnrolled> {
            kotlinx.coroutines.runBlocking { phone.enrol(site.invite("陈强"), "手机") }
        }
        Notebook.open(site.newFile()).use { empty ->
            fails<VanguardException.NotEnrolled> { empty.reportHazard(site.org, hazard("无主")) }
            fails<VanguardException.NotEnrolled> { empty.syncNow() }
        }
        val newer = site.newFile()
        Notebook.open(newer).close()
        site.tell("newer $newer")
        fails<VanguardException.NeedsUpdate> { Notebook.open(newer) }
        fails<VanguardException.Storage> { Notebook.open("/no/such/folder/notebook.db") }
        phone.pause()
        fails<VanguardException.Paused> { phone.drafts() }
        phone.resume()
        site.tell("down")
        fails<VanguardException.Unreachable> { phone.syncNow() }
        site.tell("up")
        site.tell("revoke 陈强")
        val rejected = fails<VanguardException.Rejected> { phone.syncNow() }
        assertEquals("urn:vanguard:problem:device-revoked", rejected.reason)
    }

    @Test
    fun `values have their words in both languages`() {
        assertEquals("待复查", labelHazardStatus(HazardStatus.RECTIFIED, Language.CHINESE))
        assertEquals("To be verified", labelHazardStatus(HazardStatus.RECTIFIED, Language.ENGLISH))
        for (refusal in Refusal.entries) assertTrue(labelRefusal(refusal, Language.CHINESE).isNotBlank())
        assertEquals("查看人", catalogueText(Language.CHINESE, "role", "viewer"))
        assertEquals(null, catalogueText(Language.CHINESE, "role", "nobody"))
    }

    @Test
    fun `a draft keeps every answer and is refused while an abnormal one points at nothing`() {
        val phone = site.phone("赵磊")
        val id = phone.startInspection(site.org, site.zone, InspectionKind.NO_VIOLATION, Shift.NIGHT)
        phone.answer(id, ItemResult("guard", ItemOutcome.ABNORMAL))
        phone.noteDraft(id, DraftNotes(summary = "夜班巡检", coveredPeople = listOf("马强")))
        phone.pause()
        phone.resume()
        assertEquals("夜班巡检", phone.draft(id).fields.summary)
        val refused = fails<VanguardException.Refused> { phone.submitInspection(id) }
        assertEquals(Refusal.ABNORMAL_UNEXPLAINED, refused.refusal)
        phone.answer(id, ItemResult("guard", ItemOutcome.NORMAL))
        phone.submitInspection(id)
        assertTrue(phone.drafts().isEmpty())
        assertEquals(listOf("马强"), phone.inspection(id).fields.coveredPeople)
        assertEquals(1UL, phone.storageUse().records)
    }

    @Test
    fun `nothing is left after ten thousand calls`() {
        val phone = site.phone("赵磊")
        val id = phone.reportHazard(site.org, hazard("管道渗漏"))
        assertComesTo(1UL) // what other tests had is gone
        val listener = object : ChangeListener {
            override fun onChanged() = Unit
        }
        repeat(2_500) {
            phone.hazard(id)
            phone.listHazards(ListFilter(), limit = 5u)
            CancelHandle().use { handle -> handle.cancel() }
            phone.observe(Watched.Status, listener).use { task -> task.cancel() }
        }
        assertComesTo(1UL)
        phone.close()
        assertComesTo(0UL)
    }

    /** Tasks that were ended let go of the notebook when they next run. */
    private fun assertComesTo(count: ULong) {
        val end = System.nanoTime() + PATIENCE_SECONDS * 1_000_000_000
        while (liveObjects() != count && System.nanoTime() < end) Thread.onSpinWait()
        assertEquals(count, liveObjects())
    }
}
