package org.pocketshelf.demo

import org.pocketshelf.demo.camera.Throttle
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue

class ThrottleTest {
    private var now = 1_000L
    private val throttle = Throttle(leastMs = 100, share = 0.5) { now }

    @Test
    fun theFirstFrameIsAdmitted() = assertTrue(throttle.admits())

    @Test
    fun framesThatComeWhileOneIsLookedAtAreDropped() {
        throttle.admits()
        now += 10_000
        assertFalse(throttle.admits())
    }

    @Test
    fun aFastPhoneWaitsForTheLeastPause() {
        throttle.admits()
        now += 10
        throttle.done()
        now += 89
        assertFalse(throttle.admits())
        now += 1
        assertTrue(throttle.admits())
    }

    @Test
    fun aSlowPhoneRestsAsLongAsItWorked() {
        throttle.admits()
        now += 400
        throttle.done()
        now += 399
        assertFalse(throttle.admits())
        now += 1
        assertTrue(throttle.admits())
    }

    @Test
    fun thirtyFramesASecondBecomeTen() {
        var admitted = 0
        for (frame in 0 until 300) {
            now = 1_000L + frame * 1000 / 30
            if (throttle.admits()) {
                admitted++
                throttle.done()
            }
        }
        assertEquals(100, admitted, "ten seconds of frames, one every 100 ms")
    }

    @Test
    fun doneWithoutAFrameIsAFault() {
        assertFailsWith<IllegalStateException> { throttle.done() }
    }

    @Test
    fun aShareOfNothingIsRefused() {
        assertFailsWith<IllegalArgumentException> { Throttle(share = 0.0) { 0 } }
    }
}
