package org.pocketshelf.core.sync

/**
 * When to try again: exponential back-off with jitter, and no sooner than the server asks for. Jitter keeps the devices of
 * a chain of shops from coming back all at once: "equal jitter", half of a wait is certain, half is drawn ("Exponential
 * Backoff And Jitter", AWS Architecture Blog, 2015). `jitter` gives a number in [0, 1).
 */
object Backoff {
    private const val FIRST = 60.0

    /** Seconds between two attempts of a background sync, at the most. */
    const val LONGEST = 6 * 3600.0

    /** Of what a server may ask for: up to half of it is drawn on top, and nobody waits longer than [LONGEST]. */
    private const val LONGEST_ASKED = LONGEST / 1.5

    /** Seconds that one sync waits between two of its attempts, at the most; who asks for more is left alone. */
    const val PATIENCE = 8.0

    /** Seconds to wait between the attempts of one sync: [attempts] - 1 of them. */
    fun delays(attempts: Int, first: Double = 0.5, longest: Double = PATIENCE, jitter: () -> Double): Sequence<Double> =
        (0 until attempts - 1).asSequence().map { minOf(longest, first * power(it)) * (0.5 + 0.5 * jitter()) }

    /**
     * Seconds until a background sync is due again after [failures] in a row: a minute, up to six hours.
     *
     * @param asked seconds for which the server wants to be left alone. Never less than that, at most half as much again:
     *   devices that were told the same do not come back together.
     */
    fun nextAttemptAfter(failures: Long, jitter: () -> Double, asked: Double? = null): Double {
        val drawn = jitter()
        val own = minOf(LONGEST, FIRST * power(minOf(failures - 1, 20).toInt())) * (0.5 + 0.5 * drawn)
        return maxOf(own, minOf(asked ?: 0.0, LONGEST_ASKED) * (1.0 + 0.5 * drawn))
    }

    private fun power(exponent: Int): Double = (1L shl exponent).toDouble()
}
