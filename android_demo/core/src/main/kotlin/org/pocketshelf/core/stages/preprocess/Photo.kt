package org.pocketshelf.core.stages.preprocess

import org.pocketshelf.core.formats.Preprocessing
import org.pocketshelf.core.stages.Part
import org.pocketshelf.core.types.Box

/**
 * Pixels as red, green, blue, a byte each, row after row.
 *
 * @property bytes height · width · 3 of them.
 */
class Pixels(val bytes: ByteArray, val width: Int, val height: Int) {
    init {
        require(width > 0 && height > 0 && bytes.size.toLong() == 3L * width * height) {
            "pixels: ${bytes.size} bytes are no picture of $width x $height"
        }
    }

    /** A copy of what lies from [left] and [top] to before [right] and [bottom]. */
    fun cut(left: Int, top: Int, right: Int, bottom: Int): Pixels {
        val row = 3 * (right - left)
        val part = ByteArray(row * (bottom - top))
        for (y in top until bottom) bytes.copyInto(part, row * (y - top), 3 * (width * y + left), 3 * (width * y + right))
        return Pixels(part, right - left, bottom - top)
    }
}

/** By a quarter turn, anticlockwise. */
internal fun Pixels.turned(): Pixels {
    val turned = ByteArray(bytes.size)
    // What is on the right comes up: the new rows are the old columns, the last one first.
    for (y in 0 until width) for (x in 0 until height) {
        val from = 3 * (width * x + width - 1 - y)
        bytes.copyInto(turned, 3 * (height * y + x), from, from + 3)
    }
    return Pixels(turned, height, width)
}

/**
 * An upright photo, possibly decoded at a reduced scale; what decodes and turns it is the platform's.
 *
 * @property pixels those decoded, in sRGB.
 * @property width of the upright photo in its own pixels; boxes are given in these.
 * @property height as [width].
 */
class Photo(val pixels: Pixels, val width: Int = pixels.width, val height: Int = pixels.height) {
    /** The frame as a box. */
    val frame: Box get() = Box(0.0, 0.0, width.toDouble(), height.toDouble())

    /** A box in the photo's own pixels in those that were decoded. */
    fun toDecoded(box: Box): Box {
        val sx = pixels.width.toDouble() / width
        val sy = pixels.height.toDouble() / height
        return Box(box.x * sx, box.y * sy, box.width * sx, box.height * sy)
    }

    /** A photo of its own, whose boxes are in pixels of this one. */
    fun part(part: Part): Photo {
        fun at(share: Double, of: Int) = Math.rint(share * of).toInt()
        val (across, down) = pixels.width to pixels.height
        val cut = pixels.cut(at(part.left, across), at(part.top, down), at(part.right, across), at(part.bottom, down))
        return Photo(cut, at(part.right, width) - at(part.left, width), at(part.bottom, height) - at(part.top, height))
    }

    /** The photo by a quarter turn, anticlockwise. */
    fun turned(): Photo = Photo(pixels.turned(), height, width)

    /** What a network is given for [box], in the photo's own pixels, or for the frame. */
    fun networkInput(preprocessing: Preprocessing, box: Box? = null): Pixels =
        networkInput(pixels, preprocessing, box?.let(::toDecoded))
}

/**
 * What a network is given for [box] of [pixels]; the frame if null.
 *
 * @param box in pixels of [pixels]; may reach beyond the frame, where it is cut.
 * @return [Preprocessing.width] by [Preprocessing.height].
 */
fun networkInput(pixels: Pixels, preprocessing: Preprocessing, box: Box? = null): Pixels {
    val crop = if (box == null) {
        Box(0.0, 0.0, pixels.width.toDouble(), pixels.height.toDouble())
    } else {
        cropBox(box, pixels.width, pixels.height, preprocessing.margin, preprocessing.maxAspect)
    }
    return resizeCrop(pixels, crop, preprocessing.width, preprocessing.height)
}
