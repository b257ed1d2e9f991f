package org.pocketshelf.demo.camera

/**
 * Which frames of a camera are looked at: one at a time, the newest, and no more than a phone can bear.
 *
 * A camera gives thirty frames a second, and looking at each warms the phone until it slows itself down. So after a
 * frame the phone rests as long as [share] asks for, at least until [leastMs] after the frame before began. Frames
 * that come meanwhile are dropped, not queued: what is admitted is always the newest. For any threads.
 *
 * @param leastMs milliseconds from one admitted frame to the next, at least.
 * @param share of the time that may go into frames, in (0, 1].
 * @param clock milliseconds that only grow.
 */
class Throttle(
    private val leastMs: Long = 100,
    private val share: Double = 0.7,
    private val clock: () -> Long,
) {
    private var busy = false
    private var began = 0L
    private var next = Long.MIN_VALUE

    init {
        require(leastMs >= 0 && share > 0.0 && share <= 1.0) { "throttle: $leastMs ms, share $share" }
    }

    /** Whether the frame that is here now is to be looked at; if so, [done] must follow, whatever happens. */
    @Synchronized
    fun admits(): Boolean {
        val now = clock()
        if (busy || now < next) return false
        busy = true
        began = now
        return true
    }

    /** The frame that was admitted has been looked at. */
    @Synchronized
    fun done() {
        check(busy) { "no frame was admitted" }
        busy = false
        val took = clock() - began
        next = began + maxOf(leastMs, (took / share).toLong())
    }
}
