package org.pocketshelf.core.sync

import java.io.File
import java.io.IOException
import java.time.DateTimeException
import java.time.Instant
import java.time.OffsetDateTime
import org.pocketshelf.core.SyncError
import org.pocketshelf.core.formats.Fields
import org.pocketshelf.core.formats.StrictJson
import org.pocketshelf.core.store.FileSystem
import org.pocketshelf.core.store.PlainFiles

/**
 * A server that did not answer.
 *
 * @property failures attempts in a row in which it was away.
 * @property nextAttempt before it, a background sync leaves it alone.
 */
data class Away(val failures: Long, val nextAttempt: Instant)

/**
 * What the device remembers of its syncs: `sync.json` in the store's folder. Only a memory, no truth.
 *
 * @property server of the last sync that reached its server; so are [shard], [lastSync] and [serverSequence].
 * @property away by address, the latest last.
 */
data class SyncState(
    val server: String? = null,
    val shard: String? = null,
    val lastAttempt: Instant? = null,
    val lastSync: Instant? = null,
    val serverSequence: Long? = null,
    val away: Map<String, Away> = emptyMap(),
) {
    /**
     * When a background sync should try [server] again; null if it should at [moment].
     *
     * A time further off than the longest back-off was written by a clock that was wrong.
     */
    fun waitsFor(server: String, moment: Instant): Instant? {
        val next = away[key(server)]?.nextAttempt ?: return null
        val isAhead = next.isAfter(moment)
        return next.takeIf { isAhead && !it.isAfter(moment.plusMillis((Backoff.LONGEST * 1000).toLong())) }
    }

    /** Attempts in a row in which [server] was away. */
    fun failures(server: String): Long = away[key(server)]?.failures ?: 0

    /** The state after [server] was away at [moment], to be left alone until [due]. */
    fun failed(server: String, moment: Instant, due: Instant): SyncState {
        val others = away - key(server) + (key(server) to Away(failures(server) + 1, due))
        return copy(lastAttempt = moment, away = others.entries.toList().takeLast(MOST_SERVERS).associate { it.key to it.value })
    }

    /** The state after a sync with [server], which published [sequence]. */
    fun succeeded(server: String, shard: String, moment: Instant, sequence: Long): SyncState =
        SyncState(server, shard, moment, moment, sequence, away - key(server))

    /** For `status`: with the back-off of the server that is synced with, or was tried last. */
    fun toStatus(): Map<String, Any?> {
        val known = if (server == null) away.values.lastOrNull() else away[key(server)]
        return linkedMapOf(
            "server" to server,
            "shard" to shard,
            "last_attempt" to lastAttempt?.toString(),
            "last_sync" to lastSync?.toString(),
            "server_sequence" to serverSequence,
            "failures" to (known?.failures ?: 0L),
            "next_attempt" to known?.nextAttempt?.toString(),
        )
    }

    /** Replace the state stored in [folder], whatever stands in its place; throws [IOException]. */
    fun save(folder: File, files: FileSystem) {
        val document = linkedMapOf(
            "format" to FORMAT,
            "version" to 1,
            "server" to server,
            "shard" to shard,
            "last_attempt" to lastAttempt?.toString(),
            "last_sync" to lastSync?.toString(),
            "server_sequence" to serverSequence,
            "away" to away.mapValues { (_, server) ->
                linkedMapOf("failures" to server.failures, "next_attempt" to server.nextAttempt.toString())
            },
        )
        files.writeAtomically(File(folder, FILE_NAME), (StrictJson.write(document) + "\n").toByteArray())
    }

    companion object {
        const val FILE_NAME = "sync.json"
        private const val FORMAT = "pocketshelf-sync"
        private const val MOST_BYTES = 100_000
        private const val MOST_SERVERS = 8

        /** The state stored in [folder]; a fresh one if there is none or it cannot be read. */
        fun load(folder: File): SyncState = try {
            read(Fields(StrictJson.parse(PlainFiles.read(File(folder, FILE_NAME), MOST_BYTES)), FILE_NAME) { SyncError(it) })
        } catch (_: IOException) {
            SyncState()
        } catch (_: IllegalArgumentException) {
            SyncState()
        } catch (_: DateTimeException) {
            SyncState()
        } catch (_: SyncError) {
            SyncState()
        }

        private fun read(top: Fields): SyncState {
            require(top.text("format") == FORMAT && top.integer("version") == 1L) { "another format" }
            val servers = top.optionalChild("away")
            return SyncState(
                server = top.optionalText("server"),
                shard = top.optionalText("shard"),
                lastAttempt = if (top.has("last_attempt")) time(top, "last_attempt") else null,
                lastSync = if (top.has("last_sync")) time(top, "last_sync") else null,
                serverSequence = if (top.has("server_sequence")) top.integer("server_sequence", low = 0) else null,
                away = servers.names.associateWith { away(servers.child(it)) },
            )
        }

        private fun away(part: Fields) = Away(part.integer("failures", low = 1), time(part, "next_attempt"))

        /** With a time zone; one without says nothing. */
        private fun time(part: Fields, name: String): Instant = OffsetDateTime.parse(part.text(name)).toInstant()

        private fun key(server: String) = server.trimEnd('/').lowercase()
    }
}
