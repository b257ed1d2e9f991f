package org.pocketshelf.core.sync

import java.io.ByteArrayOutputStream
import java.io.File
import java.io.FileNotFoundException
import java.io.IOException
import java.time.Instant
import java.util.Arrays
import org.pocketshelf.core.PocketshelfError
import org.pocketshelf.core.Reason
import org.pocketshelf.core.ServerError
import org.pocketshelf.core.SyncError
import org.pocketshelf.core.network.Fetcher
import org.pocketshelf.core.oneLine
import org.pocketshelf.core.store.FileSystem
import org.pocketshelf.core.store.PlainFiles
import org.pocketshelf.core.trust.Metadata
import org.pocketshelf.core.trust.MetadataError
import org.pocketshelf.core.trust.MetadataSource
import org.pocketshelf.core.trust.MetadataStore
import org.pocketshelf.core.trust.Updater
import org.pocketshelf.core.trust.Verifier

/** The server's metadata after a verified refresh. */
class Trusted internal constructor(
    private val updater: Updater,
    store: MetadataStore,
    verifier: Verifier,
    private val targetsUrl: String,
) {
    /** Ids of the keys that signed which files the server has published, ascending. */
    val keys: List<String> =
        Metadata.targets(checkNotNull(store.read("targets"))).signedBy(updater.root, "targets", verifier).sorted()

    /** Whether what [keys] signed would still be accepted as the publisher's. */
    fun counts(keys: Collection<String>): Boolean {
        val role = updater.root.role("targets")
        return keys.toSet().intersect(role.keyIds.toSet()).size >= role.threshold
    }

    /**
     * The signed description of [name].
     *
     * @throws SyncError the server signed no such file.
     */
    fun target(name: String): Target = find(name)
        ?: throw SyncError("$name: the server has not published it; check the shard's name", reason = Reason.UNPUBLISHED)

    /** The same; null where the server signed no such file. */
    fun find(name: String): Target? {
        val found = updater.target(name) ?: return null
        val sha256 = found.hashes["sha256"]
            ?: throw SyncError("$name: signed without a SHA-256; the server must publish again", reason = Reason.METADATA)
        val folder = name.substringBeforeLast('/', "")
        val served = if (updater.root.consistentSnapshot) "$folder/$sha256.${name.substringAfterLast('/')}" else name
        return Target(name, targetsUrl + served, found.length, sha256, found.custom)
    }
}

/**
 * What this device trusts: the `trust/` folder of a store, and the workflow of The Update Framework upon it.
 *
 * @param folder holds the last verified metadata; need not exist yet.
 * @param files the durable file operations.
 */
class Trust(private val folder: File, private val files: FileSystem, private val verifier: Verifier) {
    private var expected: Pair<Long, ByteArray>? = null

    /**
     * Whether a root of trust is stored.
     *
     * @throws SyncError something is stored in its place that is none.
     */
    fun established(): Boolean = storedRoot() != null

    /**
     * Trust [root] (a root.json from the app, the shop or an operator) from now on.
     *
     * Where a root is trusted already, an older one changes nothing, and a newer one is for [refresh] to check: it must
     * be what the trusted one leads to.
     *
     * @throws SyncError not a root that signs itself, or another root of the same version is trusted.
     */
    fun establish(root: ByteArray) {
        val version = versionOf(root)
        val stored = try {
            storedRoot()
        } catch (_: SyncError) { // A damaged root is replaced by any good one.
            null
        }
        if (stored != null) {
            val known = versionOf(stored)
            if (version == known && !Arrays.equals(root, stored)) {
                throw SyncError(
                    "another root of version $version is trusted already; to trust this one instead, remove $folder",
                    reason = Reason.ANOTHER_ROOT,
                )
            }
            expected = if (version > known) version to root else null
            return
        }
        files.makeWay(folder, folder = true)
        files.mkdir(folder)
        files.syncFolder(folder.parentFile)
        files.writeAtomically(File(folder, "root.json"), root)
    }

    /**
     * Run TUF's client workflow against the server; what was verified is kept, even if it then fails.
     *
     * @param now what expiry is measured by.
     * @throws org.pocketshelf.core.Unreachable the server is away.
     * @throws ServerError there is no repository at this address.
     * @throws SyncError the metadata is forged, expired, rolled back, mixed or endless.
     */
    fun refresh(source: MetadataSource, serverUrl: String, now: Instant): Trusted {
        val store = Folder()
        try {
            val updater = Updater(store, source, verifier, now)
            updater.refresh()
            checkExpected(updater)
            return Trusted(updater, store, verifier, serverUrl.trimEnd('/') + "/v1/targets/")
        } catch (error: MetadataError) {
            throw explained(error, serverUrl)
        }
    }

    private fun storedRoot(): ByteArray? {
        val file = File(folder, "root.json")
        val why = try {
            return PlainFiles.read(file, Updater.ROOT_BYTES.toInt()).also { versionOf(it) }
        } catch (_: FileNotFoundException) {
            return null
        } catch (error: IOException) {
            oneLine(error)
        } catch (_: SyncError) {
            "not a root that signs itself"
        }
        throw SyncError(
            "$file: the root of trust is damaged ($why); give the server's root.json again (--root, or put it into " +
                "the store's folder)",
            reason = Reason.BAD_ROOT,
        )
    }

    /** The newer root that was given must be one of those that led here from the trusted one. */
    private fun checkExpected(updater: Updater) {
        val (version, root) = expected ?: return
        val led = updater.roots[version]
        if (led != null && Arrays.equals(led, root)) return
        throw SyncError(
            "the root given, version $version, is not what the trusted one, version ${updater.root.version}, leads to: " +
                "is it another site's? To trust it instead, remove $folder",
            reason = Reason.ANOTHER_ROOT,
        )
    }

    /** The version of [root], once it is known to be signed by its own keys. */
    private fun versionOf(root: ByteArray): Long {
        try {
            MetadataRules.check(root, "the root of trust given: refused")
        } catch (error: SyncError) {
            throw SyncError(error.message.orEmpty(), error, Reason.BAD_ROOT)
        }
        try {
            val metadata = Metadata.root(root)
            metadata.verify(metadata.signed, "root", verifier)
            return metadata.signed.version
        } catch (error: MetadataError) {
            throw SyncError("the root of trust given is damaged or not signed by its own keys", error, Reason.BAD_ROOT)
        }
    }

    private inner class Folder : MetadataStore {
        override fun read(role: String): ByteArray? = try {
            PlainFiles.read(File(folder, "${Updater.quoted(role)}.json"), MetadataRules.LONGEST.toInt())
        } catch (_: IOException) { // Nothing that could be metadata: it is got again.
            null
        }

        override fun write(role: String, data: ByteArray) =
            files.writeAtomically(File(folder, "${Updater.quoted(role)}.json"), data)
    }

    companion object {
        private val SAID = mapOf(
            Reason.ENDLESS to "is longer than allowed (endless data)",
            Reason.EXPIRED to "has expired: it is held back, or this clock is wrong",
            Reason.SIGNATURE to "is not signed by the keys that this device trusts",
            Reason.ROLLBACK to "is older than what this device has seen (rollback), or of mixed versions; a server " +
                "that was restored from a backup needs `publish --jump-ahead`",
            Reason.MIXED to "is not what was signed (wrong length or hash)",
        )

        /**
         * Version 1 of the server's root, unauthenticated: for trust on first use only.
         *
         * @throws org.pocketshelf.core.Unreachable the server is away.
         * @throws ServerError it has none.
         * @throws SyncError it is longer than a root may be, or comes too slowly.
         */
        fun firstRoot(source: MetadataSource, serverUrl: String): ByteArray = try {
            source.get("1.root.json", Updater.ROOT_BYTES)
        } catch (error: MetadataError) {
            throw explained(error, serverUrl)
        }

        /** `root_version` and `expires` (the earliest, ISO 8601) of what is in [folder]; null before it. */
        fun describe(folder: File): Map<String, Any?> = try {
            fun data(role: String) = PlainFiles.read(File(folder, "$role.json"), MetadataRules.LONGEST.toInt())
            val root = Metadata.root(data("root")).signed
            val timestamp = Metadata.timestamp(data("timestamp")).signed
            val others = listOf(Metadata.snapshot(data("snapshot")).signed, Metadata.targets(data("targets")).signed)
            val expires = (others + timestamp + root).minOf { it.expires }
            linkedMapOf("root_version" to root.version, "expires" to expires.toString())
        } catch (_: IOException) {
            linkedMapOf("root_version" to null, "expires" to null)
        } catch (_: SyncError) {
            linkedMapOf("root_version" to null, "expires" to null)
        }

        /** TUF's error as one line that says which lie was told and what to do. */
        private fun explained(error: MetadataError, serverUrl: String): PocketshelfError {
            if (error.reason == Reason.NO_REPOSITORY) {
                return ServerError(
                    "$serverUrl: no signed repository there (status ${error.status}); check the address",
                    error,
                    Reason.NO_REPOSITORY,
                )
            }
            val what = SAID[error.reason] ?: "is invalid"
            return SyncError("$serverUrl: refused, its metadata $what [${oneLine(error)}]", error, error.reason)
        }
    }
}

/**
 * Gets metadata through a [Fetcher], at the sync's pace, and looks at it by [MetadataRules] at once.
 *
 * @param base the address that file names are added to.
 */
class FetchedMetadata(
    private val fetcher: Fetcher,
    private val base: String,
    private val pace: Pace,
    private val limits: Limits,
) : MetadataSource {
    override fun get(name: String, most: Long): ByteArray {
        val data = bounded(name, minOf(most, MetadataRules.LONGEST))
        MetadataRules.check(data, "$name: refused, its metadata is invalid")
        return data
    }

    private fun bounded(name: String, most: Long): ByteArray {
        pace.start()
        fetcher.get(base + name, seconds = limits.gapSeconds).use { answer ->
            if (answer.status != 200) {
                throw MetadataError(Reason.NO_REPOSITORY, "$base$name: status ${answer.status}", answer.status)
            }
            val gathered = ByteArrayOutputStream()
            for (chunk in answer.chunks) {
                pace.received(chunk.size)
                gathered.write(chunk, 0, chunk.size)
                if (gathered.size() > most) throw MetadataError(Reason.ENDLESS, "$name: more than $most bytes")
            }
            return gathered.toByteArray()
        }
    }
}
