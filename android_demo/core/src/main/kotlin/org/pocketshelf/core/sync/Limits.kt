package org.pocketshelf.core.sync

import org.pocketshelf.core.Reason
import org.pocketshelf.core.SyncError

/**
 * How much a server may cost a device in one sync: these bounds hold whatever the server signed.
 *
 * @property manifestBytes longest manifest.
 * @property downloadBytes longest compressed snapshot or delta.
 * @property unpackedBytes longest unpacked one (the zip-bomb guard's ceiling; the signed length is the rule).
 * @property gapSeconds longest wait for a connection, an answer's header, or the next byte.
 * @property rate slowest download in bytes a second, averaged over [windowSeconds].
 * @property windowSeconds how long a download may be slower than [rate].
 * @property totalSeconds longest sync from the first request to the last byte.
 * @property databaseSeconds longest check of one database file.
 * @property chunk bytes written at a time.
 * @property featureBytes longest unpacked local features, which are searched in memory: those of about 10,000 covers.
 */
data class Limits(
    val manifestBytes: Long = Manifest.MOST_BYTES.toLong(),
    val downloadBytes: Long = 2_000_000_000,
    val unpackedBytes: Long = 8_000_000_000,
    val gapSeconds: Double = 20.0,
    val rate: Double = 1_000.0,
    val windowSeconds: Double = 30.0,
    val totalSeconds: Double = 3_600.0,
    val databaseSeconds: Double = 120.0,
    val chunk: Int = 1 shl 18,
    val featureBytes: Long = 64_000_000,
)

/**
 * The deadline and the slowest rate of a sync, checked with every piece that arrives.
 *
 * A server that drips one byte before each time-out would otherwise hold a device for ever (TUF's "slow retrieval" and
 * "endless data" attacks).
 *
 * @param clock seconds that only go forward.
 */
class Pace(private val limits: Limits, private val clock: () -> Double) {
    private val deadline = clock() + limits.totalSeconds
    private var windowStart = clock()
    private var windowBytes = 0L

    /** Seconds left of the whole sync. */
    val remaining: Double get() = deadline - clock()

    /** Begin a download: its rate is measured from here. */
    fun start() {
        windowStart = clock()
        windowBytes = 0
    }

    /**
     * Account for [count] bytes.
     *
     * @throws SyncError the sync's time is spent, or the download is slower than allowed.
     */
    fun received(count: Int) {
        val now = clock()
        windowBytes += count
        if (now > deadline) {
            throw SyncError(
                "the sync took longer than ${shown(limits.totalSeconds)} s and was stopped; " +
                    "the next one goes on where it ended",
                reason = Reason.TIME,
            )
        }
        val elapsed = now - windowStart
        if (elapsed < limits.windowSeconds) return
        if (windowBytes < limits.rate * elapsed) {
            throw SyncError(
                "the server sends too slowly (${(windowBytes / elapsed).toLong()} bytes/s, at least " +
                    "${shown(limits.rate)} are asked for); the next sync goes on where this one ended",
                reason = Reason.SLOW,
            )
        }
        windowStart = now
        windowBytes = 0
    }

    private fun shown(number: Double) = if (number % 1.0 == 0.0) number.toLong().toString() else number.toString()
}
