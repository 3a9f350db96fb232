package vanguard

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.RandomAccessFile
import java.nio.file.Files
import java.nio.file.Path

/** Photos: on disk at once, to the relay when they may, to others when they look. */
class PhotoTest : StoryCase() {
    @Test
    fun `a photo taken offline reaches another phone, its text before it and its thumbnail first`() {
        val (zhao, li) = listOf("赵磊", "李安").map { site.phone(it) }
        site.tell("down")
        zhao.roomForPhoto()
        val photo = zhao.takePhotoFromFile(site.picture("护栏"), PhotoContext(zone = site.zone))
        assertEquals(listOf(800u, 600u), listOf(photo.widthPx, photo.heightPx))
        val id = zhao.reportHazard(site.org, hazard("护栏缺失", listOf(photo)))
        assertTrue(Files.exists(Path.of(zhao.photoPath(photo.hash)!!)))
        assertEquals(2UL, zhao.storageUse().photoFilesOwed)
        assertThrows(VanguardException.Unreachable::class.java) { zhao.syncNow() }

        // Text goes in any network; photos wait for one that their owner allows.
        zhao.photosMayTravel(SyncPolicy(), Conditions(isRoaming = true))
        site.tell("up")
        zhao.syncNow()
        assertEquals(SyncState.MEDIA_PENDING, zhao.hazard(id).syncState)
        li.syncNow()
        assertEquals(listOf(photo), li.hazard(id).fields.photos)
        assertNull(li.photoBytes(photo.thumbnail.hash))

        site.tell("down") // and gone is the relay, its text taken and its photos not
        zhao.photosMayTravel(SyncPolicy(), Conditions())
        assertThrows(VanguardException.Unreachable::class.java) { zhao.syncNow() }
        assertEquals(SyncState.MEDIA_PENDING, zhao.hazard(id).syncState)
        site.tell("up")
        zhao.photosMayTravel(SyncPolicy(), Conditions(isMetered = true))
        assertEquals(1UL, (zhao.syncNow() as SyncOutcome.UpToDate).done.photosSent) // the thumbnail
        li.wantPhoto(photo.thumbnail.hash)
        li.syncNow()
        assertArrayEquals(zhao.photoBytes(photo.thumbnail.hash), li.photoBytes(photo.thumbnail.hash))
        assertThrows(VanguardException.NotFound::class.java) {
            runBlocking { li.fetchPhoto(photo.hash) } // it is on one phone only, so far
        }
        assertEquals(SyncState.MEDIA_PENDING, zhao.hazard(id).syncState)

        zhao.photosMayTravel(SyncPolicy(), Conditions())
        assertEquals(1UL, (zhao.syncNow() as SyncOutcome.UpToDate).done.photosSent)
        assertEquals(SyncState.ACKNOWLEDGED, zhao.hazard(id).syncState)
        assertEquals(0UL, zhao.storageUse().photoFilesOwed)
        li.photosMayTravel(SyncPolicy(), Conditions())
        val path = runBlocking { li.fetchPhoto(photo.hash) }
        assertArrayEquals(zhao.photoBytes(photo.hash), Files.readAllBytes(Path.of(path)))

        // What the relay holds may go from the phone, and comes back when it is looked at.
        assertTrue(zhao.letGoOfPhotos(ULong.MAX_VALUE shr 1) >= photo.bytes)
        assertNull(zhao.photoPath(photo.hash))
        assertNotNull(runBlocking { zhao.fetchPhoto(photo.hash) })
    }

    @Test
    fun `what is no picture is refused, and nothing is kept of it`() {
        val phone = site.phone("赵磊")
        assertThrows(VanguardException.Invalid::class.java) {
            phone.takePhoto("护栏".toByteArray(), PhotoContext())
        }
        assertThrows(VanguardException.Storage::class.java) {
            phone.takePhotoFromFile(folder.resolve("none.jpg").toString(), PhotoContext())
        }
        assertEquals(0UL, phone.storageUse().photoFiles)
        assertTrue(phone.delayedPhotos().isEmpty())
    }

    @Test
    fun `a film is refused before it is read`() {
        val phone = site.phone("赵磊")
        val film = folder.resolve("film.mp4").toFile()
        RandomAccessFile(film, "rw").use { it.setLength(256L shl 30) } // it takes no room
        assertThrows(VanguardException.Invalid::class.java) {
            phone.takePhotoFromFile(film.path, PhotoContext())
        }
    }

    @Test
    fun `a cancelled shot is let go of, and one that a draft names is not`() {
        val phone = site.phone("赵磊")
        val cancelled = phone.takePhotoFromFile(site.picture("护栏"), PhotoContext())
        assertEquals(2UL, phone.storageUse().photoFilesUnnamed)
        assertEquals(
            setOf(cancelled.hash, cancelled.thumbnail.hash), phone.unnamedPhotos().toSet(),
        )
        val round = phone.startInspection(site.org, site.zone, InspectionKind.DAILY, Shift.DAY)
        phone.noteDraft(round, DraftNotes(photos = listOf(cancelled)))
        assertEquals(0UL, phone.storageUse().photoBytesUnnamed)
        assertThrows(VanguardException.Invalid::class.java) { phone.discardPhoto(cancelled.hash) }

        phone.noteDraft(round, DraftNotes(photos = listOf()))
        phone.unnamedPhotos().forEach { phone.discardPhoto(it) }
        assertNull(phone.photoPath(cancelled.hash))
        assertEquals(0UL, phone.storageUse().photoFiles)
        assertThrows(VanguardException.NotFound::class.java) { phone.discardPhoto(cancelled.hash) }
    }

    @Test
    fun `an inspection has its photos, and they count as unsent until they are sent`() {
        val phone = site.phone("赵磊")
        val photo = phone.takePhotoFromFile(site.picture("平台"), PhotoContext())
        val round = phone.startInspection(site.org, site.zone, InspectionKind.NO_VIOLATION, Shift.DAY)
        phone.noteDraft(round, DraftNotes(photos = listOf(photo)))
        phone.submitInspection(round)
        val status = phone.syncStatus()
        assertEquals(2UL, status.unsentPhotos)
        assertEquals(photo.bytes + photo.thumbnail.bytes, status.unsentPhotoBytes)
        assertTrue(photo.hash in phone.exportUnsent())

        phone.photosMayTravel(SyncPolicy(), Conditions(isMetered = true))
        phone.syncNow()
        assertEquals(0UL, phone.syncStatus().unsentChanges)
        assertEquals(1UL, phone.syncStatus().unsentPhotos)
        assertNotNull(phone.syncStatus().oldestUnsentMs)
        phone.photosMayTravel(SyncPolicy(), Conditions())
        phone.syncNow()
        assertNull(phone.syncStatus().oldestUnsentMs)
        assertEquals(listOf(photo), phone.inspection(round).fields.photos)
    }
}
