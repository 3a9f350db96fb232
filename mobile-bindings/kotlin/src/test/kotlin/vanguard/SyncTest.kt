package vanguard

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.Executors

/** Budgets, cancelling, pausing, following. */
class SyncTest : StoryCase() {
    private fun assertInterrupted(outcome: SyncOutcome, remaining: ULong) {
        assertTrue(outcome is SyncOutcome.Interrupted, "$outcome")
        assertEquals(remaining, (outcome as SyncOutcome.Interrupted).remaining)
    }

    @Test
    fun `a sync ends by its handle, by its budget, by a pause, and by its coroutine`() {
        val phone = site.phone("赵磊")
        site.tell("hush")
        phone.reportHazard(site.org, hazard("电缆沟盖板缺失"))
        runBlocking(Dispatchers.IO) {
            CancelHandle().use { handle ->
                val sync = async { phone.sync(SyncBudget(), handle) }
                site.tell("heard")
                handle.cancel()
                assertInterrupted(sync.await(), 1UL)
            }
            val paused = async { phone.sync(SyncBudget()) }
            site.tell("heard")
            phone.pause()
            assertInterrupted(paused.await(), 0UL) // the file is closed: nobody knows
            phone.resume()

            val dropped = async { phone.sync(SyncBudget()) }
            site.tell("heard")
            dropped.cancelAndJoin()
            assertInterrupted(phone.sync(SyncBudget(timeMs = 50u)), 1UL)
        }
        site.tell("up")
        assertTrue(phone.syncNow() is SyncOutcome.UpToDate)
        assertEquals(0UL, phone.syncStatus().unsentChanges)
    }

    @Test
    fun `calls at the same time share one sync, and each leaves it alone`() {
        val phone = site.phone("赵磊")
        site.tell("hush")
        runBlocking(Dispatchers.IO) {
            val handles = List(8) { CancelHandle() }
            val first = async { phone.sync(SyncBudget(), handles[0]) }
            site.tell("heard")
            val others = handles.drop(1).map { async { phone.sync(SyncBudget(), it) } }
            handles.drop(1).forEach { it.cancel() }
            others.forEach { assertInterrupted(it.await(), 0UL) }
            assertTrue(first.isActive)
            handles[0].cancel()
            assertInterrupted(first.await(), 0UL)
            handles.forEach { it.close() }
        }
    }

    @Test
    fun `progress says what went up and what came down`() {
        val (zhao, li) = listOf("赵磊", "李安").map { site.phone(it) }
        repeat(5) { zhao.reportHazard(site.org, hazard("隐患 $it")) }
        val told = Told<SyncProgress>()
        val observer = object : SyncObserver {
            override fun onProgress(progress: SyncProgress) = told.tell(progress)
        }
        val outcome = runBlocking { zhao.sync(SyncBudget(), null, observer) } as SyncOutcome.UpToDate
        assertEquals(5UL, outcome.done.acknowledged)
        assertTrue(outcome.done.bytesUp > 1_000UL)
        assertEquals(outcome.done, told.until { it == outcome.done })
        assertEquals(5UL, (li.syncNow() as SyncOutcome.UpToDate).done.taken)
    }

    @Test
    fun `a paused notebook holds no file, answers Paused, and is whole afterwards`() {
        val file = site.newFile()
        val phone = site.phone("赵磊", file)
        val id = phone.reportHazard(site.org, hazard("照明损坏"))
        phone.pause()
        if (Files.isDirectory(Path.of("/proc/self/fd"))) {
            val open = Files.list(Path.of("/proc/self/fd")).use { fds ->
                fds.map { runCatching { Files.readSymbolicLink(it).toString() }.getOrDefault("") }.toList()
            }
            assertTrue(open.none { it.startsWith(file) }, "$open")
        }
        assertThrows(VanguardException.Paused::class.java) { phone.hazard(id) }
        phone.resume()
        phone.resume()
        assertEquals("照明损坏", phone.hazard(id).fields.description)
        phone.syncNow()
        assertEquals(SyncState.ACKNOWLEDGED, phone.hazard(id).syncState)
    }

    @Test
    fun `a screen is told of what it shows and of nothing else`() {
        val phone = site.phone("李安")
        val open = Told<Unit>()
        val closed = Told<Unit>()
        fun listener(told: Told<Unit>) = object : ChangeListener {
            override fun onChanged() = told.tell(Unit)
        }
        val watching = phone.observe(
            Watched.List(DocumentKind.HAZARD, ListFilter(isOpen = true), 50u), listener(open),
        )
        var calls = 0
        val others = phone.observe(
            Watched.List(DocumentKind.TEAM, ListFilter(), 50u),
            object : ChangeListener {
                override fun onChanged() {
                    calls++
                }
            },
        )
        val id = phone.reportHazard(site.org, hazard("积油"))
        open.until { true }
        phone.actOnHazard(id, HazardEvent.Voided("误报"))
        open.until { true }
        watching.cancel()
        val again = phone.observe(Watched.Record(id), listener(closed))
        phone.actOnHazard(id, HazardEvent.Commented("已清理"))
        closed.until { true }
        assertEquals(0, calls)
        listOf(watching, others, again).forEach { it.close() }
    }

    @Test
    fun `the live mode brings news, sends at once, and comes back by itself`() {
        val (zhao, li) = listOf("赵磊", "李安").map { site.phone(it) }
        val states = Told<LiveState>()
        val following = zhao.follow(object : LiveObserver {
            override fun onState(state: LiveState) = states.tell(state)
        })
        states.until { it == LiveState.Live }
        val news = Told<Unit>()
        val watching = zhao.observe(
            Watched.List(DocumentKind.HAZARD, ListFilter(), 50u),
            object : ChangeListener {
                override fun onChanged() = news.tell(Unit)
            },
        )
        li.reportHazard(site.org, hazard("来自李安"))
        li.syncNow()
        news.until { zhao.listHazards(ListFilter(text = "来自李安")).rows.isNotEmpty() }

        val mine = zhao.reportHazard(site.org, hazard("来自赵磊"))
        news.until { zhao.hazard(mine).syncState == SyncState.ACKNOWLEDGED }

        site.tell("down")
        states.until { it is LiveState.Waiting }
        val offline = zhao.reportHazard(site.org, hazard("断网时"))
        site.tell("up")
        states.until { it == LiveState.Live }
        news.until { zhao.hazard(offline).syncState == SyncState.ACKNOWLEDGED }
        zhao.networkChanged()
        states.until { it == LiveState.Connecting }
        states.until { it == LiveState.Live }

        zhao.pause()
        states.until { it == LiveState.Paused }
        zhao.resume()
        states.until { it == LiveState.Live }

        site.tell("revoke 赵磊")
        zhao.reportHazard(site.org, hazard("停用之后"))
        states.until { it is LiveState.Ended }
        following.close()
        watching.close()
    }

    @Test
    fun `lists and searches answer while a verb waits for the file`() {
        val file = site.newFile()
        val phone = site.phone("赵磊", file)
        phone.reportHazard(site.org, hazard("桥架盖板缺失"))
        site.tell("lock $file") // as a page of sync that is being written does
        val verb = Executors.newSingleThreadExecutor()
        val reported = verb.submit<HazardId> { phone.reportHazard(site.org, hazard("电缆破皮")) }
        repeat(200) {
            assertEquals(1, phone.listHazards(ListFilter()).rows.size)
            assertEquals(1, phone.listHazards(ListFilter(text = "盖板")).rows.size)
            assertEquals(1UL, phone.syncStatus().unsentChanges)
        }
        assertFalse(reported.isDone)
        site.tell("unlock")
        assertEquals("电缆破皮", phone.hazard(reported.get()).fields.description)
        verb.shutdown()
    }

    @Test
    fun `thirty-two threads at once lose nothing`() {
        val (zhao, li) = listOf("赵磊", "李安").map { site.phone(it) }
        val threads = Executors.newFixedThreadPool(32)
        val work = (0 until 32).map { number ->
            threads.submit {
                repeat(4) { time ->
                    val id = zhao.reportHazard(site.org, hazard("线程 $number-$time"))
                    zhao.actOnHazard(id, HazardEvent.Commented("备注"))
                    zhao.hazardActions(id)
                    zhao.listHazards(ListFilter(), limit = 10u)
                    if (time % 2 == 0) runBlocking { zhao.sync(SyncBudget()) }
                }
            }
        }
        work.forEach { it.get() }
        threads.shutdown()
        zhao.syncNow()
        li.syncNow()
        for (phone in listOf(zhao, li)) {
            assertEquals(128UL, phone.count(DocumentKind.HAZARD, ListFilter()))
            assertTrue(phone.listHazards(ListFilter(), limit = 200u).rows.all { it.events.size == 2 })
        }
        assertEquals(0UL, zhao.syncStatus().unsentChanges)
        assertTrue(zhao.returned().isEmpty())
    }
}
