package vanguard

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit

/** How long anything may take that should come about by itself. */
const val PATIENCE_SECONDS = 60L

/** A relay process with one branch, and phones enrolled at it. */
class Site(private val folder: Path) : AutoCloseable {
    private val process =
        ProcessBuilder(System.getProperty("vanguard.site"), folder.resolve("relay").toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start()
    private val output = process.inputStream.bufferedReader()
    private val members = mutableMapOf<String, MemberId>()
    private val places = mutableMapOf<String, String>()
    private val phones = mutableListOf<Notebook>()
    private var files = 0

    val org: OrgId get() = places.getValue("org")
    val unit: UnitId get() = places.getValue("unit")
    val zone: ZoneId get() = places.getValue("zone")

    init {
        while (true) {
            val words = (output.readLine() ?: error("the relay did not start")).split(" ")
            when (words[0]) {
                "ready" -> break
                "member" -> members[words[1]] = words[2]
                else -> places[words[0]] = words[1]
            }
        }
    }

    fun member(name: String): MemberId = members.getValue(name)

    /** Has the relay do something; gives its answer. */
    fun tell(command: String): String {
        process.outputStream.run {
            write("$command\n".toByteArray())
            flush()
        }
        return output.readLine() ?: error("the relay has died of: $command")
    }

    fun invite(name: String): String = tell("invite $name").removePrefix("invite ")

    /** A file for a phone of its own. */
    fun newFile(): String = folder.resolve("phone-${++files}.db").toString()

    /** What a camera wrote. */
    fun picture(name: String): String =
        folder.resolve("$name.jpg").toString().also { tell("picture $it") }

    /** An enrolled and synced phone of somebody. */
    fun phone(
        name: String, file: String = newFile(), keyStore: KeyStore? = null,
    ): Notebook = runBlocking {
        val notebook = Notebook.open(file, keyStore)
        phones += notebook
        notebook.enrol(invite(name), "手机")
        notebook.sync(SyncBudget())
        notebook
    }

    override fun close() {
        phones.forEach { it.close() }
        process.outputStream.close()
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) process.destroyForcibly()
    }
}

/** A test with a relay of its own. */
abstract class StoryCase {
    @TempDir
    lateinit var folder: Path
    protected lateinit var site: Site

    @BeforeEach
    fun start() {
        site = Site(folder)
    }

    @AfterEach
    fun stop() = site.close()
}

/** A report of an unsafe condition. */
fun hazard(description: String, photos: List<Photo> = emptyList()) =
    HazardFields(description, HazardNature.UNSAFE_CONDITION, photos = photos)

fun graded(grade: HazardGrade = HazardGrade.GENERAL) =
    HazardEvent.Graded(grade, HazardNature.UNSAFE_CONDITION, "现场确认", "判定标准第三条")

fun Notebook.syncNow(): SyncOutcome = runBlocking { sync(SyncBudget()) }

/** Things told from another thread, to be waited for. */
class Told<T : Any> {
    private val queue = LinkedBlockingQueue<T>()

    fun tell(thing: T) = queue.put(thing)

    /** Waits for the first thing of which this holds. */
    fun until(holds: (T) -> Boolean): T {
        val end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)
        while (true) {
            val left = end - System.nanoTime()
            val thing = queue.poll(left, TimeUnit.NANOSECONDS) ?: error("it was never told")
            if (holds(thing)) return thing
        }
    }
}
