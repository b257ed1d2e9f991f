package org.pocketshelf.core.closely

import kotlin.math.sign
import kotlin.math.sqrt

/**
 * A product's picture, found in a photo.
 *
 * @property inliers features of the picture that lie in the photo where the homography says.
 * @property spread share of the picture that the outline of its inliers encloses: little of a brand's mark alone.
 * @property corners x and y of the picture's four in pixels of the upright photo, clockwise from its upper left.
 * @property points x and y of the inliers, in such pixels.
 */
class Sighting(
    val productId: String,
    val inliers: Int,
    val spread: Double,
    val corners: DoubleArray,
    val points: DoubleArray,
) {
    /** How much of the picture is there: inliers · sqrt(spread). */
    val evidence: Double get() = inliers * sqrt(spread)
}

/** Places in a print's features and in a photo's that look alike. */
internal class Matches(val print: IntArray, val photo: IntArray) {
    fun chosen(places: IntArray) =
        Matches(IntArray(places.size) { print[places[it]] }, IntArray(places.size) { photo[places[it]] })
}

/** Where prints lie in photos: matches, a homography, doubts; see `sdk/pocketshelf/closely/geometry.py`. */
internal object Geometry {
    private const val MOST_BITS = 72
    private const val RATIO = 0.88
    private const val LEAST_INLIERS = 8

    // Pixels of a photo of the longer side 640.
    private const val RANSAC_PIXELS = 6.0
    private const val PHOTO_SIDE = 640.0

    // Of the photo's frame: of a smaller print no features are left, and none is larger.
    private const val SMALLEST = 0.01
    private const val LARGEST = 6.0

    // Neighbouring sides of a print in a photo stand to each other as 1 to at most so much more than its own do.
    private const val SLANT = 3.5
    private const val FLATTEST_SINE = 0.25

    // How much the scale may differ between matches, in octaves, and the turn, in turns.
    private const val OCTAVES = 0.75f
    private const val TURNS = (1.0 / 9).toFloat()

    /**
     * The print in the photo, if it is there.
     *
     * @param width of the upright photo in pixels; [height] likewise.
     * @param shape the print's width by its height.
     */
    fun sighted(productId: String, print: Features, photo: Features, width: Int, height: Int, shape: Double): Sighting? {
        val matches = consistent(print, photo, matches(print, photo))
        if (matches.print.toSet().size < LEAST_INLIERS) return null
        val scale = PHOTO_SIDE / maxOf(width, height)
        val own = FloatArray(2 * matches.print.size)
        val there = FloatArray(own.size)
        for (i in matches.print.indices) {
            own[2 * i] = print.points[2 * matches.print[i]] * shape.toFloat()
            own[2 * i + 1] = print.points[2 * matches.print[i] + 1]
            there[2 * i] = (photo.points[2 * matches.photo[i]] * (width * scale)).toFloat()
            there[2 * i + 1] = (photo.points[2 * matches.photo[i] + 1] * (height * scale)).toFloat()
        }
        val (found, inside) = Ransac(own, there, RANSAC_PIXELS).run() ?: return null
        val kept = each(matches, inside)
        val corners = outlined(found, shape)
        if (kept.size < LEAST_INLIERS || corners == null) return null
        if (!isPlausible(corners, shape, width * scale * height * scale)) return null
        val outline = kept.map { 2 * matches.print[it] }.map { print.points[it].toDouble() to print.points[it + 1].toDouble() }
        return Sighting(
            productId, kept.size, enclosed(outline), DoubleArray(8) { corners[it] / scale },
            DoubleArray(2 * kept.size) { there[2 * kept[it / 2] + it % 2] / scale },
        )
    }

    /** What looks alike, and clearly more than the next of the print does, in the photo's order. */
    fun matches(print: Features, photo: Features): Matches {
        val first = IntArray(photo.size)
        val second = IntArray(photo.size)
        var size = 0
        for (j in 0 until photo.size) {
            var best = Int.MAX_VALUE
            var next = Int.MAX_VALUE
            var at = 0
            for (i in 0 until print.size) {
                val apart = bitsApart(print.descriptors, i, photo.descriptors, j)
                if (apart < best) {
                    next = best
                    best = apart
                    at = i
                } else if (apart < next) {
                    next = apart
                }
            }
            if (best > MOST_BITS || next != Int.MAX_VALUE && best > RATIO * next) continue
            first[size] = at
            second[size++] = j
        }
        return Matches(first.copyOf(size), second.copyOf(size))
    }

    /** Those that agree on turn and scale with most others (Lowe, IJCV 2004, by a vote). */
    fun consistent(print: Features, photo: Features, matches: Matches): Matches {
        val count = matches.print.size
        if (count < LEAST_INLIERS) return matches
        val turns = FloatArray(count) {
            val turn = (photo.angles[matches.photo[it]] - print.angles[matches.print[it]]) % 1f
            if (turn < 0) turn + 1f else turn
        }
        val octaves = FloatArray(count) { photo.sizes[matches.photo[it]] - print.sizes[matches.print[it]] }
        fun agree(i: Int, j: Int): Boolean {
            val apart = Math.abs(turns[i] - turns[j])
            return minOf(apart, 1f - apart) <= TURNS && Math.abs(octaves[i] - octaves[j]) <= OCTAVES
        }
        var best = 0
        var most = -1
        for (i in 0 until count) {
            var voices = 0
            for (j in 0 until count) if (agree(i, j)) voices++
            if (voices > most) {
                most = voices
                best = i
            }
        }
        val kept = IntArray(most)
        var size = 0
        for (j in 0 until count) if (agree(best, j)) kept[size++] = j
        return matches.chosen(kept)
    }

    /** Of the places [inside] of [matches], one of each of the print's features, and one of each of the photo's. */
    private fun each(matches: Matches, inside: IntArray): IntArray {
        val ofPrint = inside.distinctBy { matches.print[it] }.sortedBy { matches.print[it] }
        return ofPrint.distinctBy { matches.photo[it] }.sortedBy { matches.photo[it] }.toIntArray()
    }

    /** The corners of a print in the photo, x and y of each; null where one would lie behind the camera. */
    private fun outlined(found: Homography, shape: Double): DoubleArray? {
        val own = doubleArrayOf(0.0, 0.0, shape, 0.0, shape, 1.0, 0.0, 1.0)
        val corners = DoubleArray(8)
        val at = DoubleArray(2)
        val h = found.h
        for (i in 0 until 4) {
            val x = own[2 * i]
            val y = own[2 * i + 1]
            if ((h[6] * x + h[7] * y + h[8]) * sign(h[8]) <= 1e-6) return null
            found.map(x, y, at)
            at.copyInto(corners, 2 * i)
        }
        return corners
    }

    /** Whether a camera can have seen a print so: convex, not mirrored, neither tiny nor a sliver. */
    private fun isPlausible(corners: DoubleArray, shape: Double, frame: Double): Boolean {
        val across = DoubleArray(4) { corners[(2 * it + 2) % 8] - corners[2 * it] }
        val down = DoubleArray(4) { corners[(2 * it + 3) % 8] - corners[2 * it + 1] }
        val lengths = DoubleArray(4) { length(across[it], down[it]) }
        for (i in 0 until 4) {
            val next = (i + 1) % 4
            val turn = across[i] * down[next] - down[i] * across[next]
            // Mirrored ones turn the other way.
            if (!(lengths[i] > 1e-3) || !(turn > FLATTEST_SINE * lengths[i] * lengths[next])) return false
        }
        var twice = 0.0
        for (i in 0 until 4) {
            twice += corners[2 * i] * corners[(2 * i + 3) % 8] - corners[2 * i + 1] * corners[(2 * i + 2) % 8]
        }
        val share = 0.5 * twice / frame
        val aspect = (lengths[0] + lengths[2]) / (lengths[1] + lengths[3]) / shape
        val opposite = maxOf(
            maxOf(lengths[0] / lengths[2], lengths[2] / lengths[0]), maxOf(lengths[1] / lengths[3], lengths[3] / lengths[1]),
        )
        return share in SMALLEST..LARGEST && aspect in 1 / SLANT..SLANT && opposite <= SLANT
    }

    /** The area of the points' convex hull (Andrew, 1979). */
    fun enclosed(points: List<Pair<Double, Double>>): Double {
        val sorted = points.sortedWith(compareBy({ it.first }, { it.second }))
        val hull = half(sorted).dropLast(1) + half(sorted.asReversed()).dropLast(1)
        var twice = 0.0
        for (i in hull.indices) {
            val (x, y) = hull[i]
            val (u, v) = hull[(i + 1) % hull.size]
            twice += x * v - y * u
        }
        return Math.abs(twice) / 2
    }

    private fun half(sorted: List<Pair<Double, Double>>): List<Pair<Double, Double>> {
        val hull = ArrayList<Pair<Double, Double>>()
        for (point in sorted) {
            while (hull.size > 1) {
                val (x, y) = hull[hull.size - 2]
                val (u, v) = hull.last()
                if ((u - x) * (point.second - y) - (v - y) * (point.first - x) > 0) break
                hull.removeAt(hull.size - 1)
            }
            hull += point
        }
        return hull
    }
}
