package org.pocketshelf.demo.photos

/**
 * How a JPEG, PNG or WebP says that it is to be turned: EXIF's tag 0x0112, 1 to 8 (CIPA DC-008, "Orientation"); 1 where it
 * says nothing.
 *
 * Read here and not by `android.media.ExifInterface`, which before Android 7 wanted a file: a photo never becomes one.
 */
object Orientation {
    /** As stored. */
    const val UPRIGHT = 1

    private const val TAG = 0x0112
    private const val SHORT = 3

    private const val HEAD = "Exif\u0000\u0000"
    private const val PNG = "\u0089PNG\r\n\u001a\n"

    /** The orientation that the file [photo] names; anything malformed is [UPRIGHT]. */
    fun of(photo: ByteArray): Int = try {
        val found = when {
            isAt(photo, 0, PNG) -> inPng(photo)
            isAt(photo, 0, "RIFF") && isAt(photo, 8, "WEBP") -> inWebp(photo)
            else -> inJpeg(photo)
        }
        found?.let { (start, end) -> Tiff(photo, if (isAt(photo, start, HEAD)) start + HEAD.length else start, end) }
            ?.orientation() ?: UPRIGHT
    } catch (_: IndexOutOfBoundsException) {
        UPRIGHT
    }

    /** Where the first EXIF segment of a JPEG begins and ends. */
    private fun inJpeg(jpeg: ByteArray): Pair<Int, Int>? {
        if (u8(jpeg, 0) != 0xff || u8(jpeg, 1) != 0xd8) return null
        var at = 2
        while (at + 4 <= jpeg.size && u8(jpeg, at) == 0xff) {
            val marker = u8(jpeg, at + 1)
            if (marker == 0xda || marker == 0xd9) return null
            val length = u8(jpeg, at + 2) * 256 + u8(jpeg, at + 3)
            if (length < 2) return null
            val begin = at + 4
            val end = minOf(at + 2 + length, jpeg.size)
            if (marker == 0xe1 && end - begin > HEAD.length && isAt(jpeg, begin, HEAD)) return Pair(begin, end)
            at += 2 + length
        }
        return null
    }

    /** The same of a PNG's chunk `eXIf` (PNG 3, 11.3.4.5), which may come behind the pixels. */
    private fun inPng(png: ByteArray): Pair<Int, Int>? {
        var at = PNG.length.toLong()
        while (at + 12 <= png.size) {
            val length = (0..3).fold(0L) { value, i -> value * 256 + u8(png, at.toInt() + i) }
            val end = at + 8 + length
            if (end > png.size || isAt(png, at.toInt() + 4, "IEND")) return null
            if (isAt(png, at.toInt() + 4, "eXIf")) return Pair(at.toInt() + 8, end.toInt())
            at = end + 4
        }
        return null
    }

    /** The same of a WebP's chunk `EXIF` (RFC 9649, 2.7.1.5). */
    private fun inWebp(webp: ByteArray): Pair<Int, Int>? {
        var at = 12L
        while (at + 8 <= webp.size) {
            val length = (3 downTo 0).fold(0L) { value, i -> value * 256 + u8(webp, at.toInt() + 4 + i) }
            val end = at + 8 + length
            if (end > webp.size) return null
            if (isAt(webp, at.toInt(), "EXIF")) return Pair(at.toInt() + 8, end.toInt())
            at = end + length % 2
        }
        return null
    }

    private fun isAt(bytes: ByteArray, at: Int, text: String): Boolean =
        at + text.length <= bytes.size && text.indices.all { u8(bytes, at + it) == text[it].code }

    private fun u8(bytes: ByteArray, at: Int): Int = bytes[at].toInt() and 0xff

    private class Tiff(private val bytes: ByteArray, private val start: Int, private val end: Int) {
        private val little = bytes[start] == 'I'.code.toByte()

        fun orientation(): Int {
            val directory = start.toLong() + number(start + 4, 4)
            if (directory < start || directory + 2 > end) return UPRIGHT
            val entries = number(directory.toInt(), 2).toInt()
            for (entry in 0 until entries) {
                val at = directory.toInt() + 2 + 12 * entry
                if (at + 12 > end) return UPRIGHT
                if (number(at, 2).toInt() == TAG && number(at + 2, 2).toInt() == SHORT) {
                    return number(at + 8, 2).toInt().takeIf { it in 1..8 } ?: UPRIGHT
                }
            }
            return UPRIGHT
        }

        private fun number(at: Int, count: Int): Long {
            var value = 0L
            for (i in 0 until count) {
                val place = if (little) at + count - 1 - i else at + i
                value = value * 256 + u8(bytes, place)
            }
            return value
        }
    }
}
