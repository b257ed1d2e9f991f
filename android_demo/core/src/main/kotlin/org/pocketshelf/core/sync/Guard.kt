package org.pocketshelf.core.sync

import java.io.File
import java.io.IOException
import java.util.Arrays
import org.pocketshelf.core.Reason
import org.pocketshelf.core.StoreError
import org.pocketshelf.core.SyncError
import org.pocketshelf.core.formats.Access
import org.pocketshelf.core.formats.Databases
import org.pocketshelf.core.formats.Delta
import org.pocketshelf.core.formats.DeltaMeta
import org.pocketshelf.core.formats.ProductFile
import org.pocketshelf.core.formats.Shard
import org.pocketshelf.core.formats.ShardMeta
import org.pocketshelf.core.oneLine
import org.pocketshelf.core.store.PlainFiles

/**
 * Looks at a database from a server before anything of ours reads it.
 *
 * Signed does not mean harmless: the publisher's machine may have been taken over. A SQLite file can carry SQL of its
 * own that would run inside ours, and bytes that SQLite does not expect. So a file is refused unless its header, its
 * schema word for word, its pages and the type of every value are those of the format.
 *
 * See "Defense Against The Dark Arts" in SQLite's documentation, https://sqlite.org/security.html.
 *
 * @param seconds longest time for the checks of one file.
 */
internal class Guard(private val databases: Databases, private val seconds: Double) {
    /** Check an unpacked snapshot; throws [SyncError] about [name] at the first thing that does not fit. */
    fun shard(file: File, name: String): ShardMeta = checked(file, name) {
        Shard.open(databases, file, Access.SUSPECT, seconds).use { checkAll(it).meta }
    }

    /** Check unpacked changes; the same. */
    fun delta(file: File, name: String): DeltaMeta = checked(file, name) {
        Delta.open(databases, file, Access.SUSPECT, seconds).use { checkAll(it).meta }
    }

    private fun <T : ProductFile> checkAll(file: T): T = file.apply { check() }

    private fun <T> checked(file: File, name: String, work: () -> T): T = try {
        checkHeader(file)
        work()
    } catch (error: StoreError) {
        throw refused(name, error)
    } catch (error: IOException) {
        throw refused(name, error)
    }

    private fun refused(name: String, error: Exception): SyncError {
        val text = if ("interrupt" in error.message.orEmpty()) "took too long to check" else oneLine(error, 1000)
        return SyncError("$name: refused, the database is not one of this format ($text)", error, Reason.DATABASE)
    }

    /** The first 100 bytes, by https://sqlite.org/fileformat2.html#the_database_header. */
    private fun checkHeader(file: File) {
        val header = ByteArray(HEADER)
        val count = PlainFiles.open(file).use { it.read(header) }
        val page = number(header, 16, 2)
        val size = file.length()
        if (count < HEADER || !Arrays.equals(header.copyOf(16), MAGIC)) throw StoreError("$file: not a SQLite file")
        if (page != PAGE_SIZE || size % page != 0L || size / page != number(header, 28, 4)) {
            throw StoreError("$file: its pages do not add up to its length")
        }
        if (number(header, 18, 2) != 0x0101L) throw StoreError("$file: needs a write-ahead log")
        if (number(header, 56, 4) != 1L) throw StoreError("$file: its text is not UTF-8")
    }

    private fun number(bytes: ByteArray, start: Int, size: Int): Long =
        (start until start + size).fold(0L) { number, i -> (number shl 8) or (bytes[i].toLong() and 0xff) }

    private companion object {
        const val HEADER = 100
        const val PAGE_SIZE = 4096L
        val MAGIC = "SQLite format 3\u0000".toByteArray()
    }
}
