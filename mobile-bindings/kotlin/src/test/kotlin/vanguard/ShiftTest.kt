package vanguard

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import vanguard.app.FieldApp
import java.nio.file.Files
import java.nio.file.Path

/** A whole shift through the reference app, whose transcript is the same in every language. */
class ShiftTest : StoryCase() {
    @Test
    fun `a whole shift, most of it offline`() {
        val snapshot = Path.of(System.getProperty("vanguard.transcript"))
        val transcript = StringBuilder()
        val apps = mutableMapOf<String, FieldApp>()
        val notebooks = mutableListOf<Notebook>()
        var app: FieldApp? = null
        for (line in Files.readAllLines(snapshot)) {
            when {
                line.startsWith("# ") -> {
                    val name = line.removePrefix("# ")
                    transcript.appendLine(line)
                    app = apps.getOrPut(name) {
                        val notebook = Notebook.open(site.newFile()).also { notebooks += it }
                        FieldApp(notebook, Language.CHINESE) { transcript.appendLine(it) }
                    }
                }
                line.startsWith("! ") -> {
                    transcript.appendLine(line)
                    site.tell(line.removePrefix("! "))
                }
                line.startsWith("> ") -> {
                    transcript.appendLine(line)
                    val words = line.removePrefix("> ").split(" ")
                    val command = when (words[0]) {
                        "enrol" -> "enrol ${site.invite(words[1])}"
                        "photo" -> "photo ${site.picture(words[1])}"
                        else -> line.removePrefix("> ")
                    }
                    runBlocking { app!!.obey(command) }
                }
            }
        }
        notebooks.forEach { it.close() }
        if (System.getenv("VANGUARD_WRITE_SNAPSHOTS") != null) {
            Files.writeString(snapshot, transcript)
        }
        assertEquals(Files.readString(snapshot), transcript.toString())
    }
}
