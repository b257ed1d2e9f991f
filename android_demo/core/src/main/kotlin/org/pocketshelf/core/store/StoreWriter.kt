package org.pocketshelf.core.store

import java.io.File
import java.io.IOException
import java.nio.channels.FileChannel
import java.nio.channels.OverlappingFileLockException
import java.nio.file.FileAlreadyExistsException
import java.nio.file.StandardOpenOption
import org.pocketshelf.core.Reason
import org.pocketshelf.core.StoreError
import org.pocketshelf.core.formats.Databases
import org.pocketshelf.core.formats.Shard
import org.pocketshelf.core.oneLine

/**
 * The one writer of a store: a new generation beside the old one, then the pointer, atomically and last.
 *
 * @property folder the store's paths.
 * @property files every change goes through it.
 */
class StoreWriter private constructor(val folder: StoreFolder, val files: FileSystem, private val databases: Databases) {
    /**
     * Run [work] with an empty folder for the next generation, removed again if it fails.
     *
     * What an interrupted writer left is removed first.
     */
    fun <T> staged(work: (File) -> T): T {
        val entries = folder.generationsPath.listFiles().orEmpty().sorted()
        entries.filter { it.name.startsWith(".old-") }.forEach { unlessImpossible { files.removeTree(it) } }
        entries.filter { it.name.startsWith(".new-") }.forEach { files.removeTree(it) }
        val staging = File(folder.generationsPath, ".new-${folder.next()}")
        files.mkdir(staging)
        try {
            return work(staging)
        } catch (error: Throwable) {
            unlessImpossible { files.removeTree(staging) }
            throw error
        }
    }

    /**
     * Make [staging], with its `shard.sqlite`, the current generation; returns its name.
     *
     * After a crash at any point the store is wholly in the old state or wholly in the new one.
     *
     * @param replacesDamaged the current generation is not worth keeping; the one before it stays.
     * @throws StoreError the shard does not open, or the disk does not take it; the store is as before.
     */
    fun publish(staging: File, replacesDamaged: Boolean = false): String {
        val shard = File(staging, StoreFolder.SHARD_NAME)
        Shard.open(databases, shard).close()
        val kept = worthKeeping(replacesDamaged)
        val name = staging.name.removePrefix(".new-")
        files.sync(shard)
        files.writeAtomically(File(staging, StoreFolder.DIGEST_NAME), Digests.lines(staging))
        files.replace(staging, folder.generation(name))
        files.syncFolder(folder.generationsPath)
        pointTo(name)
        prune(setOfNotNull(name, kept))
        return name
    }

    /**
     * Point back to the generation before the current one; returns its name.
     *
     * What was current is remembered, if it is sound, so that no sync returns to it by itself.
     *
     * @throws StoreError there is none, or it is damaged.
     */
    fun rollback(): String {
        val current = folder.requireCurrent()
        val previous = folder.previous() ?: throw nothing("there is no older generation to go back to")
        sequence(previous)
        try {
            remember(current, sequence(current))
        } catch (_: StoreError) { // A damaged one may come again, whole.
        }
        pointTo(previous)
        return previous
    }

    /**
     * Point to the generation that was rolled back from; returns its name.
     *
     * @throws StoreError nothing was rolled back, or it is gone or damaged.
     */
    fun undoRollback(): String {
        folder.requireCurrent()
        val (name) = folder.rolledBack() ?: throw nothing("nothing was rolled back")
        sequence(name)
        pointTo(name)
        return name
    }

    /** Remove all generations but those in [keep]. */
    fun prune(keep: Set<String> = setOfNotNull(folder.current(), folder.previous())) {
        for (name in (folder.generations() + folder.leftovers()) - keep) {
            // A generation that cannot be removed now only takes space; the next prune tries again.
            unlessImpossible {
                // Out of the names first, durably: half a generation must never pass for one.
                val doomed = File(folder.generationsPath, ".old-$name")
                files.replace(folder.generation(name), doomed)
                files.syncFolder(folder.generationsPath)
                files.removeTree(doomed)
            }
        }
    }

    private fun remember(current: String, sequence: Long) {
        val earlier = folder.rolledBack()
        val (name, number) = if (earlier != null && earlier.second > sequence) earlier else current to sequence
        files.writeAtomically(folder.rolledBackPath, "$name $number\n".toByteArray())
    }

    private fun pointTo(name: String) = files.writeAtomically(folder.pointer, "$name\n".toByteArray())

    private fun worthKeeping(damaged: Boolean): String? = try {
        if (damaged) folder.previous() else folder.current()
    } catch (_: StoreError) { // The pointer itself is damaged: what it pointed at is unknown.
        folder.generations().lastOrNull()
    }

    /** That of a sound generation; throws [StoreError] if it is damaged. */
    private fun sequence(name: String): Long {
        Digests.checkShard(folder, name)
        return Shard.open(databases, folder.shard(name)).use { it.meta.sequence }
    }

    private fun nothing(why: String) = StoreError("${folder.path}: $why", reason = Reason.NOTHING_TO_ROLL_BACK)

    private fun unlessImpossible(work: () -> Unit) = try {
        work()
    } catch (_: IOException) { // It only takes space.
    }

    companion object {
        /**
         * Run [work] as the writer of the store at [path], creating the folder if need be.
         *
         * The lock is the system's (released when the process dies); Python's writer takes another kind of lock, so
         * that a store has writers of one language only.
         *
         * @throws StoreError another process is writing, or the folder cannot be written. System errors within
         *   [work], a full disk among them, come out as this, too.
         */
        fun <T> open(path: File, databases: Databases, files: FileSystem = FileSystem(), work: (StoreWriter) -> T): T {
            val writer = StoreWriter(StoreFolder(path), files, databases)
            return systemErrors(writer.folder) {
                writer.makeFolder()
                files.makeWay(writer.folder.lock)
                locked(writer.folder.lock) { work(writer) }
            }
        }

        /**
         * Return the store at [path] to its previous generation, whose name is returned.
         *
         * @param undo return to the generation that was rolled back from instead.
         * @throws StoreError there is no store, no such generation, or it is damaged.
         */
        fun rollback(path: File, databases: Databases, undo: Boolean = false): String {
            StoreFolder(path).requireCurrent()
            return open(path, databases) { if (undo) it.undoRollback() else it.rollback() }
        }

        // The locks that this process holds. The system drops them when any channel of the file is closed, that of a
        // writer who was refused among them.
        private val held = HashSet<File>()

        private fun <T> locked(file: File, work: () -> T): T {
            val own = file.canonicalFile
            if (!synchronized(held) { held.add(own) }) throw taken(file)
            try {
                return FileChannel.open(file.toPath(), StandardOpenOption.CREATE, StandardOpenOption.WRITE).use { channel ->
                    val lock = try {
                        channel.tryLock()
                    } catch (_: OverlappingFileLockException) { // By other code of this process.
                        null
                    }
                    lock ?: throw taken(file)
                    work()
                }
            } finally {
                synchronized(held) { held.remove(own) }
            }
        }

        private fun taken(file: File) = StoreError("${file.parentFile}: another process is writing this store; wait for it")

        /** The system's errors as one [StoreError], which says in which state the store is. */
        private fun <T> systemErrors(folder: StoreFolder, work: () -> T): T {
            val before = currentOf(folder)
            try {
                return work()
            } catch (error: IOException) {
                val after = currentOf(folder)
                val state = if (after == before) "as it was" else "whole, and at generation $after now"
                throw StoreError("${folder.path}: ${oneLine(error)}; the store is $state", error)
            }
        }

        private fun currentOf(folder: StoreFolder) = try {
            folder.current()
        } catch (_: StoreError) {
            null
        }
    }

    private fun makeFolder() = try {
        files.mkdir(folder.generationsPath)
    } catch (error: FileAlreadyExistsException) {
        throw StoreError("${folder.generationsPath}: not a folder; remove it, then sync again", error)
    }
}
