package org.pocketshelf.core.stages.preprocess

import org.pocketshelf.core.types.Box

/**
 * Widen [box] by [margin] and towards [maxAspect], then cut it to a frame of [width] by [height] pixels.
 *
 * @return inside the frame, at least one pixel wide and high.
 */
fun cropBox(box: Box, width: Int, height: Int, margin: Double, maxAspect: Double): Box {
    val cx = box.x + box.width / 2
    val cy = box.y + box.height / 2
    val w = maxOf(box.width, 1.0) * (1 + 2 * margin)
    val h = maxOf(box.height, 1.0) * (1 + 2 * margin)
    val wide = maxOf(w, h / maxAspect)
    val high = maxOf(h, w / maxAspect)
    val across = Interval(cx - wide / 2, cx + wide / 2).slidInto(width)
    val down = Interval(cy - high / 2, cy + high / 2).slidInto(height)
    return Box(across.low, down.low, across.high - across.low, down.high - down.low)
}

private class Interval(val low: Double, val high: Double) {
    /** Moved into [0, limit]; cut only where it is longer than that. */
    fun slidInto(limit: Int): Interval {
        if (high - low >= limit) return Interval(0.0, limit.toDouble())
        val moved = when {
            low < 0 -> Interval(0.0, high - low)
            high > limit -> Interval(low - (high - limit), limit.toDouble())
            else -> this
        }
        if (moved.high - moved.low >= 1) return moved
        val start = minOf(maxOf(moved.low, 0.0), limit - 1.0)
        return Interval(start, start + 1)
    }
}
