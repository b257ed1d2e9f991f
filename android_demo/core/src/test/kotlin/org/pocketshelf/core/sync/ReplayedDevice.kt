package org.pocketshelf.core.sync

import java.io.File
import java.io.InputStream
import java.net.URI
import java.security.MessageDigest
import java.time.Instant
import java.time.OffsetDateTime
import java.util.zip.GZIPInputStream
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import org.pocketshelf.core.Contract
import org.pocketshelf.core.PocketshelfError
import org.pocketshelf.core.StoreError
import org.pocketshelf.core.Unreachable
import org.pocketshelf.core.formats.DerivedFile
import org.pocketshelf.core.formats.Space
import org.pocketshelf.core.formats.StrictJson
import org.pocketshelf.core.network.Answer
import org.pocketshelf.core.network.Fetcher
import org.pocketshelf.core.store.FileSystem
import org.pocketshelf.core.store.Store
import org.pocketshelf.core.store.StoreWriter
import org.pocketshelf.core.trust.hex
import org.pocketshelf.desktop.JdbcDatabases
import org.pocketshelf.desktop.commands.StoreCommands
import org.pocketshelf.signatures.BouncyCastleVerifier

/** The pool of byte strings that the recorded syncs name. */
internal object Blobs {
    private val all: Map<String, ByteArray> by lazy {
        val found = HashMap<String, ByteArray>()
        GZIPInputStream(Contract.golden("sync/blobs.gz").inputStream().buffered()).buffered().use { stream ->
            while (true) {
                val (name, length) = (line(stream) ?: break).split(' ')
                found[name] = ByteArray(length.toInt()).also { java.io.DataInputStream(stream).readFully(it) }
                stream.read()
            }
        }
        found
    }

    operator fun get(name: Any?): ByteArray = all.getValue(name as String)

    private fun line(stream: InputStream): String? {
        val out = StringBuilder()
        while (true) {
            val byte = stream.read()
            if (byte < 0) return null
            if (byte == '\n'.code) return out.toString()
            out.append(byte.toChar())
        }
    }
}

/** Serves a case's routes, as contract/golden/sync/README.md says. */
internal class ReplayedServer : Fetcher {
    private val routes = HashMap<String, Any>()
    val asked = ArrayList<List<Any>>()
    var isAway = false
    var retryAfter: Double? = null
    var seconds = 0.0

    fun serve(changes: Map<String, Any?>) = changes.forEach { (path, route) ->
        if (route == null) routes.remove(path) else routes[path] = route
    }

    override fun get(url: String, offset: Long, etag: String?, seconds: Double): Answer {
        val path = URI(url).path
        if (path.startsWith("/v1/targets/")) asked.add(listOf(path, offset))
        if (isAway) throw Unreachable("no network", retryAfter = retryAfter)
        val route = routes[path] ?: return Answer(404, iterator { })
        if (route is String) return plain(Blobs[route], offset.toInt(), etag)
        route as Map<*, *>
        if ("shifted" in route) return Answer(206, pieces(Blobs[route["shifted"]]), null, route["start"] as Long)
        return Answer(if (offset > 0) 206 else 200, body(path, route, offset.toInt()), null, offset)
    }

    private fun plain(data: ByteArray, offset: Int, etag: String?): Answer {
        val tag = "\"" + MessageDigest.getInstance("SHA-256").digest(data).hex().take(16) + "\""
        if (offset == 0 || etag != null && etag != tag) return Answer(200, pieces(data), tag)
        if (offset >= data.size) return Answer(416, iterator { }, tag)
        return Answer(206, pieces(data.copyOfRange(offset, data.size)), tag, offset.toLong())
    }

    private fun body(path: String, route: Map<*, *>, offset: Int): Iterator<ByteArray> = iterator {
        while ("endless" in route) yield(Blobs[route["endless"]])
        if ("breaks" in route) {
            routes[path] = route["breaks"] as Any
            val data = Blobs[route["breaks"]]
            yield(data.copyOfRange(offset, maxOf(offset, (route["at"] as Long).toInt())))
            if (route["away"] == true) isAway = true
            throw Unreachable("the connection broke")
        }
        val data = Blobs[route["drip"]]
        for (i in offset until data.size) {
            seconds += (route["seconds"] as Number).toDouble()
            yield(byteArrayOf(data[i]))
        }
    }

    private fun pieces(data: ByteArray): Iterator<ByteArray> =
        (data.indices step PIECE).map { data.copyOfRange(it, minOf(data.size, it + PIECE)) }.iterator()

    companion object {
        const val PIECE = 4096
    }
}

/** Waits for no disk: what a power cut would leave is not asked here. */
internal object Undurable : FileSystem() {
    override fun sync(file: File) = Unit

    override fun syncFolder(folder: File) = Unit
}

/** Does a case's steps in [folder], and asserts what each says of itself. */
internal class ReplayedDevice(private val folder: File) {
    /** What changes its store. */
    var files: FileSystem = Undurable

    /** See [Limits.featureBytes]. */
    var featureBytes = Limits().featureBytes

    /** Called with each staged generation. */
    var prepare: (File) -> Unit = {}
    private val server = ReplayedServer()
    private val databases = JdbcDatabases()

    fun replay(steps: List<Map<String, Any?>>) = steps.forEachIndexed { number, step ->
        val path = File(folder, step["store"] as String? ?: "store")
        when (step["do"]) {
            "sync" -> sync(path, step, "step $number")
            "rollback" -> check(path, step, "step $number") {
                linkedMapOf("generation" to StoreWriter.rollback(path, databases, step["undo"] == true))
            }
            "write" -> write(path, part(step["files"]))
            else -> throw AssertionError("unknown step ${step["do"]}")
        }
    }

    /** A step's sync without asserting anything. */
    fun sync(step: Map<String, Any?>): SyncReport {
        server.serve(part(step["serve"]))
        server.isAway = step["away"] == true
        return Syncer(File(folder, "store"), request(step), environment(step)).run()
    }

    private fun write(path: File, files: Map<String, Any?>) = files.forEach { (name, blob) ->
        val file = File(path, name)
        file.parentFile.mkdirs()
        if (blob == null) assertTrue(file.delete()) else file.writeBytes(Blobs[blob])
    }

    private fun sync(path: File, step: Map<String, Any?>, where: String) {
        server.serve(part(step["serve"]))
        server.isAway = step["away"] == true
        server.retryAfter = (step["retry_after"] as Number?)?.toDouble()
        server.asked.clear()
        val environment = environment(step)
        check(path, step, where) {
            val report = Syncer(path, request(step), environment).run()
            report.toJson() + ("problem" to report.problem?.let { report.reason?.label })
        }
        assertEquals(step["asked"], server.asked, "$where: asked")
    }

    private fun environment(step: Map<String, Any?>) = Environment(
        databases,
        BouncyCastleVerifier(),
        server,
        files,
        limits = limits(part(step["limits"])),
        attempts = (step["attempts"] as Long? ?: 3L).toInt(),
        clock = { server.seconds },
        now = { moment(step["now"]) },
        sleep = { server.seconds += it },
        jitter = { 0.5 },
        freeBytes = { step["free_bytes"] as Long? ?: 1_000_000_000_000L },
        prepare = prepare,
    )

    private fun request(step: Map<String, Any?>) = Request(
        step["server"] as String? ?: "http://shop.test",
        step["shard"] as String? ?: "all",
        step["root"]?.let { Blobs[it] },
        step["trust_on_first_use"] == true,
        step["bundle"]?.let { bundle(part(it)) },
        step["if_due"] == true,
        step["allow_older"] == true,
        step["closely"] == true,
    )

    private fun bundle(wanted: Map<String, Any?>) =
        Space(wanted["space"] as String, wanted["preprocessing"] as String, (wanted["dimension"] as Long).toInt(), "a test's")

    private fun limits(given: Map<String, Any?>): Limits {
        val known = setOf(
            "manifest_bytes", "download_bytes", "unpacked_bytes", "gap_seconds", "rate", "window_seconds", "total_seconds",
            "database_seconds", "chunk",
        )
        assertTrue(known.containsAll(given.keys), "unknown limits ${given.keys - known}")
        val usual = Limits()
        fun number(name: String, default: Number) = given[name] as Number? ?: default
        return Limits(
            number("manifest_bytes", usual.manifestBytes).toLong(),
            number("download_bytes", usual.downloadBytes).toLong(),
            number("unpacked_bytes", usual.unpackedBytes).toLong(),
            number("gap_seconds", usual.gapSeconds).toDouble(),
            number("rate", usual.rate).toDouble(),
            number("window_seconds", usual.windowSeconds).toDouble(),
            number("total_seconds", usual.totalSeconds).toDouble(),
            number("database_seconds", usual.databaseSeconds).toDouble(),
            number("chunk", ReplayedServer.PIECE).toInt(),
            featureBytes,
        )
    }

    /** Run [work]; what comes of it, and what is in the store afterwards, must be what the step says. */
    private fun check(path: File, step: Map<String, Any?>, where: String, work: () -> Map<String, Any?>) {
        val expect = part(step["expect"])
        val error = expect["error"]?.let(::part)
        val found = try {
            work()
        } catch (refusal: PocketshelfError) {
            if (error == null) throw AssertionError("$where: ${refusal.message}", refusal)
            assertEquals(error["kind"], refusal.javaClass.simpleName, "$where: ${refusal.message}")
            assertEquals(error["reason"], refusal.reason?.label, "$where: ${refusal.message}")
            null
        }
        assertEquals(error != null, found == null, "$where: $found instead of $error")
        if (found != null) {
            expect.forEach { (key, value) -> assertEquals(comparable(key, value), comparable(key, found[key]), "$where: $key") }
        }
        assertContent(path, part(step["after"]), where)
    }

    private fun comparable(key: String, value: Any?): Any? = when (key) {
        "next_attempt" -> value?.let(::moment)
        // Why, in words of its own.
        "problem" -> if (value is Map<*, *>) value["reason"] else value
        else -> value
    }

    private fun assertContent(path: File, after: Map<String, Any?>, where: String) {
        val store = try {
            Store.open(path, databases)
        } catch (error: StoreError) {
            assertEquals(after["sequence"], null, "$where: ${error.message}")
            return
        }
        store.use {
            assertEquals(after["sequence"], it.meta.sequence, where)
            val lines = ArrayList<Any?>()
            it.forEachProduct { product -> lines.add(StrictJson.parse(StrictJson.write(StoreCommands.line(product)))) }
            val expected = Blobs[after["products"]].toString(Charsets.UTF_8).trimEnd('\n').split('\n').filter(String::isNotEmpty)
            assertEquals(expected.map(StrictJson::parse), lines, where)
            if ("features" in after) assertEquals(after["features"], featuresOf(it), "$where: features")
        }
    }

    /** The blob that the store's local features are; null where it has none, or there is no store. */
    fun features(): String? = try {
        Store.open(File(folder, "store"), databases).use(::featuresOf)
    } catch (_: StoreError) {
        null
    }

    private fun featuresOf(store: Store): String? =
        DerivedFile.ofFeatures(store.folder.index(store.generation), store.digest).read(Long.MAX_VALUE)
            ?.let { MessageDigest.getInstance("SHA-256").digest(it).hex() }

    private fun moment(text: Any?): Instant = OffsetDateTime.parse(text as String).toInstant()

    @Suppress("UNCHECKED_CAST")
    private fun part(value: Any?): Map<String, Any?> = value as Map<String, Any?>? ?: emptyMap()
}
