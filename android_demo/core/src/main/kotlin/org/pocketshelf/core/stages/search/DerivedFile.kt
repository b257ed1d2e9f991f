package org.pocketshelf.core.stages.search

import java.io.File
import java.io.IOException
import java.security.MessageDigest

/**
 * A file in [folder] derived from the shard with the SHA-256 [shard], for one [purpose]; format version 1, as
 * `sdk/pocketshelf/formats/derived.py` describes it:
 *
 *     pocketshelf-derived 1 <origin> <sha256> <length>\n     five words in ASCII, 170 bytes at most
 *     <length> bytes, whose SHA-256 is <sha256>
 *
 * A file that does not fit, whatever befell it, is as good as none: it is made again.
 */
class DerivedFile(private val folder: File, private val shard: String, private val purpose: String) {
    /** The file. */
    val path: File get() = File(folder, "$purpose$SUFFIX")

    // What the bytes were made from and for.
    private val origin: String get() = sha256("$shard $purpose".toByteArray())

    /** The verified bytes, [most] at most; null if there is no such file, or it does not fit. */
    fun read(most: Long): ByteArray? = try {
        val length = path.length()
        if (!path.isFile || length > most + HEADER) null else verified(path.readBytes())
    } catch (_: IOException) {
        null
    }

    private fun verified(bytes: ByteArray): ByteArray? {
        val end = bytes.take(HEADER).indexOf('\n'.code.toByte())
        if (end < 0) return null
        val words = String(bytes, 0, end, Charsets.US_ASCII).split(' ')
        if (words.size != 5 || "${words[0]} ${words[1]}" != MAGIC || words[2] != origin) return null
        val data = bytes.copyOfRange(end + 1, bytes.size)
        return data.takeIf { words[4] == "${data.size}" && words[3] == sha256(data) }
    }

    /**
     * Put [data] in the file's place.
     *
     * @throws IOException the volume is full, read-only or gone.
     */
    fun write(data: ByteArray) {
        if (!folder.isDirectory && !folder.mkdirs()) throw IOException("$folder: cannot be made")
        val temporary = File.createTempFile("derived", ".tmp", folder)
        try {
            temporary.outputStream().use { stream ->
                stream.write("$MAGIC $origin ${sha256(data)} ${data.size}\n".toByteArray(Charsets.US_ASCII))
                stream.write(data)
                stream.fd.sync()
            }
            if (!temporary.renameTo(path)) throw IOException("$path: cannot be written")
        } finally {
            temporary.delete()
        }
    }

    companion object {
        /** Ends the name of each. */
        const val SUFFIX = ".1.usearch"
        private const val MAGIC = "pocketshelf-derived 1"
        private const val HEADER = 170

        /** The one for a category, whose name may hold what no file's name can. */
        fun ofCategory(folder: File, shard: String, category: String): DerivedFile =
            DerivedFile(folder, shard, sha256(category.toByteArray()).substring(0, 24))

        private fun sha256(bytes: ByteArray): String =
            MessageDigest.getInstance("SHA-256").digest(bytes).joinToString("") { "%02x".format(it.toInt() and 255) }
    }
}
