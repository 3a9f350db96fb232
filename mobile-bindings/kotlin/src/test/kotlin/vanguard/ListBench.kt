package vanguard

import com.sun.jna.Native
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import java.nio.file.Files
import java.nio.file.Path

/** The same library without uniffi's part: a function of C that gives a number. */
private object Bare {
    init {
        Native.register(Bare::class.java, "vanguard_mobile")
    }

    @JvmStatic
    external fun ffi_vanguard_mobile_uniffi_contract_version(): Int
}

/** What `cargo xtask bench` asks of Kotlin; its name keeps it out of the tests. */
class ListBench {
    @Test
    fun `figures`() {
        val notebook = Notebook.open(System.getProperty("vanguard.large"))
        repeat(2) { scroll(notebook) } // until the JVM has compiled it, as ART does ahead of time
        val pages = scroll(notebook)
        val figures = listOf(
            "call_ns=${median { liveObjects() }}",
            "jna_ns=${median { Bare.ffi_vanguard_mobile_uniffi_contract_version() }}",
            "list_s=${pages.sum() / 1e9}",
            "page_ms=${pages.part(0.5)}",
            "page_99_ms=${pages.part(0.99)}",
            "longest_ms=${pages.part(1.0)}",
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

    /** What so many of these do not exceed, in milliseconds. */
    private fun List<Long>.part(of: Double) = sorted()[((size - 1) * of).toInt()] / 1e6

    /** What one call takes, in nanoseconds: the median of many times a thousand, when warm. */
    private inline fun median(call: () -> Unit): Double {
        val times = List(300) { timed { repeat(1_000) { call() } } }
        return times.drop(100).sorted()[100] / 1_000.0
    }

    private inline fun timed(work: () -> Unit): Long {
        val begun = System.nanoTime()
        work()
        return System.nanoTime() - begun
    }
}
