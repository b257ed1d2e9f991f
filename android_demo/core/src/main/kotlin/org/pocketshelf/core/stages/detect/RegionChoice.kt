package org.pocketshelf.core.stages.detect

import org.pocketshelf.core.types.Box
import org.pocketshelf.core.types.Detection
import kotlin.math.hypot
import kotlin.math.sqrt

/** So many regions of a photo are searched at most. */
const val MAX_REGIONS = 8

/** Two groups that claim nearly the same box are one thing seen twice. */
const val SAME_THING_IOU = 0.7

/**
 * What a search looks at: from [threshold] on, each thing once, most prominent first.
 *
 * @param width of the photo in pixels; [height] likewise.
 */
fun selectRegions(detections: List<Detection>, width: Int, height: Int, threshold: Double): List<Detection> {
    val good = detections.filter { it.score >= threshold }.sortedByDescending { it.score }
    val distinct = ArrayList<Detection>()
    for (detection in good) {
        if (distinct.none { overlap(it.box, detection.box) > SAME_THING_IOU }) distinct += detection
    }
    return distinct.sortedByDescending { prominence(it, width, height) }.take(MAX_REGIONS)
}

/**
 * How much a photo is about a box: score · sqrt(share of the area) · centrality.
 *
 * Centrality falls linearly from 1 in the middle to 1/2 in a corner.
 */
fun prominence(detection: Detection, width: Int, height: Int): Double {
    val box = detection.box
    val area = (box.width * box.height) / (width.toDouble() * height)
    val x = (box.x + box.width / 2) / width - 0.5
    val y = (box.y + box.height / 2) / height - 0.5
    return detection.score * sqrt(area) * (1 - 0.5 * (hypot(x, y) / hypot(0.5, 0.5)))
}

/** Intersection over union of two boxes, 0 to 1. */
fun overlap(a: Box, b: Box): Double {
    val across = maxOf(minOf(a.right, b.right) - maxOf(a.x, b.x), 0.0)
    val down = maxOf(minOf(a.bottom, b.bottom) - maxOf(a.y, b.y), 0.0)
    val shared = across * down
    // Sides as differences of corners, as the Python SDK has them.
    val areas = (a.right - a.x) * (a.bottom - a.y) + (b.right - b.x) * (b.bottom - b.y)
    return shared / maxOf(areas - shared, 1e-9)
}
