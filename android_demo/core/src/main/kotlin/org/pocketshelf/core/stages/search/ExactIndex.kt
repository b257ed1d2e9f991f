package org.pocketshelf.core.stages.search

import org.pocketshelf.core.formats.Owners
import org.pocketshelf.core.formats.quantizeVector
import kotlin.math.sqrt

/**
 * Exact search over one category: every picture by int8 dot products, then the best ones again by the query as it is.
 *
 * @param owners whose the pictures are.
 * @param vectors n · [dimension] signed bytes, in the order of [owners].
 */
class ExactIndex(
    owners: Owners,
    private val vectors: ByteArray,
    private val dimension: Int,
    scanners: Scanners = Scanners(::PlainScanner),
) : CategoryIndex {
    private val ids = owners.ids
    private val starts = firstPictures(owners)
    private val lengths = DoubleArray(owners.places.size) { maxOf(lengthAt(it), 1e-6f).toDouble() }
    private val scanner = scanners.over(vectors, dimension)
    private val onePictureEach = owners.places.size == ids.size

    override fun search(vector: FloatArray, k: Int): List<Match> {
        if (ids.isEmpty() || k < 1) return emptyList()
        val rounded = roundedCosines(vector)
        // Whoever ties with the last one enters, too: which of equals are found depends on their ids alone.
        val least = greatest(rounded, minOf(k + SPARE_CANDIDATES, ids.size))
        val cosines = Cosines(vectors, vector)
        val matches = ArrayList<Match>(k + SPARE_CANDIDATES)
        for (product in rounded.indices) if (rounded[product] >= least) matches += match(cosines, product)
        matches.sortWith(Match.BEST_FIRST)
        return if (matches.size > k) matches.subList(0, k).toList() else matches
    }

    /** Each product's cosine to the query rounded to int8: that of its best picture. */
    private fun roundedCosines(vector: FloatArray): DoubleArray {
        val dots = IntArray(lengths.size)
        scanner.dots(quantizeVector(vector), dots)
        val cosines = DoubleArray(dots.size)
        for (picture in dots.indices) cosines[picture] = dots[picture] / lengths[picture]
        if (onePictureEach) return cosines
        return DoubleArray(ids.size) { product ->
            var best = Double.NEGATIVE_INFINITY
            for (picture in starts[product] until starts[product + 1]) best = maxOf(best, cosines[picture])
            best
        }
    }

    private fun match(cosines: Cosines, product: Int): Match {
        var cosine = Float.NEGATIVE_INFINITY
        for (picture in starts[product] until starts[product + 1]) cosine = maxOf(cosine, cosines.to(picture))
        return Match(ids[product], cosine.toDouble())
    }

    private fun lengthAt(picture: Int): Float {
        var squares = 0L
        for (i in picture * dimension until (picture + 1) * dimension) squares += vectors[i] * vectors[i]
        return sqrt(squares.toDouble()).toFloat()
    }

    private companion object {
        // The query is rounded to int8 for the scan; so many more candidates make up for it before the rescoring.
        const val SPARE_CANDIDATES = 16
    }
}

/** Each product's first picture, and one past the last: pictures of one product stand together. */
internal fun firstPictures(owners: Owners): IntArray {
    val starts = IntArray(owners.ids.size + 1)
    for (place in owners.places) starts[place + 1]++
    for (product in owners.ids.indices) starts[product + 1] += starts[product]
    return starts
}

/** The greatest value number [rank], from 1, of [values], of which there are as many. */
internal fun greatest(values: DoubleArray, rank: Int): Double {
    val best = DoubleArray(rank) { Double.NEGATIVE_INFINITY }
    var least = Double.NEGATIVE_INFINITY
    for (value in values) {
        if (value <= least) continue
        var place = rank - 1
        while (place > 0 && best[place - 1] < value) {
            best[place] = best[place - 1]
            place--
        }
        best[place] = value
        least = best[rank - 1]
    }
    return least
}
