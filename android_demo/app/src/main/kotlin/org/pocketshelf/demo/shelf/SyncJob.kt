package org.pocketshelf.demo.shelf

import android.app.job.JobInfo
import android.app.job.JobParameters
import android.app.job.JobScheduler
import android.app.job.JobService
import android.content.ComponentName
import android.content.Context
import org.pocketshelf.demo.PocketshelfApp

/** Keeps the shelf fresh in the background: every six hours, when there is a network that costs nothing. */
class SyncJob : JobService() {
    override fun onStartJob(job: JobParameters): Boolean {
        val app = application as PocketshelfApp
        val server = app.settings.server
        if (server.isEmpty()) return false
        app.keeper.sync(server, ifDue = true) { result -> jobFinished(job, result.isFailure) }
        return true
    }

    // The sync cannot be interrupted, and need not be: killed at any moment it leaves the shelf as it was.
    override fun onStopJob(job: JobParameters): Boolean = true

    companion object {
        private const val NUMBER = 1
        private const val EVERY_MS = 6L * 60 * 60 * 1000

        /** Ask the system for it, once: a server is set. */
        fun schedule(context: Context) {
            val job = JobInfo.Builder(NUMBER, ComponentName(context, SyncJob::class.java))
                .setRequiredNetworkType(JobInfo.NETWORK_TYPE_UNMETERED)
                .setPeriodic(EVERY_MS)
                .build()
            val scheduler = context.getSystemService(Context.JOB_SCHEDULER_SERVICE) as JobScheduler
            scheduler.schedule(job)
        }
    }
}
