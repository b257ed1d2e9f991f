package org.pocketshelf.core.store

import java.io.File
import java.io.IOException
import org.pocketshelf.core.StoreError
import org.pocketshelf.core.formats.Databases
import org.pocketshelf.core.formats.DerivedFile
import org.pocketshelf.core.formats.FeatureTable
import org.pocketshelf.core.formats.Shard

/** The local features of a generation: put beside its shard, and handed on to the next one. */
internal object Features {
    /** Put the features of the shard with the SHA-256 [shard] into [index], durably, whatever is there; throws [IOException]. */
    fun put(index: File, shard: String, data: ByteArray, files: FileSystem) {
        files.makeWay(index, folder = true)
        files.mkdir(index)
        files.syncFolder(index.parentFile)
        val file = DerivedFile.ofFeatures(index, shard)
        files.writeAtomically(file.path, file.headerOf(data), data)
    }

    /**
     * Keep the features of generation [name] beside the shard in [staging]: of the products that stay, those of a picture that
     * was replaced among them, until a sync brings its own. None are kept where something is amiss; the shard does not need
     * them.
     *
     * @param most bytes that features may have here.
     */
    fun handOn(folder: StoreFolder, name: String, staging: File, databases: Databases, files: FileSystem, most: Long) = try {
        val file = DerivedFile.ofFeatures(folder.index(name), Digests.recorded(folder, name).getValue(StoreFolder.SHARD_NAME))
        // Most shelves have none: nothing is read for them.
        if (file.path.isFile) handOn(file, folder.shard(name), staging, databases, files, most) else Unit
    } catch (_: IOException) {
    } catch (_: StoreError) {
    }

    private fun handOn(file: DerivedFile, old: File, staging: File, databases: Databases, files: FileSystem, most: Long) {
        val before = Shard.open(databases, old).use { it.ids() }
        val data = file.read(minOf(most, FeatureTable.mostBytes(before.size))) ?: return
        val table = FeatureTable.parse(data, before.size) ?: return
        val shard = File(staging, StoreFolder.SHARD_NAME)
        val after = Shard.open(databases, shard).use { it.ids() }
        val places = before.withIndex().associate { (place, id) -> id to place }
        val kept = table.picked(IntArray(after.size) { places[after[it]] ?: -1 })
        put(File(staging, "index"), PlainFiles.digest(shard)!!.first, kept.toBytes(), files)
    }
}
