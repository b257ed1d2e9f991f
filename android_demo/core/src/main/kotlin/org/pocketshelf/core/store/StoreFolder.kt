package org.pocketshelf.core.store

import java.io.File
import java.io.FileNotFoundException
import java.io.IOException
import org.pocketshelf.core.StoreError

/** Where things are in a store's folder [path], which need not exist; reading the pointer. Nothing here writes. */
class StoreFolder(val path: File) {
    val pointer = File(path, "current")
    val generationsPath = File(path, "generations")
    val lock = File(path, ".lock")
    val rolledBackPath = File(path, "rolled-back")

    /**
     * Name of the current generation; null where there is no store yet.
     *
     * @throws StoreError the pointer cannot be read or holds no name.
     */
    fun current(): String? {
        val name = try {
            PlainFiles.read(pointer, POINTER_BYTES).toString(Charsets.US_ASCII).trim()
        } catch (_: FileNotFoundException) {
            return null
        } catch (error: IOException) {
            throw StoreError("$pointer: cannot be read (${error.message}); sync or build the store again", error)
        }
        if (!NAME.matches(name)) throw StoreError("$pointer: holds no generation's name; sync or build the store again")
        return name
    }

    /**
     * [current], where there has to be a store.
     *
     * @throws StoreError there is none.
     */
    fun requireCurrent(): String = current() ?: throw StoreError("$path: no store here; make one with 'sync'")

    /** Names of all complete generations, oldest first; those being written are not among them. */
    fun generations(): List<String> = entries().filter { generation(it).isDirectory }.sorted()

    /** The newest generation older than the current one: where a rollback leads. */
    fun previous(): String? = current()?.let { current -> generations().lastOrNull { it < current } }

    /** A name that sorts after all that are there, whatever they stand for. */
    fun next(): String {
        val numbers = entries().filter { it.length < 19 && it.all { letter -> letter in '0'..'9' } }.map { it.toLong() }
        return ((numbers.maxOrNull() ?: 0L) + 1).toString().padStart(8, '0')
    }

    /** What has a generation's name and is no folder. */
    fun leftovers(): List<String> = (entries() - generations().toSet()).sorted()

    /** (generation, its sequence) that a rollback left, while the pointer still leads to an older one. */
    fun rolledBack(): Pair<String, Long>? {
        val words: List<String>
        val current: String?
        try {
            words = PlainFiles.read(rolledBackPath, POINTER_BYTES).toString(Charsets.US_ASCII).trim().split(BLANKS)
            current = current()
        } catch (_: IOException) { // Only a memory: without it the next sync goes forward.
            return null
        } catch (_: StoreError) {
            return null
        }
        if (words.size != 2 || current == null || words[0] <= current) return null
        val sequence = words[1].takeIf { it.length <= 19 && it.all { letter -> letter in '0'..'9' } }?.toLongOrNull()
        return sequence?.let { words[0] to it }
    }

    /** Folder of a generation. */
    fun generation(name: String) = File(generationsPath, name)

    /** The shard of a generation. */
    fun shard(name: String) = File(generation(name), SHARD_NAME)

    /** The file with the SHA-256s of what never changes in a generation. */
    fun digest(name: String) = File(generation(name), DIGEST_NAME)

    /** Folder of a generation's derived indexes. */
    fun index(name: String) = File(generation(name), "index")

    private fun entries(): Set<String> = generationsPath.list().orEmpty().filter(NAME::matches).toSet()

    companion object {
        const val SHARD_NAME = "shard.sqlite"
        const val DIGEST_NAME = "shard.sha256"
        private const val POINTER_BYTES = 200
        private val NAME = Regex("[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
        private val BLANKS = Regex("\\s+")
    }
}
