package org.pocketshelf.core.stages.preprocess

import org.pocketshelf.core.types.Box
import kotlin.math.ceil

// Fixed point of the weights: 8 bits of a sample and two of head-room are left of an integer's 32.
private const val BITS = 32 - 8 - 2
private const val HALF = 1 shl (BITS - 1)

/**
 * Resample [box] (inside the frame) of [pixels] to [width] by [height].
 *
 * The filter is the antialiased bilinear one: a triangle whose support grows with the reduction, evaluated on a
 * sub-pixel box, in the fixed-point arithmetic that version 13 of Pillow has for `Image.resize(BILINEAR, box=…)`, so
 * that the pixels are the same: across and then down; a picture that loses more than twice as many rows as columns
 * down and then across. Samples are rounded to 8 bits in between.
 */
fun resizeCrop(pixels: Pixels, box: Box, width: Int, height: Int): Pixels {
    val left = maxOf(box.x, 0.0).toFloat()
    val top = maxOf(box.y, 0.0).toFloat()
    val right = minOf(box.right, pixels.width.toDouble()).toFloat()
    val bottom = minOf(box.bottom, pixels.height.toDouble()).toFloat()
    val across = width != pixels.width || left != 0f || right != width.toFloat()
    val down = height != pixels.height || top != 0f || bottom != height.toFloat()
    val columns = Weights(pixels.width, left, right, width)
    val rows = Weights(pixels.height, top, bottom, height)
    if (pixels.height > height && pixels.height - height > 2 * (pixels.width - width)) {
        val low = if (down) resizedDown(pixels, rows, 0) else pixels
        return if (across) resizedAcross(low, 0, height, columns) else low
    }
    if (!across) return if (down) resizedDown(pixels, rows, 0) else pixels
    val narrow = resizedAcross(pixels, rows.first, rows.end, columns)
    return if (down) resizedDown(narrow, rows, rows.first) else narrow
}

/** For each output place: which input places count, and how much, in fixed point. */
private class Weights(inputs: Int, low: Float, high: Float, val outputs: Int) {
    val size: Int
    val starts = IntArray(outputs)
    val counts = IntArray(outputs)
    val values: IntArray

    init {
        val scale = (high - low).toDouble() / outputs
        val filterScale = maxOf(scale, 1.0)
        // The triangle's own support is 1.
        size = ceil(filterScale).toInt() * 2 + 1
        values = IntArray(outputs * size)
        val raw = DoubleArray(size)
        for (out in 0 until outputs) {
            val center = low + (out + 0.5) * scale
            val start = maxOf((center - filterScale + 0.5).toInt(), 0)
            val count = minOf((center + filterScale + 0.5).toInt(), inputs) - start
            var sum = 0.0
            for (i in 0 until count) {
                val weight = triangle((i + start - center + 0.5) * (1.0 / filterScale))
                raw[i] = weight
                sum += weight
            }
            starts[out] = start
            counts[out] = count
            for (i in 0 until count) {
                val weight = if (sum != 0.0) raw[i] / sum else raw[i]
                values[out * size + i] = (0.5 + weight * (1 shl BITS)).toInt()
            }
        }
    }

    /** The first input place that counts at all. */
    val first: Int get() = starts[0]

    /** One past the last. */
    val end: Int get() = starts[outputs - 1] + counts[outputs - 1]

    private fun triangle(x: Double): Double {
        val distance = Math.abs(x)
        return if (distance < 1.0) 1.0 - distance else 0.0
    }
}

private fun resizedAcross(image: Pixels, firstRow: Int, endRow: Int, weights: Weights): Pixels {
    val out = ByteArray((endRow - firstRow) * weights.outputs * 3)
    var place = 0
    for (row in firstRow until endRow) {
        val line = row * image.width * 3
        for (x in 0 until weights.outputs) {
            var red = HALF
            var green = HALF
            var blue = HALF
            var from = line + weights.starts[x] * 3
            val base = x * weights.size
            for (i in base until base + weights.counts[x]) {
                val weight = weights.values[i]
                red += (image.bytes[from].toInt() and 255) * weight
                green += (image.bytes[from + 1].toInt() and 255) * weight
                blue += (image.bytes[from + 2].toInt() and 255) * weight
                from += 3
            }
            out[place] = sample(red)
            out[place + 1] = sample(green)
            out[place + 2] = sample(blue)
            place += 3
        }
    }
    return Pixels(out, weights.outputs, endRow - firstRow)
}

private fun resizedDown(image: Pixels, weights: Weights, firstRow: Int): Pixels {
    val line = image.width * 3
    val out = ByteArray(weights.outputs * line)
    val sums = IntArray(line)
    for (y in 0 until weights.outputs) {
        sums.fill(HALF)
        for (i in 0 until weights.counts[y]) {
            val weight = weights.values[y * weights.size + i]
            val from = (weights.starts[y] - firstRow + i) * line
            for (x in 0 until line) sums[x] += (image.bytes[from + x].toInt() and 255) * weight
        }
        for (x in 0 until line) out[y * line + x] = sample(sums[x])
    }
    return Pixels(out, image.width, weights.outputs)
}

private fun sample(sum: Int): Byte {
    val value = sum shr BITS
    return (if (value < 0) 0 else if (value > 255) 255 else value).toByte()
}
