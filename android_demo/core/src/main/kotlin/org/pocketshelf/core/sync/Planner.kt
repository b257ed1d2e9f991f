package org.pocketshelf.core.sync

import org.pocketshelf.core.Reason
import org.pocketshelf.core.SyncError
import org.pocketshelf.core.formats.Space

/**
 * What the device has.
 *
 * @property shard name of the shard that the current generation came from; null if from elsewhere.
 * @property sequence of the current generation; null if there is none, or it cannot be read.
 * @property space of the current generation; null as above.
 * @property isDamaged the current generation is there but fails its check.
 * @property isVouched a key signed the current generation that counts still; what a rotated one signed, a thief may have.
 * @property rolledBack the sequence that a rollback left; null if there was none, or something came since.
 * @property bundle what the app's models need; null if unknown, and any space is taken.
 */
data class Device(
    val shard: String? = null,
    val sequence: Long? = null,
    val space: Space? = null,
    val isDamaged: Boolean = false,
    val isVouched: Boolean = true,
    val rolledBack: Long? = null,
    val bundle: Space? = null,
)

/** What to get: nothing ("current", "rolled back"), the changes, or the whole; and why. */
data class Plan(val get: Entry?, val why: String)

/** The rules of the sync, apart from input and output: what a device has, what is published → what to do. */
object Planner {
    private const val THEIRS = "the server's"
    private const val REMEDY = "update the app's bundle, or sync with the server of its space"

    /**
     * Decide.
     *
     * What a key signed that was rotated since is replaced by the whole, whatever its number. What a rollback left is
     * not taken again, only what is newer. The changes are taken when they start at exactly the device's sequence, end
     * at the published one and are shorter than the whole; everything else that is older takes the snapshot.
     *
     * @param allowOlder take a published state that is older than the device's, as after the restoring of a server's
     *   backup. It is signed, but a device does not go back by itself.
     * @throws org.pocketshelf.core.SpaceMismatch the published vectors cannot be searched by the app's models.
     * @throws SyncError the published state is older than the device's.
     */
    fun plan(device: Device, manifest: Manifest, allowOlder: Boolean = false): Plan {
        val published = Space(manifest.space, manifest.preprocessing)
        device.bundle?.requireSame(published, "this app's models are", THEIRS, REMEDY)
        if (device.isDamaged) return Plan(manifest.snapshot, "damaged")
        if (device.sequence == null || device.space == null) return Plan(manifest.snapshot, "first")
        if (!device.isVouched) return Plan(manifest.snapshot, "rotated")
        if (device.shard != manifest.shard) return Plan(manifest.snapshot, "other shard")
        if (!device.space.comparable(device.bundle ?: published)) {
            // Without a bundle nothing says that the app can search the new space.
            if (device.bundle == null) device.space.requireSame(published, "this shelf is", THEIRS, REMEDY)
            return Plan(manifest.snapshot, "other space")
        }
        if (device.sequence > manifest.sequence) {
            if (!allowOlder) throw goingBack(manifest.sequence, device.sequence)
            return Plan(manifest.snapshot, "reset")
        }
        if (device.sequence == manifest.sequence) return Plan(null, "current")
        if (device.rolledBack != null && manifest.sequence <= device.rolledBack) return Plan(null, "rolled back")
        return forward(device.sequence, manifest)
    }

    private fun goingBack(theirs: Long, ours: Long) = SyncError(
        "the server is at sequence $theirs, this shelf at $ours: going back is refused; allow it (--allow-older) if " +
            "the server was restored from a backup, or let its operator go on with `publish --jump-ahead`",
        reason = Reason.OLDER,
    )

    private fun forward(sequence: Long, manifest: Manifest): Plan {
        val shortest = manifest.deltas.filter { it.base == sequence && it.to == manifest.sequence }.minByOrNull { it.length }
            ?: return Plan(manifest.snapshot, "gap")
        if (shortest.length >= manifest.snapshot.length) return Plan(manifest.snapshot, "shorter")
        return Plan(shortest, "changes")
    }
}
