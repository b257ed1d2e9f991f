package org.pocketshelf.core.formats

import java.io.File
import java.security.MessageDigest

/**
 * SHA-256 and length of a model file or folder.
 *
 * @property sha256 64 hexadecimal digits.
 */
data class FileDigest(val sha256: String, val bytes: Long) {
    companion object {
        /**
         * Of a file its own; of a folder that of its files' sorted lines, as [Bundle] says.
         *
         * @throws java.io.IOException it cannot be read.
         */
        fun of(path: File): FileDigest {
            if (!path.isDirectory) return ofFile(path)
            val files = path.walkTopDown().filter { it.isFile }
                .map { it to it.relativeTo(path).invariantSeparatorsPath }
                .sortedWith { a, b -> byParts(a.second, b.second) }
            val lines = StringBuilder()
            var total = 0L
            for ((file, name) in files) {
                val digest = ofFile(file)
                lines.append(digest.sha256).append("  ").append(name).append('\n')
                total += digest.bytes
            }
            return FileDigest(hex(sha256().digest(lines.toString().toByteArray())), total)
        }

        private fun ofFile(path: File): FileDigest {
            val digest = sha256()
            var length = 0L
            path.inputStream().use { stream ->
                val piece = ByteArray(1 shl 16)
                while (true) {
                    val count = stream.read(piece)
                    if (count < 0) break
                    digest.update(piece, 0, count)
                    length += count
                }
            }
            return FileDigest(hex(digest.digest()), length)
        }

        // Paths are ordered part by part, so that "a/b" stands before "a.txt".
        private fun byParts(a: String, b: String): Int {
            val ours = a.split('/')
            val theirs = b.split('/')
            for (i in 0 until minOf(ours.size, theirs.size)) {
                val order = ByCodePoint.compare(ours[i], theirs[i])
                if (order != 0) return order
            }
            return ours.size - theirs.size
        }

        private fun sha256() = MessageDigest.getInstance("SHA-256")

        private fun hex(bytes: ByteArray): String {
            val digits = "0123456789abcdef"
            val text = StringBuilder(2 * bytes.size)
            for (byte in bytes) text.append(digits[byte.toInt() shr 4 and 15]).append(digits[byte.toInt() and 15])
            return text.toString()
        }
    }
}
