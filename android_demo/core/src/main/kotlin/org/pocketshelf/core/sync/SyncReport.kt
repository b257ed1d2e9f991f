package org.pocketshelf.core.sync

import org.pocketshelf.core.Reason

/**
 * What a sync did.
 *
 * @property outcome "updated"; "current", there was nothing to do, or nothing newer than what a rollback left ([why]);
 *   "offline", the server was away and the shelf is as before; "deferred", a background sync that is not due yet.
 * @property how "changes" or "snapshot" if updated.
 * @property why what decided between them (see [Planner]), or why the server was away.
 * @property fromSequence of the shelf before; null without one. [sequence] is that after.
 * @property received bytes downloaded, metadata left out.
 * @property nextAttempt when a background sync is due again (ISO 8601), if the server was away.
 * @property features the shelf's local features (`org.pocketshelf.core.closely`) are those published: they were ("current"), or
 *   came as "changes" or whole ("snapshot"); null where none are published, or wanted.
 * @property problem why they are not, though they should be. The shelf is as [outcome] says, all the same.
 * @property reason the kind of that problem.
 */
data class SyncReport(
    val outcome: String,
    val how: String? = null,
    val why: String? = null,
    val fromSequence: Long? = null,
    val sequence: Long? = null,
    val received: Long = 0,
    val seconds: Double = 0.0,
    val nextAttempt: String? = null,
    val features: String? = null,
    val problem: String? = null,
    val reason: Reason? = null,
) {
    /** One JSON object. */
    fun toJson(): Map<String, Any?> = linkedMapOf(
        "outcome" to outcome,
        "how" to how,
        "why" to why,
        "from_sequence" to fromSequence,
        "sequence" to sequence,
        "received" to received,
        "seconds" to Math.round(seconds * 1000) / 1000.0,
        "next_attempt" to nextAttempt,
        "features" to features,
        "problem" to problem,
    )
}
