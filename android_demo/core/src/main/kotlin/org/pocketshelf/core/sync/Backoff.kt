package org.pocketshelf.core.sync

/**
 * When to try again: exponential back-off with jitter, which keeps the devices of a chain of shops from coming back all
 * at once; see "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. `jitter` gives a number in [0, 1).
 */
object Backoff {
    private const val FIRST = 60.0

    /** Seconds between two attempts of a background sync, at the most. */
    const val LONGEST = 6 * 3600.0

    /** Seconds to wait between the attempts of one sync: [attempts] - 1 of them. */
    fun delays(attempts: Int, first: Double = 0.5, longest: Double = 8.0, jitter: () -> Double): Sequence<Double> =
        (0 until attempts - 1).asSequence().map { minOf(longest, first * power(it)) * (0.5 + 0.5 * jitter()) }

    /** Seconds until a background sync is due again after [failures] in a row: a minute, up to six hours. */
    fun nextAttemptAfter(failures: Long, jitter: () -> Double): Double =
        minOf(LONGEST, FIRST * power(minOf(failures - 1, 20).toInt())) * (0.5 + 0.5 * jitter())

    private fun power(exponent: Int): Double = (1L shl exponent).toDouble()
}
