package org.pocketshelf.core.stages

import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.core.stages.preprocess.Pixels
import org.pocketshelf.core.stages.preprocess.resizeCrop
import org.pocketshelf.core.types.Box
import kotlin.math.abs

// The copy that is looked at, its longer side.
private const val SIDE = 250

// What differs by no more is of one colour; a line across the page differs by more, in so much of its width.
private const val ALIKE = 6
private const val LINE = 12
private const val ACROSS = 0.6

// How much of either side tells whether a row is of the page, and of a row without anything in it the ground.
private const val MARGIN = 0.02
private const val EMPTY = 0.9

// Of the height: what a picture takes. A screen so many times as high as wide may have a bar at one end alone.
private const val LEAST = 0.25
private const val MOST = 0.9
private const val TALL = 1.9

// A row of the page in the midst of the picture counts against it as so many of its own count for it.
private const val AGAINST = 4

/** The picture in a screenshot, and how far down it begins in the photo's own pixels; else the photo, and 0. */
class Shown(val photo: Photo, val down: Double)

/** Where the picture of a page begins and ends, as shares of the page's height. */
data class PictureRows(val top: Double, val bottom: Double)

/** What of a photo is searched: of a screenshot the picture in it. */
fun shownIn(photo: Photo): Shown {
    val rows = if (mayBePage(photo.pixels)) pictureRows(smallCopy(photo.pixels)) else null
    rows ?: return Shown(photo, 0.0)
    return Shown(photo.rows(rows.top, rows.bottom), Math.rint(rows.top * photo.height))
}

/**
 * The rows of the picture in a phone's page; null where there is none.
 *
 * A page's ground is of one colour to its last pixel, which no camera's is; so the picture begins where that ends along
 * a line across the page.
 *
 * @param page a small copy.
 */
fun pictureRows(page: Pixels): PictureRows? {
    val rows = Page(page)
    val height = page.height
    val plain = BooleanArray(height) { rows.isPlain(it, ALIKE) }
    if (!plain[0] && !plain[height - 1]) return null // As of most photos.
    val empty = BooleanArray(height) { plain[it] && rows.isEmpty(it) }
    // A page begins or ends with its ground: of these two colours the one that more of its empty rows are of.
    fun like(end: Int) = BooleanArray(height) { rows.apart(it, 0, end, 0) <= ALIKE }
    val alike = listOf(like(0), like(height - 1)).maxBy { of -> empty.indices.count { of[it] && empty[it] } }
    val ofPage = BooleanArray(height) { plain[it] && alike[it] }
    val ground = BooleanArray(height) { ofPage[it] && empty[it] }
    // A line lies between two rows, or within one that is of both: three rows on, all is different.
    val lines = (0 until height - 3).filter { rows.differ(it, it + 3) }
    var tops = lines.filter { ground[it] }.map { it + 3 }
    var ends = lines.filter { ground[it + 3] }.map { it + 1 }
    if (height >= TALL * page.width) {
        tops = listOf(0) + tops
        ends = ends + height
    }
    val own = ofPage.runningFold(0) { sum, of -> sum + if (of) -AGAINST else 1 }
    var found: Triple<Int, Int, Int>? = null
    val best = compareBy<Triple<Int, Int, Int>>({ it.first }, { it.second }, { it.third })
    for (top in tops) for (end in ends) {
        if (end - top < LEAST * height || end - top > MOST * height) continue
        val next = Triple(own[end] - own[top], top, end)
        if (found == null || best.compare(next, found) > 0) found = next
    }
    if (found == null || found.first <= 0) return null
    return PictureRows(found.second / height.toDouble(), found.third / height.toDouble())
}

/** Whether it is worth a small copy: no photo of a camera begins or ends with one colour at both its sides. */
private fun mayBePage(pixels: Pixels): Boolean = with(Page(pixels)) { isPlain(0, 4 * ALIKE) || isPlain(pixels.height - 1, 4 * ALIKE) }

private fun smallCopy(pixels: Pixels): Pixels {
    val scale = SIDE / maxOf(pixels.width, pixels.height).toDouble()
    fun side(of: Int) = maxOf(1, Math.rint(of * scale).toInt())
    val frame = Box(0.0, 0.0, pixels.width.toDouble(), pixels.height.toDouble())
    return resizeCrop(pixels, frame, side(pixels.width), side(pixels.height))
}

/** Rows of pixels, and by how much they differ in the channel that differs most. */
private class Page(private val pixels: Pixels) {
    private val width = pixels.width
    private val side = maxOf(1, Math.rint(MARGIN * width).toInt())

    /** Whether both ends of a row are of one colour, within [most]. */
    fun isPlain(row: Int, most: Int): Boolean = (0..2).all { channel ->
        val ends = (0 until side) + (width - side until width)
        ends.maxOf { value(row, it, channel) } - ends.minOf { value(row, it, channel) } <= most
    }

    /** Whether next to all of a row is of the colour that it begins with. */
    fun isEmpty(row: Int): Boolean = (0 until width).count { apart(row, it, row, 0) <= ALIKE } >= EMPTY * width

    /** Whether two rows differ along a line across the page. */
    fun differ(one: Int, other: Int): Boolean = (0 until width).count { apart(one, it, other, it) > LINE } >= ACROSS * width

    fun apart(row: Int, column: Int, otherRow: Int, otherColumn: Int): Int =
        (0..2).maxOf { abs(value(row, column, it) - value(otherRow, otherColumn, it)) }

    private fun value(row: Int, column: Int, channel: Int) = level(pixels.bytes, 3 * (width * row + column) + channel)
}
