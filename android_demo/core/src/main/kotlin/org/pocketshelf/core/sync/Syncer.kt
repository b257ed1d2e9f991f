package org.pocketshelf.core.sync

import java.io.File
import java.io.IOException
import java.time.Instant
import java.time.temporal.ChronoUnit
import org.pocketshelf.core.PocketshelfError
import org.pocketshelf.core.Reason
import org.pocketshelf.core.StoreError
import org.pocketshelf.core.SyncError
import org.pocketshelf.core.Unreachable
import org.pocketshelf.core.formats.Databases
import org.pocketshelf.core.formats.FeatureTable
import org.pocketshelf.core.formats.Shard
import org.pocketshelf.core.formats.Space
import org.pocketshelf.core.network.Address
import org.pocketshelf.core.network.Fetcher
import org.pocketshelf.core.network.HttpFetcher
import org.pocketshelf.core.oneLine
import org.pocketshelf.core.store.Digests
import org.pocketshelf.core.store.FileSystem
import org.pocketshelf.core.store.PlainFiles
import org.pocketshelf.core.store.Store
import org.pocketshelf.core.store.StoreFolder
import org.pocketshelf.core.store.StoreWriter
import org.pocketshelf.core.trust.Updater
import org.pocketshelf.core.trust.Verifier
import org.pocketshelf.core.withoutPasswords

/**
 * Everything outside that a sync touches; tests replace it.
 *
 * @property attempts how often one sync tries while the server is away.
 * @property clock seconds that only go forward.
 * @property now the time of day, which expiry and back-off are measured by.
 * @property sleep waits so many seconds.
 * @property jitter gives a number in [0, 1).
 * @property freeBytes how much room the volume of a folder has.
 * @property progress told how far the downloads are: what, bytes so far, bytes in all.
 * @property prepare called with a staged generation before it is used; what it throws keeps the previous one.
 */
class Environment(
    val databases: Databases,
    val verifier: Verifier,
    val fetcher: Fetcher = HttpFetcher(),
    val files: FileSystem = FileSystem(),
    val limits: Limits = Limits(),
    val attempts: Int = 3,
    val clock: () -> Double = { System.nanoTime() / 1e9 },
    val now: () -> Instant = { Instant.now().truncatedTo(ChronoUnit.MILLIS) },
    val sleep: (Double) -> Unit = { Thread.sleep((it * 1000).toLong()) },
    val jitter: () -> Double = Math::random,
    val freeBytes: (File) -> Long = File::getUsableSpace,
    val progress: (String, Long, Long) -> Unit = { _, _, _ -> },
    val prepare: (File) -> Unit = {},
)

/**
 * What is asked of a sync.
 *
 * @property serverUrl the address below which `/v1/metadata` and `/v1/targets` lie.
 * @property shard which of the server's shards this device carries.
 * @property root bytes of the root.json to trust. Needed once; else `<store>/root.json` is taken.
 * @property trustOnFirstUse with no root at all, trust whoever answers the first sync.
 * @property bundle what the app's models need; a shelf that they cannot search is refused.
 * @property ifDue for background syncs: do nothing while backing off from a server that was away.
 * @property allowOlder accept a published state older than the device's (a restored server).
 * @property closely bring the local features that the server publishes, too.
 */
class Request(
    val serverUrl: String,
    val shard: String = "all",
    val root: ByteArray? = null,
    val trustOnFirstUse: Boolean = false,
    val bundle: Space? = null,
    val ifDue: Boolean = false,
    val allowOlder: Boolean = false,
    val closely: Boolean = true,
)

/**
 * Brings the store at [path] to the state that a server published, over bad networks, past kills and lies.
 *
 * Searches go on in the old generation meanwhile. What is downloaded is trusted by The Update Framework's rules ([Trust]),
 * bounded and resumable ([Downloader]), looked at before it is used ([Guard]), and becomes a new generation beside the
 * current one ([NextGeneration]). What to download is decided by the [Planner].
 *
 * @throws org.pocketshelf.core.UsageError the server's address is none.
 */
class Syncer(private val path: File, private val request: Request, private val environment: Environment) {
    private val address: String = Address.server(request.serverUrl)
    private val server: String = withoutPasswords(address)
    private val folder = StoreFolder(path)
    private val files = environment.files
    private val databases = environment.databases
    private val pace = Pace(environment.limits, environment.clock)
    private val started = environment.clock()
    private var received = 0L

    // What was done, once the shelf is the published one; its local features may be missing still.
    private var done: Pair<SyncReport, Long>? = null

    /**
     * Sync once, trying again a few times while the server is away. A server that is away is no error: the outcome is
     * "offline".
     *
     * @throws SyncError the server lied, went back, is too slow, or there is no room; one line says which.
     * @throws org.pocketshelf.core.SpaceMismatch its shelf belongs to other models.
     * @throws org.pocketshelf.core.ServerError there is no signed repository at this address.
     * @throws StoreError the folder cannot be written, or another sync is running. After any of these the store is as it
     *   was before.
     */
    fun run(): SyncReport = StoreWriter.open(path, databases, files) { writer ->
        val state = SyncState.load(path)
        val due = state.waitsFor(server, environment.now())
        if (request.ifDue && due != null) return@open report("deferred", due.toString(), due.toString())
        val (report, sequence) = try {
            persist(writer)
        } catch (error: PocketshelfError) {
            if (done == null) return@open if (error is Unreachable) offline(state, error) else throw error
            val (report, sequence) = told()
            val reason = if (error is Unreachable) Reason.AWAY else error.reason
            report.copy(problem = "${oneLine(error, 1000)}; $LATER", reason = reason) to sequence
        }
        remember(state.succeeded(server, request.shard, environment.now(), sequence))
        report
    }

    /** [once], until the server answers or the attempts are spent. */
    private fun persist(writer: StoreWriter): Pair<SyncReport, Long> {
        for (delay in Backoff.delays(environment.attempts, jitter = environment.jitter)) {
            try {
                return once(writer)
            } catch (error: Unreachable) {
                val wait = maxOf(delay, error.retryAfter ?: 0.0)
                if (wait > minOf(Backoff.PATIENCE, pace.remaining)) throw error
                environment.sleep(wait)
            }
        }
        return once(writer)
    }

    private fun offline(state: SyncState, error: Unreachable): SyncReport {
        val moment = environment.now()
        val failures = state.failures(server) + 1
        val pause = Backoff.nextAttemptAfter(failures, environment.jitter, error.retryAfter)
        // A clock at the end of the calendar has no later moment.
        val due = minOf(moment, LATEST).plusMillis((pause * 1000).toLong())
        remember(state.failed(server, moment, due))
        return report("offline", error.message, due.toString())
    }

    private fun remember(state: SyncState) = tidying { state.save(path, files) }

    /** What is done besides: it may fail, and the sync is what it is. */
    private fun tidying(work: () -> Unit) = try {
        work()
    } catch (_: IOException) {
    }

    private fun once(writer: StoreWriter): Pair<SyncReport, Long> {
        val trusted = trusted()
        val manifest = manifest(trusted)
        val device = device(trusted, manifest)
        val todo = Planner.plan(device, manifest, request.allowOlder)
        if (todo.get == null) {
            dropDamagedPrevious(writer)
            if (todo.why == "current") vouch(trusted, manifest)
            if (done == null) done = report("current", todo.why) to manifest.sequence
        } else {
            val how = update(writer, trusted, manifest, device, todo)
            dropDownloads()
            val isAsPlanned = how == if (todo.get is DeltaEntry) "changes" else "snapshot"
            val report = report("updated", if (isAsPlanned) todo.why else "does not fit")
            done = report.copy(how = how, fromSequence = device.sequence) to manifest.sequence
        }
        val told = told(features = if (todo.why == "rolled back") null else features(trusted, manifest))
        dropDownloads()
        return told
    }

    private fun told(features: String? = null): Pair<SyncReport, Long> {
        val (report, sequence) = checkNotNull(done)
        val seconds = environment.clock() - started
        return report.copy(received = received, seconds = seconds, features = features) to sequence
    }

    /** Bring the local features of the shelf, which is the published one; how, if at all. */
    private fun features(trusted: Trusted, manifest: Manifest): String? {
        if (!request.closely) return null
        val bringer = FeatureBringer(folder, databases, files, environment.limits) { target, room ->
            requireSpace(room)
            downloader(target.name).get(target)
        }
        return try {
            bringer.bring(trusted, manifest.shard, manifest.sequence)
        } catch (error: IOException) {
            throw StoreError("$path: ${oneLine(error)}", error)
        }
    }

    private fun dropDownloads() = tidying { files.removeTree(File(path, "downloads")) }

    private fun trusted(): Trusted {
        val trust = Trust(File(path, "trust"), files, environment.verifier)
        val root = request.root?.takeIf { it.isNotEmpty() } ?: lyingBy(trust)
        if (root != null) {
            trust.establish(root)
        } else if (!trust.established()) {
            trust.establish(firstRoot())
        }
        val plain = environment.fetcher
        val fetcher = if (plain is HttpFetcher) plain.telling(Store.currentSequence(path, databases) ?: 0) else plain
        return trust.refresh(metadata(fetcher), address, environment.now())
    }

    private fun metadata(fetcher: Fetcher) = FetchedMetadata(fetcher, "$address/v1/metadata/", pace, environment.limits)

    /** The root that lies in the store's folder, where none is stored yet, or a damaged one. */
    private fun lyingBy(trust: Trust): ByteArray? {
        val isEstablished = try {
            trust.established()
        } catch (_: SyncError) {
            false
        }
        val provided = File(path, "root.json")
        return if (isEstablished || !provided.exists()) null else PlainFiles.read(provided, Updater.ROOT_BYTES.toInt())
    }

    private fun firstRoot(): ByteArray {
        if (!request.trustOnFirstUse) {
            throw SyncError(
                "$path: no root of trust yet; give the server's root.json (--root, or put it into this folder), or " +
                    "accept whoever answers (--trust-on-first-use)",
                reason = Reason.NO_ROOT,
            )
        }
        return Trust.firstRoot(metadata(environment.fetcher), address)
    }

    private fun manifest(trusted: Trusted): Manifest {
        val target = trusted.target("${request.shard}/${Manifest.NAME}")
        val file = downloader(target.name).get(target, environment.limits.manifestBytes)
        val manifest = Manifest.parse(file.readBytes(), target.name)
        if (manifest.shard != request.shard) {
            throw SyncError("${target.name}: refused, it is the manifest of shard '${manifest.shard}'", reason = Reason.MANIFEST)
        }
        return manifest
    }

    /** What is here; a generation that fails its checksum counts as damaged. */
    private fun device(trusted: Trusted, manifest: Manifest): Device = try {
        val name = folder.current()
        if (name == null) Device(bundle = request.bundle) else sound(name, trusted, manifest)
    } catch (_: StoreError) {
        Device(isDamaged = true, bundle = request.bundle)
    }

    private fun sound(name: String, trusted: Trusted, manifest: Manifest): Device {
        Digests.check(folder, name)
        val meta = Shard.open(databases, folder.shard(name)).use { it.meta }
        val isVouched = meta.sequence == manifest.sequence && isMadeOf(name, trusted, manifest) || counts(name, trusted)
        return Device(
            Manifest.kept(folder, name)?.shard,
            meta.sequence,
            meta.vectorsOf(),
            isVouched = isVouched,
            rolledBack = folder.rolledBack()?.second,
            bundle = request.bundle,
        )
    }

    /** Whether a key signed the generation that is not rotated since; true where nothing is known. */
    private fun counts(name: String, trusted: Trusted): Boolean {
        val signedBy = SignedBy.read(folder.generation(name)) ?: return true
        return trusted.counts(signedBy.keys)
    }

    /** Whether the generation was made of the very snapshot that is signed now. */
    private fun isMadeOf(name: String, trusted: Trusted, manifest: Manifest): Boolean {
        val signed = trusted.target(manifest.snapshot.target).sha256
        return SignedBy.read(folder.generation(name))?.snapshot == signed
    }

    /** Note that keys which count now signed the current generation, where they did: the very file. */
    private fun vouch(trusted: Trusted, manifest: Manifest) {
        val name = folder.requireCurrent()
        val signedBy = SignedBy.read(folder.generation(name)) ?: return
        if (signedBy.keys == trusted.keys || !isMadeOf(name, trusted, manifest)) return
        tidying {
            files.writeAtomically(File(folder.generation(name), SignedBy.NAME), signedBy.copy(keys = trusted.keys).toBytes())
        }
    }

    /** A repair that was killed between the pointer and the tidying leaves what it replaced. */
    private fun dropDamagedPrevious(writer: StoreWriter) {
        val previous = folder.previous() ?: return
        try {
            Digests.check(folder, previous)
        } catch (_: StoreError) { // A rollback must not lead there.
            writer.prune(folder.generations().toSet() - previous)
        }
    }

    private fun update(writer: StoreWriter, trusted: Trusted, manifest: Manifest, device: Device, todo: Plan): String {
        val isAnew = todo.why == "damaged" || todo.why == "rotated"
        val space = device.bundle ?: device.space.takeUnless { isAnew }
        val isPublished = trusted.find(FeatureTable.targetName(manifest.shard, manifest.sequence)) != null
        val keeps = isPublished && request.closely && todo.why in GOES_ON
        val following =
            NextGeneration(writer, databases, manifest, environment.limits, trusted.keys, space, environment.prepare, keeps)
        if (todo.get is DeltaEntry) {
            try {
                val (file, target) = packed(trusted, todo.get)
                following.publishChanges(file, target, todo.get)
                return "changes"
            } catch (_: StoreError) { // They do not fit: the snapshot does.
            }
        }
        val (file, target) = packed(trusted, manifest.snapshot)
        following.publishSnapshot(file, target, replaces = isAnew)
        return "snapshot"
    }

    /** Download what the manifest names, if there is room for it and for what it becomes. */
    private fun packed(trusted: Trusted, entry: Entry): Pair<File, Target> {
        val target = trusted.target(entry.target)
        val (unpacked) = NextGeneration.unpacked(target, environment.limits)
        // Changes are applied to a copy of the shard, which grows by no more than them.
        val copied = if (entry is DeltaEntry) unpacked + folder.shard(folder.requireCurrent()).length() else 0
        requireSpace(target.length + unpacked + copied)
        return downloader(target.name).get(target) to target
    }

    private fun requireSpace(bytes: Long) {
        val needed = (bytes * SPARE).toLong() + SPARE_BYTES
        val free = environment.freeBytes(path)
        if (free < needed) {
            throw SyncError(
                "$path: ${needed / 1_000_000} MB are needed for this sync, ${free / 1_000_000} MB are free; free some space",
                reason = Reason.ROOM,
            )
        }
    }

    private fun downloader(what: String): Downloader {
        var seen = 0L
        return Downloader(File(path, "downloads"), environment.fetcher, files, pace, environment.limits) { done, total ->
            received += maxOf(0, done - seen)
            seen = done
            environment.progress(what, done, total)
        }
    }

    private fun report(outcome: String, why: String?, nextAttempt: String? = null): SyncReport {
        val sequence = Store.currentSequence(path, databases)
        val seconds = environment.clock() - started
        return SyncReport(outcome, null, why?.let { oneLine(it, 1000) }, sequence, sequence, received, seconds, nextAttempt)
    }

    private companion object {
        // Why the next generation is this one, with changes.
        val GOES_ON = setOf("changes", "shorter", "gap")
        const val LATER = "the shelf is searched without its newest local features, and the next sync tries again"
        val LATEST: Instant = Instant.parse("9999-12-30T23:59:59Z")

        // Room for the indexes and the volume's own bookkeeping, beyond the bytes that are known.
        const val SPARE = 1.1
        const val SPARE_BYTES = 1_000_000L
    }
}
