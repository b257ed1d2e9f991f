package org.pocketshelf.core.recall

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.pocketshelf.core.BundleError
import org.pocketshelf.core.ServerError
import org.pocketshelf.core.types.FallbackState
import org.pocketshelf.core.types.Hit

class AskerTest {
    private val hit = Hit("far", 0.9, "Far", "Shoes")
    private val question = Question(FloatArray(2), "space", emptyList(), 5)

    private class Told(private val work: () -> List<Hit>) : Fallback {
        val searches = ArrayList<Int>()
        override fun search(question: Question): List<Hit> {
            searches += question.searches
            return work()
        }
    }

    @Test
    fun `what the server says is handed on`() {
        val asked = Asker(Told { listOf(hit) }).ask(5.0, question)
        assertEquals(FallbackState.ASKED, asked.state)
        assertEquals(listOf(hit), asked.hits)
    }

    @Test
    fun `a server that is away is unavailable, with its reason`() {
        val asked = Asker(Told { throw ServerError("away") }).ask(5.0, question)
        assertEquals(FallbackState.UNAVAILABLE, asked.state)
        assertEquals("away", asked.why)
    }

    @Test
    fun `what breaks in it does not lose the answer`() {
        assertEquals(FallbackState.UNAVAILABLE, Asker(Told { error("a bug") }).ask(5.0, question).state)
    }

    @Test
    fun `nobody waits for it longer than there is time`() {
        val started = System.nanoTime()
        val asked = Asker(Told { Thread.sleep(20_000); listOf(hit) }).ask(0.05, question)
        assertEquals(FallbackState.UNAVAILABLE, asked.state)
        assertTrue((System.nanoTime() - started) / 1e9 < 5.0)
        assertEquals(FallbackState.UNAVAILABLE, Asker(Told { listOf(hit) }).ask(0.0, question).state)
    }

    @Test
    fun `it is told how many were answered without it`() {
        var away = false
        val told = Told { if (away) throw ServerError("away") else listOf(hit) }
        val asker = Asker(told)
        asker.ask(5.0, question)
        repeat(3) { asker.passBy() }
        away = true
        asker.ask(5.0, question)
        away = false
        asker.ask(5.0, question)
        asker.ask(5.0, question)
        assertEquals(listOf(1, 4, 5, 1), told.searches)
    }

    @Test
    fun `nobody to ask is an answer of one's own`() {
        val asker = Asker(null)
        assertFalse(asker.hasWhom)
        assertEquals(FallbackState.LOCAL, asker.ask(5.0, question).state)
    }

    @Test
    fun `a rest ends by the clock, or with an answer`() {
        var now = 100.0
        val pause = AskingPause(rest = 30.0, clock = { now })
        assertTrue(pause.isOver())
        pause.failed()
        assertFalse(pause.isOver())
        now = 129.9
        assertFalse(pause.isOver())
        now = 130.0
        assertTrue(pause.isOver())
        pause.failed()
        pause.answered()
        assertTrue(pause.isOver())
    }

    @Test
    fun `coverage is a share, and never more than all`() {
        val coverage = shelfCoverage(mapOf("a" to (3L to 10L), "b" to (5L to 4L), "c" to (0L to 0L)))
        assertEquals(mapOf("a" to 0.3, "b" to 1.0, "c" to 0.0), coverage)
    }

    @Test
    fun `a model of another version, or with a strange feature, is refused`() {
        val feature = mapOf("mean" to 0.5, "scale" to 0.1, "weight" to 1.0)
        fun block(version: Long, name: String, vararg changes: Pair<String, Any>) = mapOf(
            "version" to version, "k" to 10L, "threshold" to 0.5, "bias" to 0.0, "features" to mapOf(name to feature + changes),
        )
        assertEquals(1, RecallModel.parseRecall(block(1, "top_score"))!!.terms.size)
        assertTrue("update the app" in assertThrows(BundleError::class.java) { RecallModel.parseRecall(block(3, "top_score")) }.message!!)
        assertThrows(BundleError::class.java) { RecallModel.parseRecall(block(2, "top_score")) }
        assertThrows(BundleError::class.java) { RecallModel.parseRecall(block(1, "top_score", "scale" to 0.0)) }
        assertNull(RecallModel.parseRecall(null))
        assertNull(RecallModel.parseRecall(mapOf("version" to 1L)))
    }
}
