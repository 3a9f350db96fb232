package vanguard

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import java.nio.file.Files
import java.nio.file.Path

/** What `cargo xtask bench` asks of Kotlin; its name keeps it out of the tests. */
class ListBench {
    @Test
    fun `figures`() {
        val notebook = Notebook.open(System.getProperty("vanguard.large"))
        repeat(2) { scroll(notebook) } // until the JVM has compiled it, as ART does ahead of time
        val pages = scroll(notebook)
        val calls = (0 until 100_000).map { timed { liveObjects() } }.sorted()
        val figures = listOf(
            "call_us=${calls[calls.size / 2] / 1e3}",
            "list_s=${pages.sum() / 1e9}",
            "longest_ms=${pages.max() / 1e6}",
        )
        Files.write(Path.of(System.getProperty("vanguard.figures")), figures)
        notebook.close()
    }

    /** Goes through all inspections; gives how long each page took, in nanoseconds. */
    private fun scroll(notebook: Notebook): List<Long> {
        val pages = mutableListOf<Long>()
        var rows = 0
        var next: PageKey? = null
        do {
            pages += timed {
                val page = notebook.listInspections(ListFilter(), next, 50u)
                rows += page.rows.size
                next = page.next
            }
        } while (next != null)
        assertEquals(notebook.count(DocumentKind.INSPECTION, ListFilter()), rows.toULong())
        return pages
    }

    private inline fun timed(work: () -> Unit): Long {
        val begun = System.nanoTime()
        work()
        return System.nanoTime() - begun
    }
}
