package org.pocketshelf.core.stages.detect

import org.pocketshelf.core.formats.DetectorSpec
import org.pocketshelf.core.types.Box
import org.pocketshelf.core.types.Detection

/**
 * From a detector's raw outputs to its boxes. Arithmetic is that of 32-bit floats, as in the Python SDK, so that a box
 * on the edge of a threshold falls on the same side.
 *
 * Decoding happens here, since a graph with it does not stay on a phone's neural unit. Not for several threads at once.
 */
class BoxDecoder(private val spec: DetectorSpec, private val cutoffs: Cutoffs = Cutoffs()) {
    private val inputWidth = spec.preprocessing.width
    private val inputHeight = spec.preprocessing.height

    // Of each point of the pyramid: x, y and stride in pixels of the input; the levels in order, row by row.
    private val grid: FloatArray = pyramid()

    /** How many points the network says something of. */
    val points: Int get() = grid.size / 3

    /**
     * The boxes of one photo, best score first.
     *
     * @param scores [points] · groups probabilities.
     * @param distances [points] · 4: left, top, right, bottom in strides.
     * @param width of the photo, in its own pixels, which the boxes are given in; [height] likewise.
     */
    fun decode(scores: FloatArray, distances: FloatArray, width: Int, height: Int): List<Detection> {
        val scaleX = (width.toDouble() / inputWidth).toFloat()
        val scaleY = (height.toDouble() / inputHeight).toFloat()
        val groups = spec.groups.size
        val places = IntArray(points)
        val corners = HashMap<Int, FloatArray>()
        val found = ArrayList<Detection>()
        for (group in 0 until groups) {
            var count = 0
            for (point in 0 until points) if (scores[point * groups + group] >= cutoffs.score) places[count++] = point
            if (count == 0) continue
            val best = bestFirst(places, count, scores, group)
            val boxes = best.map { point -> corners.getOrPut(point) { cornersOf(point, distances, scaleX, scaleY) } }
            // A box without area cannot be cropped.
            val solid = best.indices.filter { boxes[it][2] > boxes[it][0] && boxes[it][3] > boxes[it][1] }
            for (kept in suppressed(solid.map { boxes[it] }, spec.nmsIou.toFloat())) {
                val place = solid[kept]
                found += Detection(boxOf(boxes[place]), spec.groups[group], scores[best[place] * groups + group].toDouble())
            }
        }
        return found.sortedByDescending { it.score }.take(cutoffs.boxes)
    }

    private fun bestFirst(places: IntArray, count: Int, scores: FloatArray, group: Int): List<Int> {
        val groups = spec.groups.size
        return places.take(count).sortedByDescending { scores[it * groups + group] }.take(cutoffs.candidates)
    }

    private fun cornersOf(point: Int, distances: FloatArray, scaleX: Float, scaleY: Float): FloatArray {
        val x = grid[3 * point]
        val y = grid[3 * point + 1]
        val stride = grid[3 * point + 2]
        fun reach(side: Int) = maxOf(distances[4 * point + side], 0f) * stride
        return floatArrayOf(
            within(x - reach(0), inputWidth) * scaleX,
            within(y - reach(1), inputHeight) * scaleY,
            within(x + reach(2), inputWidth) * scaleX,
            within(y + reach(3), inputHeight) * scaleY,
        )
    }

    private fun within(value: Float, limit: Int): Float = minOf(maxOf(value, 0f), limit.toFloat())

    private fun boxOf(corners: FloatArray): Box {
        val left = corners[0].toDouble()
        val top = corners[1].toDouble()
        return Box(left, top, corners[2].toDouble() - left, corners[3].toDouble() - top)
    }

    private fun pyramid(): FloatArray {
        val sizes = spec.strides.map { (inputHeight / it) to (inputWidth / it) }
        val grid = FloatArray(3 * sizes.sumOf { (rows, columns) -> rows * columns })
        var place = 0
        for ((level, stride) in spec.strides.withIndex()) {
            val (rows, columns) = sizes[level]
            for (row in 0 until rows) {
                for (column in 0 until columns) {
                    grid[place++] = ((column + 0.5) * stride).toFloat()
                    grid[place++] = ((row + 0.5) * stride).toFloat()
                    grid[place++] = stride.toFloat()
                }
            }
        }
        return grid
    }
}

/**
 * Greedy non-maximum suppression in 32-bit floats: which corner boxes (left, top, right, bottom), best first, no
 * better one overlaps by more than [iou].
 */
internal fun suppressed(boxes: List<FloatArray>, iou: Float): List<Int> {
    val alive = BooleanArray(boxes.size) { true }
    val areas = FloatArray(boxes.size) { (boxes[it][2] - boxes[it][0]) * (boxes[it][3] - boxes[it][1]) }
    val kept = ArrayList<Int>()
    for (i in boxes.indices) {
        if (!alive[i]) continue
        kept += i
        val a = boxes[i]
        for (j in i + 1 until boxes.size) {
            if (!alive[j]) continue
            val b = boxes[j]
            val across = maxOf(minOf(a[2], b[2]) - maxOf(a[0], b[0]), 0f)
            val down = maxOf(minOf(a[3], b[3]) - maxOf(a[1], b[1]), 0f)
            val shared = across * down
            if (shared / maxOf(areas[i] + areas[j] - shared, 1e-9f) > iou) alive[j] = false
        }
    }
    return kept
}
