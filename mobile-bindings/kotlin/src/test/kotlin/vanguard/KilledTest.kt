package vanguard

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.io.TempDir
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource
import java.nio.file.Path
import java.util.concurrent.TimeUnit

/** An app in a process of its own: each line that it prints is a promise. */
object Worker {
    @JvmStatic
    fun main(arguments: Array<String>) = runBlocking {
        val (file, space) = arguments
        val phone = Notebook.open(file)
        while (true) {
            val id = phone.reportHazard(space, hazard("压力表失准"))
            println("committed $id")
            System.out.flush()
            phone.sync(SyncBudget())
            println("acknowledged $id")
            System.out.flush()
        }
    }
}

class KilledTest {
    /** After “committed” it is in a sync, after “acknowledged” in a verb. */
    @ParameterizedTest
    @ValueSource(strings = ["committed", "acknowledged"])
    fun `an app that is killed has kept every promise`(word: String, @TempDir folder: Path) {
        Site(folder).use { site ->
            val file = site.newFile()
            site.phone("赵磊", file).close()
            val promises = workUntilKilled(file, site.org, word, count = 4)

            Notebook.open(file).use { phone ->
                assertEquals(null, phone.setAsideFile())
                for ((_, id) in promises) phone.hazard(id)
                phone.syncNow()
                assertEquals(0UL, phone.syncStatus().unsentChanges)
                assertTrue(phone.returned().isEmpty())
                val all = phone.count(DocumentKind.HAZARD, ListFilter())
                val promised = promises.map { it.second }.toSet().size.toULong()
                assertTrue(all in promised..promised + 1UL, "$all, promised $promised")
                site.phone("李安").use { other ->
                    assertEquals(all, other.count(DocumentKind.HAZARD, ListFilter()))
                    for ((_, id) in promises) other.hazard(id)
                }
            }
        }
    }

    private fun workUntilKilled(
        file: String,
        space: OrgId,
        word: String,
        count: Int,
    ): List<Pair<String, HazardId>> {
        val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
        val library = "-Djna.library.path=" + System.getProperty("jna.library.path")
        val path = System.getProperty("java.class.path")
        val process = ProcessBuilder(java, library, "-cp", path, "vanguard.Worker", file, space)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start()
        val promises = mutableListOf<Pair<String, HazardId>>()
        process.inputStream.bufferedReader().useLines { lines ->
            for (line in lines) {
                val (what, id) = line.split(" ")
                promises += what to id
                // Through its handle, which leaves what it had printed to be read.
                if (promises.count { it.first == word } == count) process.toHandle().destroyForcibly()
            }
        }
        assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS))
        return promises
    }
}
