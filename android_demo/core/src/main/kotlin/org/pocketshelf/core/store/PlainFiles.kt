package org.pocketshelf.core.store

import java.io.File
import java.io.FileInputStream
import java.io.FileNotFoundException
import java.io.IOException
import java.io.InputStream
import java.nio.file.Files
import java.nio.file.LinkOption
import java.nio.file.attribute.BasicFileAttributes
import java.security.MessageDigest
import org.pocketshelf.core.trust.hex

/**
 * Reading files that a power cut, a full disk or somebody else may have left in any state.
 *
 * A name may stand for something else than the file that was written there: a folder, a link that leads out of the
 * store, a pipe on which a reader would wait for ever. What is read here is a plain file, and bounded.
 */
object PlainFiles {
    private const val CHUNK = 1 shl 18

    /**
     * Open a plain file, or a link to one, for reading.
     *
     * @throws FileNotFoundException it is missing.
     * @throws IOException it cannot be read, or is a folder, a pipe or a device.
     */
    fun open(file: File): InputStream {
        if (!file.isFile && file.exists()) throw IOException("$file: not a plain file")
        return FileInputStream(file)
    }

    /**
     * The bytes of a plain file, at most [most] of them.
     *
     * @throws IOException as [open], or it is longer.
     */
    fun read(file: File, most: Int): ByteArray = open(file).use { stream ->
        val out = java.io.ByteArrayOutputStream()
        val chunk = ByteArray(minOf(CHUNK, most + 1))
        var count = stream.read(chunk)
        while (count >= 0) {
            out.write(chunk, 0, count)
            if (out.size() > most) throw IOException("$file: longer than the $most bytes that it may have")
            count = stream.read(chunk)
        }
        out.toByteArray()
    }

    /**
     * The SHA-256 of a plain file, in hexadecimal, and its length in bytes.
     *
     * @param goesOn asked between pieces; null is returned once it says false.
     */
    fun digest(file: File, goesOn: () -> Boolean = { true }): Pair<String, Long>? = open(file).use { stream ->
        val digest = MessageDigest.getInstance("SHA-256")
        val chunk = ByteArray(CHUNK)
        var length = 0L
        while (goesOn()) {
            val count = stream.read(chunk)
            if (count < 0) return digest.digest().hex() to length
            digest.update(chunk, 0, count)
            length += count
        }
        null
    }

    /** Whether nothing stands at [path], or a file of ours (or a [folder]) that this process may use. */
    fun fits(path: File, folder: Boolean): Boolean {
        val place = path.toPath()
        if (!Files.exists(place, LinkOption.NOFOLLOW_LINKS)) return true
        val kind = Files.readAttributes(place, BasicFileAttributes::class.java, LinkOption.NOFOLLOW_LINKS)
        val isRight = if (folder) kind.isDirectory else kind.isRegularFile
        return isRight && Files.isReadable(place) && Files.isWritable(place)
    }

    /** Remove what is at [path], if anything is: a file, a link (never what it leads to), a whole folder. */
    fun remove(path: File) {
        val place = path.toPath()
        if (Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS)) {
            path.setReadable(true)
            path.setWritable(true)
            path.setExecutable(true)
            Files.newDirectoryStream(place).use { entries -> entries.toList() }.forEach { remove(it.toFile()) }
        }
        Files.deleteIfExists(place)
    }
}
