package org.pocketshelf.core.closely

import org.pocketshelf.core.types.Box
import org.pocketshelf.core.types.Hit

/**
 * When geometry overrules the embedding: see `sdk/pocketshelf/closely/deciding.py`, where its numbers were chosen.
 *
 * Products of one brand share its mark, variants of one design most of their print, and a photo shows a product's
 * neighbours on the shelf. So a print counts as seen where its inliers are many and spread over much of it; those seen come
 * before what is not; and of two the one that is clearly more there, else the embedding's order stays.
 */
internal object Deciding {
    /** The confidence that a confirmed first hit is right. */
    const val SURE = 0.93

    /** From so many inliers on it has that confidence; with fewer, a variant may be seen in its place. */
    const val SURE_INLIERS = 22

    // From so many inliers on, spread over such a share of the picture, a print is there.
    private const val CONFIRMED = 12
    private const val LEAST_SPREAD = 0.1

    // Of two that are there, one with so many times the evidence comes first, whatever the embedding says.
    private const val CLEARLY = 1.15

    // Share of a sighting's inliers in a box, or of the box in its outline, from which on they belong together.
    private const val INSIDE = 0.5
    private const val COVERED = 0.7

    // So many prints that no box claims become regions; each has at least such a share of the frame.
    private const val MOST_OWN = 3
    private const val LEAST_SHARE = 0.04
    private const val STEPS = 12

    /** Those of [sightings] that lie in a region's [box], or that its box lies in. */
    fun ofRegion(sightings: List<Sighting>, box: Box): List<Sighting> =
        sightings.filter { isThere(it) && belongs(it, box) }

    /**
     * Boxes of the prints that are there and belong to none of [boxes]: first those with most inliers.
     *
     * @param width of the upright photo; [height] likewise.
     */
    fun unclaimed(sightings: List<Sighting>, boxes: List<Box>, width: Int, height: Int): List<Box> {
        val found = ArrayList<Box>()
        for (each in sightings) {
            val (left, top, right, bottom) = bounds(each.corners)
            val x = maxOf(left, 0.0)
            val y = maxOf(top, 0.0)
            val wide = maxOf(minOf(right, width.toDouble()) - x, 0.0)
            val box = Box(x, y, wide, maxOf(minOf(bottom, height.toDouble()) - y, 0.0))
            val isClaimed = boxes.any { belongs(each, it) } || found.any { belongs(each, it) }
            if (isThere(each) && !isClaimed && box.area >= LEAST_SHARE * width * height) found += box
        }
        return found.take(MOST_OWN)
    }

    /** The box around a sighting's corners, which may reach beyond the photo. */
    fun outline(sighting: Sighting): Box {
        val (left, top, right, bottom) = bounds(sighting.corners)
        return Box(left, top, right - left, bottom - top)
    }

    private fun bounds(corners: DoubleArray): DoubleArray {
        val xs = DoubleArray(4) { corners[2 * it] }.apply { sort() }
        val ys = DoubleArray(4) { corners[2 * it + 1] }.apply { sort() }
        return doubleArrayOf(xs[0], ys[0], xs[3], ys[3])
    }

    /**
     * At most [k] hits: those seen first, as far as [CLEARLY] says, then the others in their order.
     *
     * @param find a product that is not among the hits; null where it is not to be had, or not wished for.
     */
    fun lifted(hits: List<Hit>, sightings: List<Sighting>, k: Int, find: (String) -> Hit?): List<Hit> {
        val ranks = hits.withIndex().associate { (rank, hit) -> hit.productId to rank }
        val seen = sightings.mapNotNull { sighting ->
            val rank = ranks[sighting.productId]
            val hit = if (rank == null) find(sighting.productId) else hits[rank]
            hit?.let { Seen(sighting.evidence, rank ?: ranks.size, it.copy(inliers = sighting.inliers)) }
        }.sortedByDescending { it.evidence }
        if (seen.isEmpty()) return hits.take(k)
        // Of those about as much there as the first, the one that the embedding likes best.
        val first = seen.filter { it.evidence * CLEARLY >= seen[0].evidence }.minWith(compareBy({ it.rank }, { -it.evidence }))
        val order = listOf(first.hit) + seen.filter { it !== first }.map { it.hit }
        val chosen = order.mapTo(HashSet()) { it.productId }
        return (order + hits.filter { it.productId !in chosen }).take(k)
    }

    private class Seen(val evidence: Double, val rank: Int, val hit: Hit)

    private fun isThere(sighting: Sighting): Boolean = sighting.inliers >= CONFIRMED && sighting.spread >= LEAST_SPREAD

    private fun belongs(sighting: Sighting, box: Box): Boolean {
        val points = sighting.points
        var inside = 0
        for (i in points.indices step 2) {
            if (points[i] >= box.x && points[i] <= box.right && points[i + 1] >= box.y && points[i + 1] <= box.bottom) inside++
        }
        return inside.toDouble() / (points.size / 2) >= INSIDE || covered(sighting.corners, box) >= COVERED
    }

    /** Share of a box inside a convex outline, by a grid of points. */
    private fun covered(corners: DoubleArray, box: Box): Double {
        var inside = 0
        for (row in 0 until STEPS) {
            for (column in 0 until STEPS) {
                val x = box.x + (column + 0.5) / STEPS * box.width
                val y = box.y + (row + 0.5) / STEPS * box.height
                if (isInside(corners, x, y)) inside++
            }
        }
        return inside.toDouble() / (STEPS * STEPS)
    }

    private fun isInside(corners: DoubleArray, x: Double, y: Double): Boolean {
        for (i in 0 until 8 step 2) {
            val ax = corners[i]
            val ay = corners[i + 1]
            if ((corners[(i + 2) % 8] - ax) * (y - ay) - (corners[(i + 3) % 8] - ay) * (x - ax) < 0) return false
        }
        return true
    }
}
