package org.pocketshelf.core.closely

import org.pocketshelf.core.stages.preprocess.Pixels
import kotlin.math.ceil
import kotlin.math.floor

/** A grey picture, a byte a pixel, row after row. */
internal class Grey(val bytes: ByteArray, val width: Int, val height: Int)

// A narrower picture has no corners.
private const val NARROWEST = 48

/**
 * [pixels] in grey, the longer side [side]; null of what is too narrow to have corners.
 *
 * Grey is OpenCV's, in integers; a larger picture is averaged by area as its `INTER_AREA` does, a smaller one enlarged by
 * the cubic of its `INTER_CUBIC`, so that corners are found where the SDK finds them.
 */
internal fun greyOf(pixels: Pixels, side: Int): Grey? {
    val scale = side.toDouble() / maxOf(pixels.width, pixels.height)
    val width = maxOf(1, Math.rint(pixels.width * scale).toInt())
    val height = maxOf(1, Math.rint(pixels.height * scale).toInt())
    if (minOf(width, height) < NARROWEST) return null
    if (scale >= 1) return enlarged(pixels, width, height)
    val isEven = pixels.width % width == 0 && pixels.height % height == 0
    return if (isEven) averagedEvenly(pixels, width, height) else averaged(pixels, width, height)
}

/** The grey of one row of [pixels] into [line]. */
private fun greyRow(pixels: Pixels, row: Int, line: IntArray) {
    val bytes = pixels.bytes
    var from = 3 * row * pixels.width
    for (x in 0 until pixels.width) {
        val red = bytes[from].toInt() and 255
        val green = bytes[from + 1].toInt() and 255
        val blue = bytes[from + 2].toInt() and 255
        line[x] = (red * 9798 + green * 19235 + blue * 3735 + (1 shl 14)) shr 15
        from += 3
    }
}

/** Cells of whole pixels. */
private fun averagedEvenly(pixels: Pixels, width: Int, height: Int): Grey {
    val across = pixels.width / width
    val down = pixels.height / height
    val share = 1f / (across * down)
    val out = ByteArray(width * height)
    val line = IntArray(pixels.width)
    val sums = IntArray(width)
    for (y in 0 until height) {
        sums.fill(0)
        for (row in y * down until (y + 1) * down) {
            greyRow(pixels, row, line)
            for (x in 0 until width) for (from in x * across until (x + 1) * across) sums[x] += line[from]
        }
        for (x in 0 until width) {
            // Of two by two, halves are rounded up; else to the even one.
            val isQuarter = across == 2 && down == 2
            out[y * width + x] = (if (isQuarter) (sums[x] + 2) shr 2 else rounded(sums[x] * share)).toByte()
        }
    }
    return Grey(out, width, height)
}

private fun averaged(pixels: Pixels, width: Int, height: Int): Grey {
    val columns = Cells(pixels.width, width)
    val rows = Cells(pixels.height, height)
    val out = ByteArray(width * height)
    val line = IntArray(pixels.width)
    val across = FloatArray(width)
    val sums = FloatArray(width)
    var ready = -1
    for (y in 0 until height) {
        sums.fill(0f)
        for (i in rows.starts[y] until rows.starts[y + 1]) {
            if (rows.places[i] != ready) {
                // A row that two cells share is read once.
                ready = rows.places[i]
                greyRow(pixels, ready, line)
                columns.average(line, across)
            }
            val weight = rows.weights[i]
            for (x in 0 until width) sums[x] += weight * across[x]
        }
        for (x in 0 until width) out[y * width + x] = rounded(sums[x]).toByte()
    }
    return Grey(out, width, height)
}

/** Which of [inputs] lie in each of [outputs] cells, and how much of a cell each fills. */
private class Cells(inputs: Int, private val outputs: Int) {
    val starts = IntArray(outputs + 1)
    val places = IntArray(2 * outputs + inputs)
    val weights = FloatArray(places.size)

    init {
        val scale = inputs.toDouble() / outputs
        var next = 0
        for (out in 0 until outputs) {
            val low = out * scale
            val high = low + scale
            val width = minOf(scale, inputs - low)
            val end = minOf(floor(high).toInt(), inputs - 1)
            val start = minOf(ceil(low).toInt(), end)
            starts[out] = next
            if (start - low > SLIVER) next = put(next, start - 1, (start - low) / width)
            for (place in start until end) next = put(next, place, 1 / width)
            if (high - end > SLIVER) next = put(next, end, minOf(minOf(high - end, 1.0), width) / width)
        }
        starts[outputs] = next
    }

    private fun put(at: Int, place: Int, weight: Double): Int {
        places[at] = place
        weights[at] = weight.toFloat()
        return at + 1
    }

    fun average(line: IntArray, into: FloatArray) {
        for (x in 0 until outputs) {
            var sum = 0f
            for (i in starts[x] until starts[x + 1]) sum += line[places[i]] * weights[i]
            into[x] = sum
        }
    }

    private companion object {
        const val SLIVER = 1e-3
    }
}

private fun enlarged(pixels: Pixels, width: Int, height: Int): Grey {
    val columns = Cubic(pixels.width, width)
    val rows = Cubic(pixels.height, height)
    val across = DoubleArray(pixels.height * width)
    val line = IntArray(pixels.width)
    for (y in 0 until pixels.height) {
        greyRow(pixels, y, line)
        for (x in 0 until width) {
            var sum = 0.0
            for (k in 4 * x until 4 * x + 4) sum += line[columns.places[k]] * columns.weights[k]
            across[y * width + x] = sum
        }
    }
    val out = ByteArray(width * height)
    for (y in 0 until height) {
        for (x in 0 until width) {
            var sum = 0.0
            for (k in 4 * y until 4 * y + 4) sum += across[rows.places[k] * width + x] * rows.weights[k]
            out[y * width + x] = maxOf(0, minOf(255, Math.rint(sum).toInt())).toByte()
        }
    }
    return Grey(out, width, height)
}

/** Of each output place the four inputs that count, those of the edge repeated, and their weights (Keys, 1981; a = -3/4). */
private class Cubic(inputs: Int, outputs: Int) {
    val places = IntArray(4 * outputs)
    val weights = DoubleArray(4 * outputs)

    init {
        val scale = inputs.toDouble() / outputs
        for (out in 0 until outputs) {
            val center = (out + 0.5) * scale - 0.5
            val first = floor(center).toInt() - 1
            val x = center - floor(center)
            for (k in 0 until 4) places[4 * out + k] = maxOf(0, minOf(inputs - 1, first + k))
            weights[4 * out] = ((A * (x + 1) - 5 * A) * (x + 1) + 8 * A) * (x + 1) - 4 * A
            weights[4 * out + 1] = near(x)
            weights[4 * out + 2] = near(1 - x)
            weights[4 * out + 3] = 1 - weights[4 * out] - weights[4 * out + 1] - weights[4 * out + 2]
        }
    }

    private fun near(x: Double): Double = ((A + 2) * x - (A + 3)) * x * x + 1

    private companion object {
        const val A = -0.75
    }
}

/** Halves to the even one. */
private fun rounded(value: Float): Int = Math.rint(value.toDouble()).toInt()
