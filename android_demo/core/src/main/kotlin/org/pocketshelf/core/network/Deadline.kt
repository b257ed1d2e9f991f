package org.pocketshelf.core.network

import java.util.concurrent.CancellationException
import java.util.concurrent.ExecutionException
import java.util.concurrent.FutureTask
import java.util.concurrent.TimeUnit
import java.util.concurrent.TimeoutException

/** The work was not done in time. It may still be going on, unheard. */
internal class Late : Exception("not done in time")

/**
 * What [work] returns, or throws, if it does so within [seconds] by the wall clock.
 *
 * It runs in a thread of its own, which the end of the process does not wait for: a name that is looked up cannot be
 * interrupted at all.
 *
 * @throws Late it does not.
 */
internal fun <T> within(seconds: Double, work: () -> T): T {
    val task = FutureTask(work)
    Thread(task, "pocketshelf-deadline").apply { isDaemon = true }.start()
    return try {
        task.get((seconds * 1000).toLong(), TimeUnit.MILLISECONDS)
    } catch (_: TimeoutException) {
        throw Late()
    } catch (_: CancellationException) {
        throw Late()
    } catch (error: ExecutionException) {
        throw error.cause ?: error
    }
}
