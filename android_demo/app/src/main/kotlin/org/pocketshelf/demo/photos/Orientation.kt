package org.pocketshelf.demo.photos

/**
 * How a JPEG says that it is to be turned: EXIF's tag 0x0112, 1 to 8 (CIPA DC-008, "Orientation"); 1 where it says nothing.
 *
 * Read here and not by `android.media.ExifInterface`, which before Android 7 wanted a file: a photo never becomes one.
 */
object Orientation {
    /** As stored. */
    const val UPRIGHT = 1

    private const val TAG = 0x0112
    private const val SHORT = 3

    /** The orientation that [jpeg] names; anything malformed is [UPRIGHT]. */
    fun of(jpeg: ByteArray): Int = try {
        exif(jpeg)?.let { (start, end) -> Tiff(jpeg, start, end).orientation() } ?: UPRIGHT
    } catch (_: IndexOutOfBoundsException) {
        UPRIGHT
    }

    /** Where the TIFF structure of the first EXIF segment begins and ends. */
    private fun exif(jpeg: ByteArray): Pair<Int, Int>? {
        if (u8(jpeg, 0) != 0xff || u8(jpeg, 1) != 0xd8) return null
        var at = 2
        while (at + 4 <= jpeg.size && u8(jpeg, at) == 0xff) {
            val marker = u8(jpeg, at + 1)
            if (marker == 0xda || marker == 0xd9) return null
            val length = u8(jpeg, at + 2) * 256 + u8(jpeg, at + 3)
            if (length < 2) return null
            val begin = at + 4
            val end = minOf(at + 2 + length, jpeg.size)
            if (marker == 0xe1 && end - begin > 6 && String(jpeg, begin, 6, Charsets.ISO_8859_1) == "Exif\u0000\u0000") {
                return Pair(begin + 6, end)
            }
            at += 2 + length
        }
        return null
    }

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
