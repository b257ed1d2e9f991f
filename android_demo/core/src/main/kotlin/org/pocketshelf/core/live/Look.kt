package org.pocketshelf.core.live

import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.core.types.Box

private const val SIDE = 8
private const val STEPS = 4

/** What is in a box, coarsely: 8 · 8 · 3 numbers, 0 to 255, each the mean of 16 pixels. */
internal fun look(photo: Photo, box: Box): FloatArray {
    val decoded = photo.toDecoded(box)
    val pixels = photo.pixels
    val columns = places(decoded.x, decoded.width, pixels.width)
    val rows = places(decoded.y, decoded.height, pixels.height)
    val sums = FloatArray(SIDE * SIDE * 3)
    for (row in rows.indices) {
        for (column in columns.indices) {
            val from = (rows[row] * pixels.width + columns[column]) * 3
            val into = ((row / STEPS) * SIDE + column / STEPS) * 3
            for (colour in 0 until 3) sums[into + colour] += (pixels.bytes[from + colour].toInt() and 255).toFloat()
        }
    }
    for (i in sums.indices) sums[i] /= (STEPS * STEPS).toFloat()
    return sums
}

private fun places(start: Double, length: Double, limit: Int): IntArray = IntArray(SIDE * STEPS) {
    (start + (it + 0.5) / (SIDE * STEPS) * length).coerceIn(0.0, limit - 1.0).toInt()
}

/** Mean of the absolute differences of two looks, of 255. */
internal fun difference(a: FloatArray, b: FloatArray): Double {
    var sum = 0.0
    for (i in a.indices) sum += Math.abs(a[i] - b[i])
    return sum / a.size
}
