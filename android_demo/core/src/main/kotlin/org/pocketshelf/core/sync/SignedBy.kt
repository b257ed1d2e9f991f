package org.pocketshelf.core.sync

import java.io.File
import java.io.IOException
import org.pocketshelf.core.SyncError
import org.pocketshelf.core.formats.Fields
import org.pocketshelf.core.formats.StrictJson
import org.pocketshelf.core.store.PlainFiles

/**
 * By whose keys a generation was signed: `signed.json` beside its shard.
 *
 * A device does not go back in its shelf's numbers. But a number that a thief signed with a stolen key counts no more
 * once that key is rotated, as The Update Framework has it for its own versions; nor does the content.
 *
 * @property keys ids of the keys of *targets* that signed it.
 * @property snapshot SHA-256 of the snapshot as it travelled; null for a generation made of changes. Signed by a new key,
 *   too, it vouches for what is here, and nothing needs to be fetched again.
 */
data class SignedBy(val keys: List<String>, val snapshot: String?) {
    /** The file's content. */
    fun toBytes(): ByteArray {
        val document = linkedMapOf("format" to FORMAT, "version" to 1, "keys" to keys, "snapshot" to snapshot)
        return (StrictJson.write(document) + "\n").toByteArray()
    }

    companion object {
        const val NAME = "signed.json"
        private const val FORMAT = "pocketshelf-signed"
        private const val MOST_BYTES = 10_000

        /** What [generation] says; null where it says nothing: built elsewhere, or by an earlier version. */
        fun read(generation: File): SignedBy? = try {
            val top = Fields(StrictJson.parse(PlainFiles.read(File(generation, NAME), MOST_BYTES)), NAME) { SyncError(it) }
            val keys = (top.get("keys") as? List<*>)?.map { it.toString() }
            val isOurs = top.text("format") == FORMAT && top.integer("version") == 1L
            if (isOurs && keys != null) SignedBy(keys, top.get("snapshot")?.toString()) else null
        } catch (_: IOException) {
            null
        } catch (_: IllegalArgumentException) {
            null
        } catch (_: SyncError) {
            null
        }
    }
}
