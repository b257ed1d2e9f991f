package org.pocketshelf.core.closely

/** Corners of one level, in its own pixels, and how strong each is. */
internal class Corners {
    var size = 0
        private set
    var xs = IntArray(1024)
        private set
    var ys = IntArray(1024)
        private set
    var strengths = FloatArray(1024)
        private set

    fun add(x: Int, y: Int, strength: Float) {
        if (size == xs.size) {
            xs = xs.copyOf(2 * size)
            ys = ys.copyOf(2 * size)
            strengths = strengths.copyOf(2 * size)
        }
        xs[size] = x
        ys[size] = y
        strengths[size++] = strength
    }

    /** The [most] strongest, and those as strong as the last of them, in their order. */
    fun best(most: Int): Corners {
        if (size <= most) return this
        val found = Corners()
        if (most == 0) return found
        val sorted = strengths.copyOf(size).apply { sort() }
        val least = sorted[size - most]
        for (i in 0 until size) if (strengths[i] >= least) found.add(xs[i], ys[i], strengths[i])
        return found
    }

    /** The same, with other strengths. */
    inline fun rated(rate: (Int, Int) -> Float): Corners {
        for (i in 0 until size) strengths[i] = rate(xs[i], ys[i])
        return this
    }
}

private const val RING = 16
private const val ARC = 9

// Around the middle, clockwise from below: x and y.
private val RING_X = intArrayOf(0, 1, 2, 3, 3, 3, 2, 1, 0, -1, -2, -3, -3, -3, -2, -1)
private val RING_Y = intArrayOf(3, 3, 2, 1, 0, -1, -2, -3, -3, -3, -2, -1, 0, 1, 2, 3)

/**
 * The corners of [picture] at least [edge] pixels from its edges: FAST (Rosten and Drummond, ECCV 2006), nine of sixteen,
 * each stronger than its eight neighbours; its strength is the largest threshold that it passes, [threshold] at least.
 */
internal fun fastCorners(picture: Grey, threshold: Int, edge: Int): Corners {
    val found = Corners()
    if (picture.width <= 2 * edge || picture.height <= 2 * edge) return found
    val search = CornerSearch(picture, threshold, edge - 1)
    var above = IntArray(picture.width)
    var here = IntArray(picture.width)
    var below = IntArray(picture.width)
    search.row(edge - 1, above)
    search.row(edge, here)
    for (y in edge until picture.height - edge) {
        search.row(y + 1, below)
        for (x in edge until picture.width - edge) {
            val score = here[x]
            if (score == 0 || score <= here[x - 1] || score <= here[x + 1]) continue
            if (score <= above[x - 1] || score <= above[x] || score <= above[x + 1]) continue
            if (score <= below[x - 1] || score <= below[x] || score <= below[x + 1]) continue
            found.add(x, y, score.toFloat())
        }
        val spare = above
        above = here
        here = below
        below = spare
    }
    return found
}

private class CornerSearch(private val picture: Grey, private val threshold: Int, private val edge: Int) {
    private val ring = IntArray(RING) { RING_Y[it] * picture.width + RING_X[it] }

    // Of the difference of a pixel to the middle, plus 255: 1 darker, 2 brighter by more than the threshold.
    private val sides = IntArray(511) { if (it - 255 < -threshold) 1 else if (it - 255 > threshold) 2 else 0 }
    private val differences = IntArray(RING + ARC - 1)

    /** The scores of a row's pixels; 0 of what is no corner. */
    fun row(y: Int, scores: IntArray) {
        val bytes = picture.bytes
        scores.fill(0)
        for (x in edge until picture.width - edge) {
            val at = y * picture.width + x
            val middle = 255 - (bytes[at].toInt() and 255)
            // Of an arc of nine, one of each two opposite pixels.
            var either = side(at, 0, middle) or side(at, 8, middle)
            if (either == 0) continue
            either = either and (side(at, 4, middle) or side(at, 12, middle))
            if (either == 0) continue
            either = either and (side(at, 2, middle) or side(at, 10, middle))
            either = either and (side(at, 6, middle) or side(at, 14, middle))
            if (either != 0) scores[x] = score(at, 255 - middle)
        }
    }

    private fun side(at: Int, k: Int, middle: Int): Int = sides[(picture.bytes[at + ring[k]].toInt() and 255) + middle]

    private fun score(at: Int, value: Int): Int {
        var darker = 0
        var brighter = 0
        for (k in 0 until RING) {
            val difference = value - (picture.bytes[at + ring[k]].toInt() and 255)
            differences[k] = difference
            if (difference > threshold) darker = darker or (1 shl k)
            if (difference < -threshold) brighter = brighter or (1 shl k)
        }
        if (!hasArc(darker) && !hasArc(brighter)) return 0
        for (k in 0 until ARC - 1) differences[RING + k] = differences[k]
        var best = 0
        for (first in 0 until RING) {
            var least = differences[first]
            var most = least
            for (k in first + 1 until first + ARC) {
                if (differences[k] < least) least = differences[k]
                if (differences[k] > most) most = differences[k]
            }
            best = maxOf(best, maxOf(least, -most))
        }
        return best - 1
    }

    /** Whether nine neighbouring ones of a ring's sixteen bits are set. */
    private fun hasArc(bits: Int): Boolean {
        val twice = bits or (bits shl RING)
        var runs = twice and (twice ushr 1)
        runs = runs and (runs ushr 2)
        runs = runs and (runs ushr 4)
        return runs and (twice ushr 8) != 0
    }
}
