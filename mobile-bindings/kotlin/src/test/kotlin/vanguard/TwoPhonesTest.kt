package vanguard

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** What two people do without knowing of each other, and what the relay refuses. */
class TwoPhonesTest : StoryCase() {
    @Test
    fun `both values of a field are kept, with who wrote them, until somebody chooses`() {
        val (zhao, chen, li) = listOf("赵磊", "陈强", "李安").map { site.phone(it) }
        val id = zhao.reportHazard(site.org, hazard("防护罩松动"))
        zhao.syncNow()
        chen.syncNow()
        zhao.edit(id, mapOf("place" to "\"3号槽北侧\""))
        chen.edit(id, mapOf("place" to "\"3号槽南侧\""))
        zhao.syncNow()
        chen.syncNow()
        li.syncNow()

        assertEquals(listOf(id), li.listHazards(ListFilter(isConflicted = true)).rows.map { it.id })
        val conflict = li.hazard(id).conflicts.single()
        assertEquals("place", conflict.field)
        assertEquals(
            setOf("\"3号槽北侧\"" to site.member("赵磊"), "\"3号槽南侧\"" to site.member("陈强")),
            conflict.values.map { it.value to it.author?.member }.toSet(),
        )
        assertEquals(SyncState.CONFLICTED, li.hazard(id).syncState)
        assertTrue(HazardAction.CHOOSE_FIELD in li.hazardActions(id))
        assertTrue(HazardAction.CHOOSE_FIELD !in chen.hazardActions(id))

        li.actOnHazard(id, HazardEvent.FieldChosen("place", "\"3号槽北侧\""))
        listOf(li, zhao, chen).forEach { it.syncNow() }
        for (phone in listOf(li, zhao, chen)) {
            assertEquals("3号槽北侧", phone.hazard(id).fields.place)
            assertTrue(phone.hazard(id).conflicts.isEmpty())
        }
    }

    @Test
    fun `a decision that came second is kept, marked, and shown to its author`() {
        val (li, zhou) = listOf("李安", "周敏").map { site.phone(it) }
        val id = li.reportHazard(site.org, hazard("吊具钢丝绳断丝"))
        li.syncNow()
        zhou.syncNow()
        li.actOnHazard(id, HazardEvent.Voided("重复上报"))
        zhou.actOnHazard(id, HazardEvent.Voided("已并入另一隐患"))
        li.syncNow()
        zhou.syncNow()

        assertEquals(1, zhou.listHazards(ListFilter(isSuperseded = true)).rows.size)
        val late = zhou.hazard(id).events.single { it.superseded != null }
        assertEquals(site.member("周敏"), late.author.member)
        assertEquals(Refusal.STATUS, late.superseded)
        assertEquals(1, late.unawareOf.size)
        assertEquals(HazardStatus.VOID, zhou.hazard(id).state.status)
    }

    @Test
    fun `what the relay refuses comes back with its reason and all that was typed`() {
        val chen = site.phone("陈强")
        site.tell("end 陈强")
        val id = chen.reportHazard(site.org, hazard("阳极导杆过热"))
        assertEquals(1UL, chen.syncStatus().unsentChanges)
        assertNotNull(chen.syncStatus().oldestUnsentMs)
        chen.syncNow()

        val item = chen.returned().single()
        assertEquals(id, item.record)
        assertEquals(Refusal.GRANT_ENDED, item.refusal)
        assertEquals(DocumentKind.HAZARD, item.kind)
        assertTrue("阳极导杆过热" in item.verb)
        assertTrue("阳极导杆过热" in chen.exportUnsent())
        assertEquals(SyncStatus(0UL, 0UL, 0UL, null, chen.syncStatus().lastSyncMs, 1UL), chen.syncStatus())
        chen.settleReturned(item.number)
        assertTrue(chen.returned().isEmpty())
    }

    @Test
    fun `violations, posts and reviews go round`() {
        val (zhao, li, wang) = listOf("赵磊", "李安", "王建国").map { site.phone(it) }
        val violation = zhao.recordViolation(
            site.org,
            ViolationFields(ViolationKind.OPERATION_VIOLATION, "未系安全带", "天车轨道", "高处作业规程第六条"),
        )
        val post = wang.proposePost(
            site.org,
            PostFields("换极先锋岗", "XF-01", PostKind.VANGUARD, holders = listOf(site.member("赵磊"))),
        )
        wang.actOnPost(post, PostEvent.Named)
        listOf(zhao, wang, li, zhao).forEach { it.syncNow() }

        assertTrue(ViolationAction.CONFIRM in li.violationActions(violation))
        assertTrue(ViolationAction.CONFIRM !in zhao.violationActions(violation))
        li.actOnViolation(violation, ViolationEvent.Confirmed(""))
        assertEquals(ViolationStatus.CONFIRMED, li.violation(violation).state.status)

        assertEquals(listOf(PostAction.WRITE_ENTRY), zhao.postActions(post))
        zhao.writePostEntry(post, PostEntry("2026-11-20", Shift.NIGHT, done = "换极十二组，无违章"))
        zhao.syncNow()
        wang.syncNow()
        assertEquals(1, wang.post(post).state.unreviewed.size)
        assertEquals(1, wang.listPosts(ListFilter(text = "换极十二")).rows.size)
    }

    @Test
    fun `a checklist's next version and a contractor's worker reach other phones`() {
        val (wang, zhao) = listOf("王建国", "赵磊").map { site.phone(it) }
        val template = wang.createTemplate(
            TemplateFields("夜班检查表", InspectionKind.DAILY, site.org),
            listOf(ChecklistItem("lamp", "照明完好")),
        )
        val items = listOf(ChecklistItem("lamp", "照明完好"), ChecklistItem("rail", "护栏牢固"))
        wang.actOnTemplate(template, TemplateEvent.Published(2u, items))
        val worker = wang.addPerson(PersonFields("刘洋", site.unit))
        wang.syncNow()
        zhao.syncNow()
        assertEquals(2u, zhao.template(template).state.version)
        assertEquals(items, zhao.template(template).state.items)
        assertEquals("刘洋", zhao.person(worker).fields.name)
        val refused = assertThrows(VanguardException.Refused::class.java) {
            zhao.actOnTemplate(template, TemplateEvent.Retired)
        }
        assertEquals(Refusal.ROLE, refused.refusal)
    }
}
