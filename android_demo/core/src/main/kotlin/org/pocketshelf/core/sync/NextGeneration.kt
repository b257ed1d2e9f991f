package org.pocketshelf.core.sync

import java.io.File
import org.pocketshelf.core.Reason
import org.pocketshelf.core.StoreError
import org.pocketshelf.core.SyncError
import org.pocketshelf.core.formats.ByCodePoint
import org.pocketshelf.core.formats.Databases
import org.pocketshelf.core.formats.Delta
import org.pocketshelf.core.formats.Shard
import org.pocketshelf.core.formats.Space
import org.pocketshelf.core.store.Features
import org.pocketshelf.core.store.StoreFolder
import org.pocketshelf.core.store.StoreWriter

/**
 * Makes the state that [manifest] describes the current generation of the writer's store; the one before stays.
 *
 * @param keys ids of the keys that signed it.
 * @param space what its vectors must be comparable to, a manifest says nothing of their dimension; null: any.
 * @param prepare called with the staged generation's folder before it is published: derives indexes, warms up the
 *   models; what it throws keeps the generation from being used.
 * @param keepsFeatures the local features of the current generation are handed on, until those of the new one are there.
 */
internal class NextGeneration(
    private val writer: StoreWriter,
    private val databases: Databases,
    private val manifest: Manifest,
    private val limits: Limits,
    private val keys: List<String>,
    private val space: Space?,
    private val prepare: (File) -> Unit,
    private val keepsFeatures: Boolean,
) {
    private val guard = Guard(databases, limits.databaseSeconds)

    /**
     * From the whole shard.
     *
     * @param replaces the current generation is damaged, or a thief's: it is not kept for a rollback.
     * @throws SyncError it is not what the manifest describes; the store is unchanged.
     * @throws org.pocketshelf.core.SpaceMismatch its vectors cannot be searched here; the same.
     */
    fun publishSnapshot(packed: File, target: Target, replaces: Boolean = false) = writer.staged { staging ->
        val shard = File(staging, StoreFolder.SHARD_NAME)
        unpack(packed, shard, target)
        val meta = guard.shard(shard, target.name)
        expectSpace(target.name, meta.space, meta.preprocessing)
        expect(target.name, "sequence", meta.sequence, manifest.sequence)
        space?.requireSame(
            meta.vectorsOf(),
            "what is searched here is",
            "the server's shelf",
            "update the app's bundle, or sync with the server of its space",
        )
        miscount(shard)?.let { throw SyncError(it, reason = Reason.COUNTS) }
        finish(staging, SignedBy(keys, target.sha256), replaces)
    }

    /**
     * From changes, applied to a copy of the current shard.
     *
     * @throws SyncError they are not what the manifest describes; the store is unchanged.
     * @throws StoreError they do not fit the current shard; the store is unchanged, the snapshot would help.
     */
    fun publishChanges(packed: File, target: Target, entry: DeltaEntry) = writer.staged { staging ->
        val changes = File(staging, "delta.sqlite")
        val shard = File(staging, StoreFolder.SHARD_NAME)
        unpack(packed, changes, target)
        val meta = guard.delta(changes, target.name)
        expectSpace(target.name, meta.space, meta.preprocessing)
        expect(target.name, "from_sequence", meta.fromSequence, entry.base)
        expect(target.name, "to_sequence", meta.toSequence, entry.to)
        writer.files.copy(writer.folder.shard(writer.folder.requireCurrent()), shard)
        Delta.apply(databases, shard, changes, checked = true)
        writer.files.unlink(changes)
        miscount(shard)?.let { throw StoreError("${writer.folder.path}: $it", reason = Reason.COUNTS) }
        finish(staging, SignedBy(keys, null), false)
    }

    private fun unpack(packed: File, file: File, target: Target) {
        val (length, sha256) = unpacked(target, limits)
        Unpacking(writer.files, limits).unpack(packed, file, length, sha256)
    }

    private fun expectSpace(name: String, space: String, preprocessing: String) {
        expect(name, "space", space, manifest.space)
        expect(name, "preprocessing", preprocessing, manifest.preprocessing)
    }

    /** The file's own meta table must say what the manifest says of it. */
    private fun expect(name: String, key: String, found: Any, expected: Any) {
        if (found == expected) return
        throw SyncError(
            "$name: refused, its $key is '$found', the manifest's is '$expected' (replayed?)",
            reason = Reason.REPLAYED,
        )
    }

    /** Where the shard holds another number of products than was signed; null where it does not. */
    private fun miscount(shard: File): String? {
        val found = Shard.open(databases, shard).use { it.categories() }
        val signed = manifest.categories.mapValues { it.value.local }.filterValues { it > 0 }
        val name = (found.keys + signed.keys).sortedWith(ByCodePoint).find { (found[it] ?: 0).toLong() != (signed[it] ?: 0L) }
        return name?.let { "the shard holds ${found[it] ?: 0} products of '$it', the manifest counts ${signed[it] ?: 0}" }
    }

    private fun finish(staging: File, signedBy: SignedBy, replaces: Boolean) {
        prepare(staging)
        if (keepsFeatures) {
            val folder = writer.folder
            Features.handOn(folder, folder.requireCurrent(), staging, databases, writer.files, limits.featureBytes)
        }
        for ((name, data) in listOf(Manifest.NAME to manifest.data, SignedBy.NAME to signedBy.toBytes())) {
            writer.files.write(File(staging, name), data)
            writer.files.sync(File(staging, name))
        }
        writer.publish(staging, replaces)
    }

    companion object {
        /**
         * The signed unpacked length and SHA-256 of [target].
         *
         * @throws SyncError they are missing or beyond the limit.
         */
        fun unpacked(target: Target, limits: Limits): Pair<Long, String> {
            val length = target.custom["uncompressed_length"]
            val sha256 = target.custom["uncompressed_sha256"]
            if (length !is Long || sha256 !is String) {
                throw SyncError("${target.name}: refused, signed without its unpacked length and hash", reason = Reason.UNPACKED)
            }
            if (length !in 1..limits.unpackedBytes) {
                throw SyncError(
                    "${target.name}: refused, would unpack to $length bytes of ${limits.unpackedBytes} allowed",
                    reason = Reason.BOMB,
                )
            }
            return length to sha256
        }
    }
}
