package org.pocketshelf.core.formats

import java.io.ByteArrayOutputStream
import java.io.File
import java.io.IOException
import java.io.InputStream
import java.security.MessageDigest

/**
 * A file in [folder] derived from the shard with the SHA-256 [shard], of this [name]; format version 1, as
 * `sdk/pocketshelf/formats/derived.py` describes it:
 *
 *     pocketshelf-derived 1 <origin> <sha256> <length>\n     five words in ASCII, 170 bytes at most
 *     <length> bytes, whose SHA-256 is <sha256>
 *
 * A file that does not fit, whatever befell it, is as good as none: it is made again.
 */
class DerivedFile(private val folder: File, private val shard: String, private val name: String) {
    /** The file. */
    val path: File get() = File(folder, name)

    // What the bytes were made from and for.
    private val origin: String get() = sha256("$shard $name".toByteArray())

    /** The verified bytes, [most] at most; null if there is no such file, or it does not fit. */
    fun read(most: Long): ByteArray? = try {
        if (!path.isFile) null else path.inputStream().buffered().use { verified(it, most) }
    } catch (_: IOException) {
        null
    }

    private fun verified(stream: InputStream, most: Long): ByteArray? {
        val line = header(stream)
        val words = line.removeSuffix("\n").split(' ')
        if (words.size != 5 || "${words[0]} ${words[1]}" != MAGIC || words[2] != origin || !line.endsWith("\n")) return null
        val length = words[4].takeIf { it.all { digit -> digit in '0'..'9' } }?.toLongOrNull() ?: return null
        if (length > minOf(most, LONGEST) || length != path.length() - line.length) return null
        val data = ByteArray(length.toInt())
        var have = 0
        while (have < data.size) {
            val count = stream.read(data, have, data.size - have)
            if (count < 0) return null
            have += count
        }
        return data.takeIf { words[3] == sha256(it) }
    }

    private fun header(stream: InputStream): String {
        val line = ByteArrayOutputStream()
        while (line.size() < HEADER) {
            val byte = stream.read()
            if (byte < 0) break
            line.write(byte)
            if (byte == '\n'.code) break
        }
        return line.toString("US-ASCII")
    }

    /** The first line of the file with [data]. */
    fun headerOf(data: ByteArray): ByteArray =
        "$MAGIC $origin ${sha256(data)} ${data.size}\n".toByteArray(Charsets.US_ASCII)

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
                stream.write(headerOf(data))
                stream.write(data)
                stream.fd.sync()
            }
            if (!temporary.renameTo(path)) throw IOException("$path: cannot be written")
        } finally {
            temporary.delete()
        }
    }

    companion object {
        /** Ends the name of each category's graph. */
        const val GRAPH = ".1.usearch"
        private const val FEATURES = "shard.2.features"
        private const val MAGIC = "pocketshelf-derived 1"
        private const val HEADER = 170

        // No array of a Java machine is longer.
        private const val LONGEST = Int.MAX_VALUE - 8L

        /** The graph of a category, whose name may hold what no file's name can. */
        fun ofCategory(folder: File, shard: String, category: String): DerivedFile =
            DerivedFile(folder, shard, sha256(category.toByteArray()).substring(0, 24) + GRAPH)

        /** The local features of the whole shard: [FeatureTable]. */
        fun ofFeatures(folder: File, shard: String): DerivedFile = DerivedFile(folder, shard, FEATURES)

        private fun sha256(bytes: ByteArray): String =
            MessageDigest.getInstance("SHA-256").digest(bytes).joinToString("") { "%02x".format(it.toInt() and 255) }
    }
}
