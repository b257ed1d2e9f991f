package org.pocketshelf.core.sync

import org.pocketshelf.core.Reason
import org.pocketshelf.core.StoreError
import org.pocketshelf.core.SyncError
import org.pocketshelf.core.formats.Fields
import org.pocketshelf.core.formats.StrictJson
import org.pocketshelf.core.store.Digests
import org.pocketshelf.core.store.StoreFolder

/** What a manifest names to be downloaded: the [target]'s name and its [length] in bytes as it travels. */
sealed class Entry {
    abstract val target: String
    abstract val length: Long
}

/** The whole shard. */
data class SnapshotEntry(override val target: String, override val length: Long) : Entry()

/** The changes between two sequence numbers. */
data class DeltaEntry(val base: Long, val to: Long, override val target: String, override val length: Long) : Entry()

/** Products of one category in the shard and in the whole catalogue. */
data class Count(val local: Long, val catalogue: Long)

/**
 * A shard's manifest: what the server has published and how to get there from an older sequence. Format, version 1:
 * `contract/schemas/manifest.schema.json`; unknown keys are ignored.
 *
 * @property categories counts by category: the recall estimate rests on them.
 * @property data its bytes as they were signed.
 */
class Manifest(
    val shard: String,
    val space: String,
    val preprocessing: String,
    val sequence: Long,
    val snapshot: SnapshotEntry,
    val deltas: List<DeltaEntry>,
    val categories: Map<String, Count>,
    val data: ByteArray,
) {
    /** How many products the shard holds. */
    val products: Long get() = categories.values.sumOf { it.local }

    companion object {
        /** Beside a generation's shard: the counts belong to that generation, also after a rollback. */
        const val NAME = "manifest.json"

        /** The longest that is read. */
        const val MOST_BYTES = 4_000_000
        private val TARGET = Regex("[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")

        /**
         * Read a manifest's bytes.
         *
         * @param where begins what an error says.
         * @throws SyncError it is not JSON, or not a manifest of a known version.
         */
        fun parse(data: ByteArray, where: String = NAME): Manifest {
            val document = try {
                StrictJson.parse(data)
            } catch (error: IllegalArgumentException) {
                throw refused("$where: the server's manifest cannot be read as JSON (${error.message})")
            }
            val top = Fields(document, where, ::refused)
            if (top.text("format") != "pocketshelf-manifest" || top.integer("version") != 1L) {
                throw refused("$where: not a manifest of version 1; update the app")
            }
            val snapshot = top.child("snapshot")
            return Manifest(
                shard = top.text("shard"),
                space = top.text("space"),
                preprocessing = top.text("preprocessing"),
                sequence = top.integer("sequence", low = 0),
                snapshot = SnapshotEntry(target(snapshot), snapshot.integer("length", low = 1)),
                deltas = top.children("deltas").map(::delta),
                categories = top.child("categories").let { part -> part.names.associateWith { count(part.child(it)) } },
                data = data,
            )
        }

        /**
         * The manifest that generation [name] came with: its counts stay with it, also after a rollback; null for one
         * from elsewhere, or whose manifest is damaged.
         */
        fun kept(folder: StoreFolder, name: String): Manifest? = try {
            parse(Digests.read(folder, name, NAME, MOST_BYTES))
        } catch (_: StoreError) {
            null
        } catch (_: SyncError) {
            null
        }

        private fun refused(message: String) = SyncError(message, reason = Reason.MANIFEST)

        private fun delta(part: Fields) = DeltaEntry(
            part.integer("from", low = 0),
            part.integer("to", low = 0),
            target(part),
            part.integer("length", low = 1),
        )

        private fun count(part: Fields) = Count(part.integer("local", low = 0), part.integer("catalogue", low = 0))

        /** A name becomes part of a URL and of a file name on the device. */
        private fun target(part: Fields): String {
            val name = part.text("target")
            if (!TARGET.matches(name)) {
                throw part.problem("target", "must be <folder>/<file> in plain letters, digits, '.', '_' and '-'")
            }
            return name
        }
    }
}
