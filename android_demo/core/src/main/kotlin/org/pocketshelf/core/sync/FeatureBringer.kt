package org.pocketshelf.core.sync

import java.io.File
import java.security.MessageDigest
import org.pocketshelf.core.Reason
import org.pocketshelf.core.SyncError
import org.pocketshelf.core.formats.Databases
import org.pocketshelf.core.formats.DerivedFile
import org.pocketshelf.core.formats.FeatureTable
import org.pocketshelf.core.formats.Shard
import org.pocketshelf.core.store.Digests
import org.pocketshelf.core.store.Features
import org.pocketshelf.core.store.FileSystem
import org.pocketshelf.core.store.StoreFolder
import org.pocketshelf.core.trust.hex

/**
 * Brings the local features of a shelf (`org.pocketshelf.core.closely`), which a server publishes beside its shard.
 *
 * They come last, to a generation that is current already: a shelf is searched without them meanwhile, and no fault of theirs
 * keeps products or prices back. Where the shelf has those of an older sequence, the changes since are laid over them, and must
 * give the bytes that were signed as the whole.
 *
 * @param get downloads a signed file, having looked for room for so many bytes.
 */
internal class FeatureBringer(
    private val folder: StoreFolder,
    private val databases: Databases,
    private val files: FileSystem,
    private val limits: Limits,
    private val get: (Target, Long) -> File,
) {
    /**
     * Make the current generation's features those that are signed for it: they were ("current"), or come as "changes" or whole
     * ("snapshot"); null where none are signed.
     *
     * @param shard of the current generation, which is the published one; [sequence] likewise.
     * @throws org.pocketshelf.core.Unreachable the server is away; what has arrived is kept.
     * @throws org.pocketshelf.core.ServerError it does not have a file that it signed.
     * @throws SyncError a file is not the one signed, beyond a bound, or malformed; the shelf is as it was.
     * @throws org.pocketshelf.core.StoreError the store cannot be read.
     * @throws java.io.IOException it cannot be written.
     */
    fun bring(trusted: Trusted, shard: String, sequence: Long): String? {
        val name = folder.requireCurrent()
        val products = Shard.open(databases, folder.shard(name)).use { it.size }
        val digest = Digests.recorded(folder, name).getValue(StoreFolder.SHARD_NAME)
        val file = DerivedFile.ofFeatures(folder.index(name), digest)
        val whole = trusted.find(FeatureTable.targetName(shard, sequence))
        if (whole == null) {
            // What a key signed that was rotated since, perhaps.
            if (file.path.exists()) files.removeTree(file.path)
            return null
        }
        val most = minOf(FeatureTable.mostBytes(products), limits.featureBytes)
        checkLength(whole, most)
        val held = file.read(most)
        if (held != null && isOf(held, whole)) return "current"
        val known = held?.let { FeatureTable.parse(it, products) }
        val changed = known?.let { changed(trusted, whole, it, shard, sequence, most) }
        Features.put(folder.index(name), digest, changed ?: snapshot(whole, products, sequence), files)
        return if (changed == null) "snapshot" else "changes"
    }

    private fun snapshot(whole: Target, products: Int, sequence: Long): ByteArray {
        val data = plain(whole)
        if (FeatureTable.parse(data, products)?.sequence != sequence) {
            throw SyncError("${whole.name}: refused, not the local features of $products products", reason = Reason.FEATURES)
        }
        return data
    }

    /** The published bytes by the changes since what is here; null where those do not lead there. */
    private fun changed(
        trusted: Trusted, whole: Target, known: FeatureTable, shard: String, sequence: Long, most: Long,
    ): ByteArray? {
        val changes = trusted.find(FeatureTable.targetName(shard, sequence, base = known.sequence)) ?: return null
        if (changes.length >= whole.length) return null
        checkLength(changes, most)
        return known.changed(plain(changes))?.toBytes()?.takeIf { isOf(it, whole) }
    }

    private fun checkLength(target: Target, most: Long) {
        val (length) = NextGeneration.unpacked(target, limits)
        // What cannot be packed grows by less than this.
        if (length <= most && target.length <= most + most / 512 + 1024) return
        throw SyncError(
            "${target.name}: refused, ${target.length} bytes, $length unpacked; the local features of this shelf have $most here " +
                "at most",
            reason = Reason.TOO_LONG,
        )
    }

    /** The unpacked bytes of a signed file, in memory; [checkLength] has bounded them. */
    private fun plain(target: Target): ByteArray {
        val (length, sha256) = NextGeneration.unpacked(target, limits)
        val packed = get(target, target.length + 3 * length)
        val plain = File(packed.parentFile, "${packed.name}.plain")
        files.makeWay(plain)
        Unpacking(files, limits).unpack(packed, plain, length, sha256)
        return plain.readBytes().also { files.unlink(plain) }
    }

    private fun isOf(data: ByteArray, whole: Target): Boolean =
        MessageDigest.getInstance("SHA-256").digest(data).hex() == whole.custom["uncompressed_sha256"]
}
