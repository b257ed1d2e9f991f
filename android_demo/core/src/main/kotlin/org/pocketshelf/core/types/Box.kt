package org.pocketshelf.core.types

/**
 * A rectangle in pixels of the upright photo: left, top, width, height.
 */
data class Box(val x: Double, val y: Double, val width: Double, val height: Double) {
    /** Right side, in pixels. */
    val right: Double get() = x + width

    /** Lower side, in pixels. */
    val bottom: Double get() = y + height

    /** Square pixels. */
    val area: Double get() = width * height

    /** Whether a point, in pixels of the photo, lies in it: what a tap hits. */
    fun contains(px: Double, py: Double): Boolean = px >= x && px < right && py >= y && py < bottom
}

/** The smallest box that holds all of [boxes]; null for none. */
internal fun around(boxes: List<Box>): Box? {
    if (boxes.isEmpty()) return null
    val left = boxes.minOf { it.x }
    val top = boxes.minOf { it.y }
    return Box(left, top, boxes.maxOf { it.right } - left, boxes.maxOf { it.bottom } - top)
}

/**
 * One box that a detector proposes.
 *
 * @property box pixels of the upright photo, inside its frame.
 * @property group one of the bundle's detector groups.
 * @property score probability in [0, 1].
 */
data class Detection(val box: Box, val group: String, val score: Double)
