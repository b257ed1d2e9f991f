package org.pocketshelf.core.store

import java.io.File
import java.io.IOException
import java.security.MessageDigest
import kotlin.concurrent.thread
import org.pocketshelf.core.StoreError
import org.pocketshelf.core.trust.hex

/** What a generation consists of, against the SHA-256s that were recorded when it was written, beside it. */
internal object Digests {
    /** What has its digest recorded, where it is there: the shard, and the manifest that it came with. */
    val RECORDED = listOf(StoreFolder.SHARD_NAME, "manifest.json")
    private const val RECORD_BYTES = 1000
    private const val SMALL_FILE = 10_000_000
    private val LINE = Regex("([0-9a-f]{64})\\s+(\\S+)")

    /** The record of what lies in [staging], as sha256sum writes it. */
    fun lines(staging: File): ByteArray {
        val files = RECORDED.map { File(staging, it) }.filter { it.isFile }
        return files.joinToString("") { "${PlainFiles.digest(it)!!.first}  ${it.name}\n" }.toByteArray()
    }

    /**
     * File → SHA-256 of what never changes in a generation, the shard among it.
     *
     * @throws StoreError there is no record, or a damaged one.
     */
    fun recorded(folder: StoreFolder, name: String): Map<String, String> {
        val lines = try {
            PlainFiles.read(folder.digest(name), RECORD_BYTES).toString(Charsets.US_ASCII).trimEnd('\n').split('\n')
        } catch (error: IOException) {
            throw unreadable(folder, name, error.message, error)
        }
        val found = lines.map { LINE.matchEntire(it)?.destructured }
        if (null in found) throw unreadable(folder, name, "${StoreFolder.DIGEST_NAME} holds no SHA-256 of the shard")
        val digests = found.associate { it!!.component2() to it.component1() }
        if (StoreFolder.SHARD_NAME !in digests) {
            throw unreadable(folder, name, "${StoreFolder.DIGEST_NAME} holds no SHA-256 of the shard")
        }
        return digests
    }

    /**
     * The bytes of a small file of a generation, as they were written.
     *
     * @throws StoreError it is missing, longer than [most], or damaged.
     */
    fun read(folder: StoreFolder, name: String, file: String, most: Int): ByteArray {
        val path = File(folder.generation(name), file)
        val expected = recorded(folder, name)[file]
        val data = try {
            PlainFiles.read(path, most)
        } catch (error: IOException) {
            throw unreadable(folder, name, error.message, error)
        }
        // A generation that an older release wrote has the shard's digest only.
        if (expected != null && expected != MessageDigest.getInstance("SHA-256").digest(data).hex()) throw differs(path)
        return data
    }

    /** Compare a generation's shard with its recorded SHA-256, which is returned; throws [StoreError]. */
    fun checkShard(folder: StoreFolder, name: String): String = DigestCheck(folder, name, Long.MAX_VALUE).digest

    /** Compare all that is recorded; the shard's SHA-256. Throws [StoreError]. */
    fun check(folder: StoreFolder, name: String): String {
        recorded(folder, name).keys.intersect(RECORDED.drop(1).toSet()).forEach { read(folder, name, it, SMALL_FILE) }
        return checkShard(folder, name)
    }

    fun differs(path: File) = StoreError("$path: not the bytes that were written (SHA-256 differs); sync or build it again")

    fun unreadable(folder: StoreFolder, name: String, why: String?, cause: Throwable? = null) =
        StoreError("${folder.generation(name)}: cannot be read ($why); sync or build it again", cause)
}

/**
 * Compares a generation's shard with the recorded digest: at once where it has up to [atOnce] bytes, else in the
 * background.
 *
 * @throws StoreError it differs, or one of the two cannot be read.
 */
internal class DigestCheck(folder: StoreFolder, name: String, atOnce: Long = AT_ONCE) {
    /** The recorded one. */
    val digest: String = Digests.recorded(folder, name).getValue(StoreFolder.SHARD_NAME)
    private val shard = folder.shard(name)

    @Volatile
    private var isStopped = false

    @Volatile
    private var fault: StoreError? = null

    init {
        val size = try {
            requireWhole()
        } catch (error: IOException) {
            throw Digests.unreadable(folder, name, error.message, error)
        }
        if (size <= atOnce) {
            compare()
            requireSound()
        } else {
            thread(isDaemon = true, name = "pocketshelf-digest") { compare() }
        }
    }

    /** @throws StoreError the shard has been found not to be the one that was written. */
    fun requireSound() {
        fault?.let { throw it }
    }

    /** End the check in the background, if there is one. */
    fun stop() {
        isStopped = true
    }

    /** Whether a SQLite file is as long as it says, which spares hashing one that is endless; its length. */
    private fun requireWhole(): Long {
        val header = ByteArray(100)
        val count = PlainFiles.open(shard).use { java.io.DataInputStream(it).run { read(header) } }
        val pages = number(header, 28, 4)
        if (count < header.size || shard.length() != number(header, 16, 2) * pages) throw Digests.differs(shard)
        return shard.length()
    }

    private fun compare() {
        try {
            val found = PlainFiles.digest(shard) { !isStopped } ?: return
            if (found.first != digest) fault = Digests.differs(shard)
        } catch (error: IOException) {
            fault = StoreError("$shard: cannot be read (${error.message}); sync or build it again", error)
        }
    }

    companion object {
        /** Up to so many bytes are hashed before the store is opened, more of them while it is used. */
        const val AT_ONCE = 64_000_000L

        /** The [size] bytes at [start] as an unsigned big-endian number. */
        fun number(bytes: ByteArray, start: Int, size: Int): Long =
            (start until start + size).fold(0L) { number, i -> (number shl 8) or (bytes[i].toLong() and 0xff) }
    }
}
