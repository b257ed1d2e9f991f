package org.pocketshelf.core.store

import java.io.File
import java.io.IOException
import java.nio.channels.FileChannel
import java.nio.file.Files
import java.nio.file.StandardCopyOption
import java.nio.file.StandardOpenOption

/**
 * The file operations that a store's durability rests on, each one a point where power may fail.
 *
 * Everything that changes a store goes through one, so that a test can kill at every single operation. Each may
 * throw [IOException].
 */
open class FileSystem {
    /** Create or truncate [file] and write [data]; not yet durable. A link there is not followed. */
    open fun write(file: File, data: ByteArray) {
        makeWay(file)
        file.writeBytes(data)
    }

    /** Add [data] at the end of [file]; not yet durable. */
    open fun append(file: File, data: ByteArray) = file.appendBytes(data)

    /** Make the contents of a file durable. */
    open fun sync(file: File) =
        FileChannel.open(file.toPath(), StandardOpenOption.READ, StandardOpenOption.WRITE).use { it.force(true) }

    /** Make a folder's entries (creations, renames, removals in it) durable, where the platform can. */
    open fun syncFolder(folder: File) {
        val channel = try {
            FileChannel.open(folder.toPath(), StandardOpenOption.READ)
        } catch (_: IOException) { // Windows cannot open folders; its renames are journalled.
            return
        }
        channel.use {
            try {
                it.force(true)
            } catch (_: IOException) { // A volume that cannot: a power cut may lose the latest change, not more.
            }
        }
    }

    /** Rename atomically, replacing [target]. */
    open fun replace(source: File, target: File) {
        Files.move(source.toPath(), target.toPath(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING)
    }

    /** Remove a file if it is there. */
    open fun unlink(file: File) {
        Files.deleteIfExists(file.toPath())
    }

    /** Create a folder, and those above it, if missing. */
    open fun mkdir(folder: File) {
        Files.createDirectories(folder.toPath())
    }

    /** Remove a folder and what is in it, or what else stands there, if anything does. */
    open fun removeTree(path: File) = PlainFiles.remove(path)

    /** Remove what stands where a file of ours (or a [folder]) belongs and is none. */
    open fun makeWay(path: File, folder: Boolean = false) {
        if (!PlainFiles.fits(path, folder)) PlainFiles.remove(path)
    }

    /** Copy a file's contents; not yet durable. */
    open fun copy(source: File, target: File) {
        Files.copy(source.toPath(), target.toPath(), StandardCopyOption.REPLACE_EXISTING)
    }

    /** Replace [file] so that after a crash it holds either all of the old or all of [parts], whatever stands there. */
    fun writeAtomically(file: File, vararg parts: ByteArray) {
        if (file.isDirectory && !Files.isSymbolicLink(file.toPath())) removeTree(file)
        val temporary = File(file.parentFile, ".${file.name}.new")
        write(temporary, parts[0])
        for (part in parts.drop(1)) append(temporary, part)
        sync(temporary)
        replace(temporary, file)
        syncFolder(file.parentFile)
    }
}
