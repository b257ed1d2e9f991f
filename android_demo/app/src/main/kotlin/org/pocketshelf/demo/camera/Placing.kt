package org.pocketshelf.demo.camera

import org.pocketshelf.core.types.Box

/**
 * Where a photo of [photoWidth] by [photoHeight] lies in a view: centred, whole or filling it.
 *
 * @param fill true: the view is covered and what juts out is cut, as the camera's preview is shown; false: all of the
 *   photo is seen, with bands beside it.
 */
class Placing(
    private val photoWidth: Int,
    private val photoHeight: Int,
    viewWidth: Int,
    viewHeight: Int,
    fill: Boolean,
) {
    private val scale: Double
    private val left: Double
    private val top: Double

    init {
        val across = viewWidth.toDouble() / photoWidth
        val down = viewHeight.toDouble() / photoHeight
        scale = if (fill) maxOf(across, down) else minOf(across, down)
        left = (viewWidth - photoWidth * scale) / 2
        top = (viewHeight - photoHeight * scale) / 2
    }

    /** A box of the photo in pixels of the view. */
    fun inView(box: Box): Box = Box(left + box.x * scale, top + box.y * scale, box.width * scale, box.height * scale)

    /** A point of the view in pixels of the photo. */
    fun inPhoto(x: Float, y: Float): Pair<Double, Double> = Pair((x - left) / scale, (y - top) / scale)

    /**
     * The place, in [boxes] of the photo, of the one that is meant by a tap: of those under the finger the smallest,
     * since a large one can be tapped elsewhere; near misses count up to [slack] pixels of the view. -1 for none.
     */
    fun tapped(boxes: List<Box>, x: Float, y: Float, slack: Double): Int {
        val (px, py) = inPhoto(x, y)
        val reach = slack / scale
        return boxes.indices
            .filter { boxes[it].contains(px, py) }.ifEmpty { boxes.indices.filter { grown(boxes[it], reach).contains(px, py) } }
            .minByOrNull { boxes[it].area } ?: -1
    }

    private fun grown(box: Box, by: Double) = Box(box.x - by, box.y - by, box.width + 2 * by, box.height + 2 * by)
}
