package org.pocketshelf.core.recall

import org.pocketshelf.core.types.FallbackState
import org.pocketshelf.core.types.Hit
import java.util.concurrent.ExecutionException
import java.util.concurrent.FutureTask
import java.util.concurrent.TimeUnit
import java.util.concurrent.TimeoutException
import java.util.concurrent.atomic.AtomicInteger

/**
 * What came of asking.
 *
 * @property why it was in vain; null where it was not.
 */
class Asked(val state: FallbackState, val hits: List<Hit>, val why: String? = null)

/**
 * Asks whatever stands in for the server, for no longer than there is time, and tells it how many regions were answered
 * here since it was last asked.
 *
 * @param fallback whom to ask; nobody if null.
 */
class Asker(private val fallback: Fallback?) {
    private val unasked = AtomicInteger()

    /** Whether there is anybody to ask. */
    val hasWhom: Boolean get() = fallback != null

    /** Nobody is asked about a region. */
    fun passBy() {
        unasked.incrementAndGet()
    }

    /**
     * The hits of the server; none when it is away, answers nonsense, or not within [seconds].
     *
     * @param question its `searches` is filled in here.
     */
    fun ask(seconds: Double, question: Question): Asked {
        val whom = fallback ?: return Asked(FallbackState.LOCAL, emptyList())
        val searches = unasked.get() + 1
        val told = Question(
            question.vector, question.space, question.categories, question.k, searches, question.recall,
        )
        val asked = within(seconds) { whom.search(told) }
        unasked.set(if (asked.state == FallbackState.ASKED) 0 else searches)
        return asked
    }

    // The thread is not waited for any longer than that; it ends by the exchange's own deadline.
    private fun within(seconds: Double, work: () -> List<Hit>): Asked {
        if (seconds <= 0) return inVain("no time was left")
        val task = FutureTask(work)
        Thread(task, "pocketshelf-asking").apply { isDaemon = true }.start()
        return try {
            Asked(FallbackState.ASKED, task.get((seconds * 1e9).toLong(), TimeUnit.NANOSECONDS))
        } catch (_: TimeoutException) {
            task.cancel(true)
            inVain("no time was left")
        } catch (error: ExecutionException) {
            // What was found here must not be lost by others' code.
            inVain(error.cause?.message ?: "the server was asked in vain")
        }
    }

    private fun inVain(why: String) = Asked(FallbackState.UNAVAILABLE, emptyList(), why)
}
