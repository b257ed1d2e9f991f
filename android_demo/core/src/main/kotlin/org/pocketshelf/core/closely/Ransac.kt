package org.pocketshelf.core.closely

import kotlin.math.abs
import kotlin.math.ln
import kotlin.math.pow

/**
 * The homography that lays most of the points [from] upon [to], within [pixels], refined on them, and which it lays so then
 * (RANSAC: Fischler and Bolles, 1981); the same points give the same answer.
 *
 * Samples are drawn, refused and given up as OpenCV's `findHomography` does it, by a generator of the same kind (multiply
 * with carry: Marsaglia, 1994), so that the same prints are found with nearly the same inliers.
 *
 * @property from x and y of each point; [to] likewise.
 */
internal class Ransac(private val from: FloatArray, private val to: FloatArray, private val pixels: Double) {
    private val count = from.size / 2
    private var state = -1L

    /** The homography and the places of the points that it lays so; null where no four give one. */
    fun run(): Pair<Homography, IntArray>? {
        var best = IntArray(0)
        var model: Homography? = null
        var rounds = ROUNDS
        var round = 0
        while (round < rounds) {
            val sample = sample() ?: break
            round++
            val candidate = Homography.of(from, to, sample) ?: continue
            val inside = inside(candidate)
            if (inside.size <= maxOf(best.size, SAMPLE - 1)) continue
            best = inside
            model = candidate
            rounds = needed(inside.size, rounds)
        }
        val found = model ?: return null
        val refined = Homography.refined(Homography.of(from, to, best) ?: found, from, to, best)
        return refined to inside(refined)
    }

    private fun inside(model: Homography): IntArray {
        val found = IntArray(count)
        val at = DoubleArray(2)
        val most = (pixels * pixels).toFloat()
        var size = 0
        for (i in 0 until count) {
            model.map(from[2 * i].toDouble(), from[2 * i + 1].toDouble(), at)
            val x = (at[0] - to[2 * i]).toFloat()
            val y = (at[1] - to[2 * i + 1]).toFloat()
            if (x * x + y * y <= most) found[size++] = i
        }
        return found.copyOf(size)
    }

    /** How many rounds find, as likely as is wanted, a sample of so many [good] points. */
    private fun needed(good: Int, most: Int): Int {
        val hit = 1 - (good.toDouble() / count).pow(SAMPLE)
        if (hit < Double.MIN_VALUE) return 0
        val wanted = ln(1 - CONFIDENCE)
        val each = ln(hit)
        return if (each >= 0 || -wanted >= most * -each) most else Math.rint(wanted / each).toInt()
    }

    /** Four points that may be seen from one side of a plane; null where none are found. */
    private fun sample(): IntArray? {
        val places = IntArray(SAMPLE)
        repeat(ATTEMPTS) {
            for (i in 0 until SAMPLE) {
                do places[i] = below(count) while ((0 until i).any { places[it] == places[i] })
            }
            if (!isFlat(from, places) && !isFlat(to, places) && isSeen(places)) return places
        }
        return null
    }

    private fun below(limit: Int): Int {
        state = (state and MASK) * MULTIPLIER + (state ushr 32)
        return ((state and MASK) % limit).toInt()
    }

    /** Whether the last of the points lies on a line through two others, or upon one. */
    private fun isFlat(points: FloatArray, places: IntArray): Boolean {
        val last = places[SAMPLE - 1]
        for (j in 0 until SAMPLE - 1) {
            val x = (points[2 * places[j]] - points[2 * last]).toDouble()
            val y = (points[2 * places[j] + 1] - points[2 * last + 1]).toDouble()
            for (k in 0 until j) {
                val u = (points[2 * places[k]] - points[2 * last]).toDouble()
                val v = (points[2 * places[k] + 1] - points[2 * last + 1]).toDouble()
                if (abs(u * y - v * x) <= FLAT * (abs(x) + abs(y) + abs(u) + abs(v))) return true
            }
        }
        return false
    }

    /** Whether all of a sample's triangles turn the same way in both, or all the other way. */
    private fun isSeen(places: IntArray): Boolean {
        var turned = 0
        for (i in TRIANGLES.indices step 3) {
            if (turn(from, places, i) * turn(to, places, i) < 0) turned++
        }
        return turned == 0 || turned == SAMPLE
    }

    private fun turn(points: FloatArray, places: IntArray, triangle: Int): Double {
        val a = 2 * places[TRIANGLES[triangle]]
        val b = 2 * places[TRIANGLES[triangle + 1]]
        val c = 2 * places[TRIANGLES[triangle + 2]]
        val x = points[a].toDouble()
        val y = points[a + 1].toDouble()
        return (points[b] - x) * (points[c + 1] - y) - (points[b + 1] - y) * (points[c] - x)
    }

    private companion object {
        const val ROUNDS = 400
        const val CONFIDENCE = 0.995
        const val SAMPLE = 4
        const val ATTEMPTS = 10_000
        const val FLAT = 1.1920929e-07
        const val MULTIPLIER = 4164903690L
        const val MASK = 0xffffffffL
        val TRIANGLES = intArrayOf(0, 1, 2, 1, 2, 3, 0, 2, 3, 0, 1, 3)
    }
}
