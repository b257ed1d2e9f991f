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

// A card keeps away from either side of its page by no more, of the width.
private const val AWAY = 0.08

/** The picture in a screenshot, and where it begins in the photo's own pixels; else the photo, and 0. */
class Shown(val photo: Photo, val across: Double = 0.0, val down: Double = 0.0)

/** A part of a picture, by shares of its sides. */
data class Part(val left: Double, val top: Double, val right: Double, val bottom: Double)

/** What of a photo is searched: of a screenshot the picture in it. */
fun shownIn(photo: Photo): Shown {
    val part = if (mayBePage(photo.pixels)) pictureIn(smallCopy(photo.pixels)) else null
    part ?: return Shown(photo)
    return Shown(photo.part(part), Math.rint(part.left * photo.width), Math.rint(part.top * photo.height))
}

/**
 * The picture in a phone's page; null where there is none.
 *
 * A page's ground is of one colour to its last pixel, which no camera's is; so the picture begins where that ends along
 * a line across the page, or across what lies between its sides.
 *
 * @param page a small copy.
 */
fun pictureIn(page: Pixels): Part? {
    val (width, height) = page.width to page.height
    val whole = Page(page, 0, width)
    if (!whole.isPlain(0, ALIKE) && !whole.isPlain(height - 1, ALIKE)) return null // As of most photos.
    val ground = whole.ground()
    whole.rows(ground)?.let { (top, end) -> return Part(0.0, top / height.toDouble(), 1.0, end / height.toDouble()) }
    // The sides of a page with cards are of its ground, whatever stands between.
    val others = (0 until width).filter { column -> whole.countOf(ground, column) <= (1 - LEAST) * height }
    val (left, right) = if (others.isEmpty()) 0 to 0 else others.first() to others.last() + 1
    if (maxOf(left, width - right) > AWAY * width) return null
    val (top, end) = Page(page, left, right).rows(ground) ?: return null
    return Part(left / width.toDouble(), top / height.toDouble(), right / width.toDouble(), end / height.toDouble())
}

/** Whether it is worth a small copy: no photo of a camera begins or ends with one colour at both its sides. */
private fun mayBePage(pixels: Pixels): Boolean = with(Page(pixels, 0, pixels.width)) {
    isPlain(0, 4 * ALIKE) || isPlain(pixels.height - 1, 4 * ALIKE)
}

private fun smallCopy(pixels: Pixels): Pixels {
    val scale = SIDE / maxOf(pixels.width, pixels.height).toDouble()
    fun side(of: Int) = maxOf(1, Math.rint(of * scale).toInt())
    val frame = Box(0.0, 0.0, pixels.width.toDouble(), pixels.height.toDouble())
    return resizeCrop(pixels, frame, side(pixels.width), side(pixels.height))
}

/** The columns of a page from [left] to before [right]; pixels differ by the channel that differs most. */
private class Page(private val pixels: Pixels, private val left: Int, private val right: Int) {
    private val width = right - left
    private val height = pixels.height
    private val side = minOf(width, maxOf(1, Math.rint(MARGIN * width).toInt()))

    /** Whether both ends of a row are of one colour, within [most]. */
    fun isPlain(row: Int, most: Int): Boolean = (0..2).all { channel ->
        val ends = (left until left + side) + (right - side until right)
        ends.maxOf { value(row, it, channel) } - ends.minOf { value(row, it, channel) } <= most
    }

    /** The page's colour: it begins or ends with it, and of these two more of its empty rows are of that. */
    fun ground(): IntArray {
        val ends = listOf(colour(0), colour(height - 1))
        val empty = (0 until height).filter { isPlain(it, ALIKE) && isFull(it) }
        return ends.maxBy { end -> empty.count { apart(it, left, end) <= ALIKE } }
    }

    /** The first row of a picture as wide as this and the one behind its last; null where there is none. */
    fun rows(ground: IntArray): Pair<Int, Int>? {
        val ofPage = BooleanArray(height) { isPlain(it, ALIKE) && apart(it, left, ground) <= ALIKE }
        fun isBare(row: Int) = ofPage[row] && isFull(row)
        // A line lies between two rows, or within one that is of both: three rows on, all is different.
        val lines = (0 until height - 3).filter { differ(it, it + 3) }
        var tops = lines.filter { isBare(it) }.map { it + 3 }
        var ends = lines.filter { isBare(it + 3) }.map { it + 1 }
        if (height >= TALL * width) {
            tops = listOf(0) + tops
            ends = ends + height
        }
        val own = ofPage.runningFold(0) { sum, of -> sum + if (of) -AGAINST else 1 }
        var found = Triple(0, 0, 0)
        val best = compareBy<Triple<Int, Int, Int>>({ it.first }, { it.second }, { it.third })
        for (top in tops) for (end in ends) {
            if (end - top < LEAST * height || end - top > MOST * height) continue
            val next = Triple(own[end] - own[top], top, end)
            if (best.compare(next, found) > 0) found = next
        }
        return if (found.first > 0) found.second to found.third else null
    }

    /** How many pixels of a column are of a colour. */
    fun countOf(colour: IntArray, column: Int): Int = (0 until height).count { apart(it, column, colour) <= ALIKE }

    /** Whether next to all of a row is of the colour that it begins with. */
    private fun isFull(row: Int): Boolean {
        val first = colour(row)
        return (left until right).count { apart(row, it, first) <= ALIKE } >= EMPTY * width
    }

    /** Whether two rows differ along a line across the page. */
    private fun differ(one: Int, other: Int): Boolean = (left until right).count { column ->
        (0..2).maxOf { abs(value(one, column, it) - value(other, column, it)) } > LINE
    } >= ACROSS * width

    private fun colour(row: Int) = IntArray(3) { value(row, left, it) }

    private fun apart(row: Int, column: Int, colour: IntArray): Int = (0..2).maxOf { abs(value(row, column, it) - colour[it]) }

    private fun value(row: Int, column: Int, channel: Int) = level(pixels.bytes, 3 * (pixels.width * row + column) + channel)
}
