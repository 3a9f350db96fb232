package vanguard

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource
import java.nio.file.Files
import java.nio.file.Path
import java.security.MessageDigest
import java.util.HexFormat
import java.util.concurrent.TimeUnit

/**
 * An app in a process of its own, which takes one picture after the other, reports it and syncs:
 * each line that it prints is a promise.
 */
object Worker {
    @JvmStatic
    fun main(arguments: Array<String>) = runBlocking {
        val (file, space) = arguments
        val phone = Notebook.open(file)
        for (picture in arguments.drop(2)) {
            val photo = phone.takePhotoFromFile(picture, PhotoContext())
            promise("taken ${photo.hash}")
            val id = phone.reportHazard(space, hazard("压力表失准", listOf(photo)))
            promise("committed $id")
            phone.sync(SyncBudget())
            promise("acknowledged $id")
        }
    }

    private fun promise(line: String) {
        println(line)
        System.out.flush()
    }
}

/** Apps that are killed have kept what they had said. */
class KilledTest : StoryCase() {
    /** After “taken” and “acknowledged” it is in a verb, after “committed” in a sync. */
    @ParameterizedTest
    @ValueSource(strings = ["taken", "committed", "acknowledged"])
    fun `an app that is killed has kept every promise`(word: String) {
        val file = site.newFile()
        site.phone("赵磊", file).close()
        val worker = worker(file, pictures = 5)
        val promises = mutableListOf<Pair<String, String>>()
        worker.inputStream.bufferedReader().useLines { lines ->
            for (line in lines) {
                val (what, id) = line.split(" ")
                promises += what to id
                // Through its handle, which leaves what it had printed to be read.
                if (promises.count { it.first == word } == 4) worker.toHandle().destroyForcibly()
            }
        }
        assertTrue(worker.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS))

        val (photos, records) = promises.partition { it.first == "taken" }
        val hazards = records.map { it.second }.toSet()
        val phone = Notebook.open(file)
        assertEquals(null, phone.setAsideFile())
        for ((_, hash) in photos) assertEquals(hash, sha256(phone.photoBytes(hash)!!))
        phone.syncNow()
        assertEquals(0UL, phone.syncStatus().unsentChanges)
        assertTrue(phone.returned().isEmpty())
        val all = phone.count(DocumentKind.HAZARD, ListFilter())
        val promised = hazards.size.toULong()
        assertTrue(all in promised..promised + 1UL, "$all, promised $promised")
        val other = site.phone("李安")
        assertEquals(all, other.count(DocumentKind.HAZARD, ListFilter()))
        for (id in hazards) {
            assertEquals(SyncState.ACKNOWLEDGED, phone.hazard(id).syncState) // its photo as well
            val photo = other.hazard(id).fields.photos.single()
            val path = runBlocking { other.fetchPhoto(photo.hash) }
            assertArrayEquals(phone.photoBytes(photo.hash), Files.readAllBytes(Path.of(path)))
        }
        phone.close()
    }

    @Test
    fun `an upload that dies with its app goes on from where it was`() {
        val file = site.newFile()
        site.phone("赵磊", file).close()
        site.tell("stall 200000") // enough for the thumbnail and a part of the photo
        val worker = worker(file, pictures = 1)
        site.tell("stalled")
        worker.destroyForcibly()
        assertTrue(worker.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS))
        site.tell("up")

        Notebook.open(file).use { phone ->
            val hazard = phone.listHazards(ListFilter()).rows.single()
            assertEquals(SyncState.MEDIA_PENDING, hazard.syncState)
            val done = (phone.syncNow() as SyncOutcome.UpToDate).done
            val bytes = hazard.fields.photos.single().bytes
            assertEquals(1UL, done.photosSent)
            assertTrue(done.bytesUp < bytes, "${done.bytesUp} of $bytes went")
            assertEquals(SyncState.ACKNOWLEDGED, phone.hazard(hazard.id).syncState)
        }
    }

    private fun worker(file: String, pictures: Int): Process {
        val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
        val library = "-Djna.library.path=" + System.getProperty("jna.library.path")
        val path = System.getProperty("java.class.path")
        val photos = List(pictures) { site.picture("压力表$it") }
        return ProcessBuilder(listOf(java, library, "-cp", path, "vanguard.Worker", file, site.org) + photos)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start()
    }

    private fun sha256(bytes: ByteArray): String =
        HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes))
}
