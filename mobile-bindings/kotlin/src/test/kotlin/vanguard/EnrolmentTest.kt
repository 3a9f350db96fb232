package vanguard

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.util.concurrent.CountDownLatch

/** The six digits that a supervisor compares, and keys that lie in a key store. */
class EnrolmentTest : StoryCase() {
    private fun states(phone: Notebook): Pair<Told<LiveState>, TaskHandle> {
        val told = Told<LiveState>()
        return told to phone.follow(object : LiveObserver {
            override fun onState(state: LiveState) = told.tell(state)
        })
    }

    @Test
    fun `a phone waits until its six digits are compared, and then goes on by itself`() {
        site.tell("strict")
        val file = site.newFile()
        val digits = Notebook.open(file).use { phone ->
            val digits = runBlocking { phone.enrol(site.invite("赵磊"), "手机") }
            assertTrue(digits!!.matches(Regex("[0-9]{6}")), digits)
            assertThrows(VanguardException.Unconfirmed::class.java) { phone.syncNow() }
            phone.startInspection(site.org, site.zone, InspectionKind.DAILY, Shift.DAY)
            digits
        }
        Notebook.open(file).use { phone ->
            assertEquals(digits, phone.confirmationCode()) // it was closed while it waited
            assertEquals(1, phone.drafts().size)
            val (states, following) = states(phone)
            states.until { it is LiveState.Waiting }
            site.tell("confirm $digits")
            phone.networkChanged()
            states.until { it == LiveState.Live }
            assertNull(phone.confirmationCode())
            assertEquals("赵磊", phone.member(site.member("赵磊")).fields.name)
            following.close()
        }
    }

    @Test
    fun `a key of a key store signs all that the device sends, and never leaves it`() {
        val keys = JvmKeyStore(folder)
        val file = site.newFile()
        val phone = site.phone("赵磊", file, keys)
        val id = phone.reportHazard(site.org, hazard("冷却水管渗漏"))
        phone.syncNow()
        assertEquals(SyncState.ACKNOWLEDGED, phone.hazard(id).syncState)
        assertTrue(keys.asked >= 2) // for the enrolment, and for the batch

        // Without its key store the notebook is whole and sends nothing.
        phone.pause()
        Notebook.open(file).use { keyless ->
            keyless.actOnHazard(id, HazardEvent.Commented("仍在渗漏"))
            val unsigned = unsigned { keyless.syncNow() }
            assertEquals(SigningFailure.LOST, unsigned)
        }
        phone.resume()
        phone.syncNow()
        assertEquals(0UL, phone.syncStatus().unsentChanges)
    }

    @Test
    fun `what a key store refuses is said, and nothing is lost`() {
        val keys = JvmKeyStore(folder)
        val phone = site.phone("赵磊", keyStore = keys)
        val id = phone.reportHazard(site.org, hazard("行车轨道变形"))
        for ((thrown, expected) in listOf(
            KeyStoreException.Cancelled("用户取消") to SigningFailure.CANCELLED,
            KeyStoreException.Locked("屏幕已锁定") to SigningFailure.LOCKED,
            KeyStoreException.Lost("指纹已更改") to SigningFailure.LOST,
            KeyStoreException.Failed("硬件忙") to SigningFailure.FAILED,
            IllegalStateException("出错") to SigningFailure.FAILED,
        )) {
            keys.refusal = thrown
            assertEquals(expected, unsigned { phone.syncNow() })
            assertEquals(SyncState.LOCAL_ONLY, phone.hazard(id).syncState)
        }
        keys.refusal = KeyStoreException.Locked("屏幕已锁定")
        val (states, following) = states(phone)
        states.until { it is LiveState.Waiting }
        keys.refusal = null
        phone.networkChanged()
        states.until { it == LiveState.Live }
        following.close()
        assertEquals(SyncState.ACKNOWLEDGED, phone.hazard(id).syncState)

        SigningKey.generate().use { other -> // of another phone
            keys.signer = other::sign
            phone.actOnHazard(id, HazardEvent.Commented("已设警戒"))
            assertEquals(SigningFailure.LOST, unsigned { phone.syncNow() })
            keys.signer = null
        }
        assertTrue(phone.syncNow() is SyncOutcome.UpToDate)
    }

    @Test
    fun `a sync waits for a person no longer than its budget, and lists do not wait at all`() {
        val keys = JvmKeyStore(folder)
        val phone = site.phone("赵磊", keyStore = keys)
        val id = phone.reportHazard(site.org, hazard("防爆灯破损"))
        val touched = CountDownLatch(1)
        keys.signer = {
            touched.await() // the finger that is not there yet
            throw KeyStoreException.Cancelled("太迟了")
        }
        val outcome = runBlocking { phone.sync(SyncBudget(timeMs = 50u)) }
        assertEquals(1UL, (outcome as SyncOutcome.Interrupted).remaining)
        assertNotNull(phone.hazard(id))
        keys.signer = null
        touched.countDown()
        phone.syncNow()
        assertEquals(SyncState.ACKNOWLEDGED, phone.hazard(id).syncState)
    }

    private fun unsigned(call: () -> Unit): SigningFailure =
        assertThrows(VanguardException.Unsigned::class.java) { call() }.why
}
