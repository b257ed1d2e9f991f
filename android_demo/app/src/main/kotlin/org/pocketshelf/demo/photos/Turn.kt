package org.pocketshelf.demo.photos

import org.pocketshelf.core.stages.preprocess.Pixels

/**
 * Pixels that arrive lying, made upright: one pass, no library.
 *
 * @property width of the result.
 * @property height of the result.
 */
class Turn private constructor(
    private val sourceWidth: Int,
    private val sourceHeight: Int,
    private val swaps: Boolean,
    private val mirrorsX: Boolean,
    private val mirrorsY: Boolean,
) {
    val width: Int get() = if (swaps) sourceHeight else sourceWidth
    val height: Int get() = if (swaps) sourceWidth else sourceHeight

    /**
     * The upright picture; [colour] gives the source's pixel at (x, y) as 0xRRGGBB, higher bits are ignored.
     */
    fun pixels(colour: (x: Int, y: Int) -> Int): Pixels {
        val bytes = ByteArray(3 * width * height)
        var at = 0
        for (row in 0 until height) {
            for (column in 0 until width) {
                // Where the upright pixel lies in the source.
                val across = if (swaps) row else column
                val down = if (swaps) column else row
                val x = if (mirrorsX) sourceWidth - 1 - across else across
                val y = if (mirrorsY) sourceHeight - 1 - down else down
                val value = colour(x, y)
                bytes[at++] = (value shr 16).toByte()
                bytes[at++] = (value shr 8).toByte()
                bytes[at++] = value.toByte()
            }
        }
        return Pixels(bytes, width, height)
    }

    companion object {
        /** By EXIF's [orientation], 1 to 8, of a picture that is stored as [width] by [height]. */
        fun byExif(width: Int, height: Int, orientation: Int): Turn = when (orientation) {
            2 -> Turn(width, height, swaps = false, mirrorsX = true, mirrorsY = false)
            3 -> Turn(width, height, swaps = false, mirrorsX = true, mirrorsY = true)
            4 -> Turn(width, height, swaps = false, mirrorsX = false, mirrorsY = true)
            5 -> Turn(width, height, swaps = true, mirrorsX = false, mirrorsY = false)
            6 -> Turn(width, height, swaps = true, mirrorsX = false, mirrorsY = true)
            7 -> Turn(width, height, swaps = true, mirrorsX = true, mirrorsY = true)
            8 -> Turn(width, height, swaps = true, mirrorsX = true, mirrorsY = false)
            else -> Turn(width, height, swaps = false, mirrorsX = false, mirrorsY = false)
        }

        /** By the [degrees], 0, 90, 180 or 270, by which a camera's frame is to be turned clockwise. */
        fun byDegrees(width: Int, height: Int, degrees: Int): Turn = when (degrees) {
            0 -> byExif(width, height, 1)
            90 -> byExif(width, height, 6)
            180 -> byExif(width, height, 3)
            270 -> byExif(width, height, 8)
            else -> throw IllegalArgumentException("turned by $degrees degrees; a camera's frame is by 0, 90, 180 or 270")
        }
    }
}
