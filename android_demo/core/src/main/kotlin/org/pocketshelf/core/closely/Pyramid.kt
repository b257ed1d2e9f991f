package org.pocketshelf.core.closely

import kotlin.math.exp
import kotlin.math.floor
import kotlin.math.pow

/** A picture and smaller ones of it, each [SCALE] times smaller than the one before, resized as OpenCV's ORB does. */
internal class Pyramid(picture: Grey) {
    /** How much smaller each level is than the first. */
    val scales = FloatArray(LEVELS) { SCALE.pow(it).toFloat() }

    /** From the picture itself on. */
    val levels: List<Grey>

    init {
        val found = arrayListOf(picture)
        for (level in 1 until LEVELS) {
            val inverse = 1f / scales[level]
            found += halfway(found.last(), sized(picture.width * inverse), sized(picture.height * inverse))
        }
        levels = found
    }

    private fun sized(length: Float): Int = maxOf(1, Math.rint(length.toDouble()).toInt())

    companion object {
        const val LEVELS = 8

        // OpenCV's default, a float.
        const val SCALE = 1.2000000476837158
    }
}

/** [picture] resized as OpenCV's `INTER_LINEAR_EXACT`: between the nearest pixels, in fixed point. */
private fun halfway(picture: Grey, width: Int, height: Int): Grey {
    val columns = Between(picture.width, width)
    val rows = Between(picture.height, height)
    val out = ByteArray(width * height)
    var above = IntArray(width)
    var below = IntArray(width)
    var aboveIs = -1
    var belowIs = -1
    for (y in 0 until height) {
        val first = rows.places[y]
        val second = minOf(first + 1, picture.height - 1)
        if (aboveIs != first) {
            if (belowIs == first) {
                val spare = above
                above = below
                below = spare
                belowIs = -1
            } else {
                columns.across(picture, first, above)
            }
            aboveIs = first
        }
        if (belowIs != second) {
            columns.across(picture, second, below)
            belowIs = second
        }
        val weight = rows.weights[y]
        for (x in 0 until width) {
            out[y * width + x] = ((above[x] * (256 - weight) + below[x] * weight + (1 shl 15)) shr 16).toByte()
        }
    }
    return Grey(out, width, height)
}

/** Of each of [outputs] places the input before it, and what the next one weighs, in 256ths. */
private class Between(private val inputs: Int, private val outputs: Int) {
    val places = IntArray(outputs)
    val weights = IntArray(outputs)

    init {
        val scale = inputs.toDouble() / outputs
        for (out in 0 until outputs) {
            val place = (out + 0.5) * scale - 0.5
            val whole = floor(place).toInt()
            if (whole >= 0 && whole < inputs - 1) weights[out] = Math.rint((place - whole) * 256).toInt()
            places[out] = maxOf(0, minOf(inputs - 1, whole))
        }
    }

    fun across(picture: Grey, row: Int, into: IntArray) {
        val line = row * picture.width
        val bytes = picture.bytes
        for (x in 0 until outputs) {
            val from = line + places[x]
            val left = bytes[from].toInt() and 255
            val right = if (places[x] + 1 < inputs) bytes[from + 1].toInt() and 255 else left
            into[x] = left * (256 - weights[x]) + right * weights[x]
        }
    }
}

private const val BLUR = 3

/** The 7 weights of a Gaussian of sigma 2, from the middle on. */
private val GAUSSIAN = FloatArray(BLUR + 1).also { weights ->
    val raw = DoubleArray(weights.size) { exp(-it * it / 8.0) }
    for (k in weights.indices) weights[k] = (raw[k] / (2 * raw.sum() - raw[0])).toFloat()
}

/** [picture] blurred, the edge mirrored; rounded once, as OpenCV has it where its pictures lie in a pyramid. */
internal fun blurred(picture: Grey): Grey {
    val width = picture.width
    val height = picture.height
    // Seven rows, blurred across, in turn.
    val rows = Array(2 * BLUR + 1) { FloatArray(width) }
    val out = ByteArray(width * height)
    val wide = FloatArray(width + 2 * BLUR)
    for (row in -BLUR until BLUR) blurRow(picture, mirrored(row, height), wide, rows[Math.floorMod(row, rows.size)])
    for (y in 0 until height) {
        blurRow(picture, mirrored(y + BLUR, height), wide, rows[(y + BLUR) % rows.size])
        val around = Array(rows.size) { rows[(y + it + rows.size - BLUR) % rows.size] }
        blurDown(around, out, y * width)
    }
    return Grey(out, width, height)
}

private fun blurDown(rows: Array<FloatArray>, out: ByteArray, line: Int) {
    val (a, b, c, d) = rows
    val e = rows[4]
    val f = rows[5]
    val g = rows[6]
    for (x in d.indices) {
        val sum = d[x] * GAUSSIAN[0] + (c[x] + e[x]) * GAUSSIAN[1] + (b[x] + f[x]) * GAUSSIAN[2] +
            (a[x] + g[x]) * GAUSSIAN[3]
        out[line + x] = (sum + 0.5f).toInt().toByte()
    }
}

private fun blurRow(picture: Grey, row: Int, wide: FloatArray, into: FloatArray) {
    val width = picture.width
    val line = row * width
    for (x in 0 until width) wide[x + BLUR] = (picture.bytes[line + x].toInt() and 255).toFloat()
    for (k in 1..BLUR) {
        wide[BLUR - k] = wide[BLUR + mirrored(-k, width)]
        wide[BLUR + width - 1 + k] = wide[BLUR + mirrored(width - 1 + k, width)]
    }
    for (x in 0 until width) {
        into[x] = wide[x + 3] * GAUSSIAN[0] + (wide[x + 2] + wide[x + 4]) * GAUSSIAN[1] +
            (wide[x + 1] + wide[x + 5]) * GAUSSIAN[2] + (wide[x] + wide[x + 6]) * GAUSSIAN[3]
    }
}

/** A place beyond the edge, mirrored at the outermost pixel, which is not repeated. */
private fun mirrored(place: Int, size: Int): Int {
    if (size == 1) return 0
    val period = 2 * (size - 1)
    val turned = Math.floorMod(place, period)
    return if (turned < size) turned else period - turned
}
