package org.pocketshelf.core.stages.detect

import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.core.stages.preprocess.cropBox
import org.pocketshelf.core.types.Box
import org.pocketshelf.core.types.Detection
import org.pocketshelf.core.types.around
import kotlin.math.ceil
import kotlin.math.floor

// Boxes from this score on say where somebody is.
private const val SURE = 0.3

// What is worn covers no more of the photo's width and height than this.
private const val FAR = 0.6

// Somebody wears two of these, in two places: a belt that lies on a table is small as well.
private val WORN = setOf("upper", "outerwear", "dress", "trousers", "shorts", "skirt", "footwear")
private const val APART_IOU = 0.3

// Room around what is worn, of its sides, and how narrow the part may be.
private const val ROOM = 0.1
private const val MAX_ASPECT = 4.0 / 3.0

/**
 * [found] in the photo, with what the detector sees of somebody far away at a second look, best score first.
 *
 * A network sees a photo at a few hundred pixels a side. Where all that is worn lies in a small part of it, that part
 * is looked at again in the photo's own pixels, as in the Python SDK's `stages/afar.py`.
 */
fun lookAgain(detector: Detector, photo: Photo, found: List<Detection>): List<Detection> {
    val part = farPart(found, photo.width, photo.height) ?: return found
    val across = photo.pixels.width.toDouble() / photo.width
    val down = photo.pixels.height.toDouble() / photo.height
    val decoded = photo.toDecoded(part)
    val left = floor(decoded.x).toInt()
    val top = floor(decoded.y).toInt()
    // A part at the frame's edge ends there, whatever its sides are rounded to.
    val right = minOf(ceil(decoded.right).toInt(), photo.pixels.width)
    val bottom = minOf(ceil(decoded.bottom).toInt(), photo.pixels.height)
    val cut = photo.pixels.cut(left, top, right, bottom)
    val second = detector.detect(Photo(cut)).map { (box, group, score) ->
        val moved = Box((left + box.x) / across, (top + box.y) / down, box.width / across, box.height / down)
        Detection(moved, group, score)
    }
    return putTogether(found, second, part)
}

/**
 * The part of a photo that deserves a second look; null where nobody is in it, or is near.
 *
 * @param width of the photo in pixels; [height] likewise.
 */
fun farPart(found: List<Detection>, width: Int, height: Int): Box? {
    val sure = found.filter { it.score >= SURE }
    if (!showsSomebody(sure)) return null
    val part = around(sure.map { it.box }) ?: return null
    if (part.width > FAR * width || part.height > FAR * height) return null
    return cropBox(part, width, height, ROOM, MAX_ASPECT)
}

private fun showsSomebody(sure: List<Detection>): Boolean {
    val worn = sure.filter { it.group in WORN }
    return worn.indices.any { i ->
        (0 until i).any { j -> worn[i].group != worn[j].group && overlap(worn[i].box, worn[j].box) < APART_IOU }
    }
}

/** What a first look found outside [part], and a second in it; the first's alone if that saw nobody. */
private fun putTogether(first: List<Detection>, second: List<Detection>, part: Box): List<Detection> {
    if (second.none { it.score >= SURE }) return first
    return (second + first.filterNot { middleIn(it.box, part) }).sortedByDescending { it.score }.take(MOST_BOXES)
}

private fun middleIn(box: Box, part: Box): Boolean {
    val x = box.x + box.width / 2
    val y = box.y + box.height / 2
    return part.x <= x && x <= part.right && part.y <= y && y <= part.bottom
}
