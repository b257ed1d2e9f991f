package org.pocketshelf.core.network

import java.time.Instant
import kotlin.test.assertEquals
import kotlin.test.assertNull
import org.junit.jupiter.api.Test

/** What a busy server asks for, as in `test_retry_after.py`. */
class RetryAfterTest {
    private val now = Instant.parse("2026-11-01T12:00:00Z")

    @Test
    fun secondsAndDatesAreUnderstood() {
        assertEquals(120.0, RetryAfter.seconds("120", now))
        assertEquals(0.0, RetryAfter.seconds("0", now))
        assertEquals(60.0, RetryAfter.seconds("Sun, 01 Nov 2026 12:01:00 GMT", now))
        assertEquals(0.0, RetryAfter.seconds("Sun, 01 Nov 2026 11:00:00 GMT", now))
    }

    @Test
    fun whatMakesNoSenseAsksForNothing() {
        for (text in listOf(null, "", "-5", "1.5", "soon", "1".repeat(9), "\u0664", "Sun, 99 Nov 2026", "inf", "1e9")) {
            assertNull(RetryAfter.seconds(text, now), "$text")
        }
    }
}
