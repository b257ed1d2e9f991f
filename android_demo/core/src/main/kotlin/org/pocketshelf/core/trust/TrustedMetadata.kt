package org.pocketshelf.core.trust

import org.pocketshelf.core.Reason
import java.time.Instant

/**
 * Verified metadata: a state that decides, and reads and writes nothing.
 *
 * Each `update…` takes a file in the order of TUF's client workflow (root, timestamp, snapshot, targets) and throws
 * a [MetadataError] unless it follows from what is trusted. A timestamp or snapshot that is expired, or not the one
 * pointed to, is kept to compare the next one with (rollback), but leads no further.
 *
 * Specification: https://theupdateframework.github.io/specification/latest/#detailed-client-workflow
 *
 * @param root what is trusted to begin with; must sign itself.
 * @param now what expiry is measured by.
 */
class TrustedMetadata(root: ByteArray, private val now: Instant, private val verifier: Verifier) {
    /** The trusted root. */
    var root: Root
        private set

    /** The newest timestamp that was verified. */
    var timestamp: Timestamp? = null
        private set

    /** The newest snapshot that was verified. */
    var snapshot: Snapshot? = null
        private set
    private val targets = HashMap<String, Targets>()
    private val delegations = HashSet<Pair<String, String>>()

    init {
        val metadata = Metadata.root(root)
        metadata.verify(metadata.signed, "root", verifier)
        this.root = metadata.signed
    }

    /** The targets role [name], once it was verified as one that [delegator] delegates to. */
    fun targets(name: String, delegator: String): Targets? = targets[name].takeIf { (delegator to name) in delegations }

    /** A root signed by the trusted one and by itself, one version further; it may be expired. */
    fun updateRoot(data: ByteArray) {
        check(timestamp == null) { "a root comes before the timestamp" }
        val metadata = Metadata.root(data)
        metadata.verify(root, "root", verifier)
        if (metadata.signed.version != root.version + 1) {
            throw MetadataError(Reason.ROLLBACK, "expected root version ${root.version + 1}, got ${metadata.signed.version}")
        }
        metadata.verify(metadata.signed, "root", verifier)
        root = metadata.signed
    }

    /**
     * A timestamp not older than the trusted one.
     *
     * @return false if it is of the same version: then the trusted one stays.
     */
    fun updateTimestamp(data: ByteArray): Boolean {
        check(snapshot == null) { "a timestamp comes before the snapshot" }
        if (root.isExpired(now)) throw MetadataError(Reason.EXPIRED, "the newest root.json is expired")
        val metadata = Metadata.timestamp(data)
        metadata.verify(root, "timestamp", verifier)
        val new = metadata.signed
        timestamp?.let { old ->
            requireAtLeast("timestamp version", new.version, old.version)
            if (new.version == old.version) return false
            requireAtLeast("snapshot version", new.snapshot.version, old.snapshot.version)
        }
        timestamp = new
        requireFinalTimestamp()
        return true
    }

    /**
     * The snapshot that the timestamp points to.
     *
     * @param stored it has been verified earlier: the timestamp's hash may be that of a newer one.
     */
    fun updateSnapshot(data: ByteArray, stored: Boolean = false) {
        check(targets.isEmpty()) { "a snapshot comes before the targets" }
        val meta = requireFinalTimestamp().snapshot
        if (!stored) meta.check(data)
        val metadata = Metadata.snapshot(data)
        metadata.verify(root, "snapshot", verifier)
        snapshot?.meta?.forEach { (name, old) ->
            val new = metadata.signed.meta[name] ?: throw invalid("the new snapshot lacks $name")
            requireAtLeast("$name version", new.version, old.version)
        }
        snapshot = metadata.signed
        requireFinalSnapshot()
    }

    /** The targets metadata of [role], to which [delegator] delegates, as the snapshot points to it. */
    fun updateTargets(data: ByteArray, role: String = "targets", delegator: String = "root"): Targets {
        val meta = requireFinalSnapshot().meta["$role.json"] ?: throw invalid("the snapshot lacks $role.json")
        val by: Delegator = if (delegator == "root") root else checkNotNull(targets[delegator]) { "$delegator comes first" }
        meta.check(data)
        val metadata = Metadata.targets(data)
        metadata.verify(by, role, verifier)
        if (metadata.signed.version != meta.version) {
            throw MetadataError(Reason.ROLLBACK, "expected $role version ${meta.version}, got ${metadata.signed.version}")
        }
        if (metadata.signed.isExpired(now)) throw MetadataError(Reason.EXPIRED, "$role.json is expired")
        targets[role] = metadata.signed
        delegations.add(delegator to role)
        return metadata.signed
    }

    private fun requireFinalTimestamp(): Timestamp {
        val found = checkNotNull(timestamp) { "the timestamp comes first" }
        if (found.isExpired(now)) throw MetadataError(Reason.EXPIRED, "timestamp.json is expired")
        return found
    }

    private fun requireFinalSnapshot(): Snapshot {
        val found = checkNotNull(snapshot) { "the snapshot comes first" }
        if (found.isExpired(now)) throw MetadataError(Reason.EXPIRED, "snapshot.json is expired")
        val expected = requireFinalTimestamp().snapshot.version
        if (found.version != expected) {
            throw MetadataError(Reason.ROLLBACK, "expected snapshot version $expected, got ${found.version}")
        }
        return found
    }

    private fun requireAtLeast(what: String, new: Long, old: Long) {
        if (new < old) throw MetadataError(Reason.ROLLBACK, "new $what must be at least $old, is $new")
    }
}
