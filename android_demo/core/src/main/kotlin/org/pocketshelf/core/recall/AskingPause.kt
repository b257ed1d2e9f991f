package org.pocketshelf.core.recall

/**
 * How long a server that was away is left alone: a constant rest, as the Python SDK has it. Safe to share.
 *
 * @param rest seconds.
 * @param clock seconds that only grow.
 */
class AskingPause(private val rest: Double = 30.0, private val clock: () -> Double = { System.nanoTime() / 1e9 }) {
    private var until = Double.NEGATIVE_INFINITY

    /** Whether it may be asked. */
    @Synchronized
    fun isOver(): Boolean = clock() >= until

    /** It was asked in vain; for so many [seconds], where these are other than usual. */
    @Synchronized
    fun failed(seconds: Double = rest) {
        until = clock() + seconds
    }

    /** It answered. */
    @Synchronized
    fun answered() {
        until = Double.NEGATIVE_INFINITY
    }
}
