package org.pocketshelf.core.recall

import org.pocketshelf.core.formats.Products
import org.pocketshelf.core.formats.lengthOf
import kotlin.math.sqrt

/**
 * Mean and standard deviation of some cosines.
 */
data class Spread(val mean: Double, val deviation: Double) {
    companion object {
        /** A spread below it, as of a shelf with one product, says nothing. */
        const val LEAST = 0.02

        /** Of no cosines at all. */
        val UNKNOWN = Spread(0.0, 1.0)

        /** Of [values], of which there is at least one. */
        fun of(values: DoubleArray): Spread {
            val mean = values.sum() / values.size
            var squares = 0.0
            for (value in values) squares += (value - mean) * (value - mean)
            return Spread(mean, maxOf(LEAST, sqrt(squares / values.size)))
        }
    }
}

/**
 * What a server tells of its full catalogue, for one query: in its units its hits are judged. In those of a shelf that
 * holds little of it a stranger would seem near.
 *
 * @property nearest of a product's cosine to the nearest other product.
 * @property ofQuery of the query's cosines to the products; [ofHits] of some products', by id.
 */
class CatalogueSpread(val nearest: Spread, val ofQuery: Spread, val ofHits: Map<String, Spread> = emptyMap())

/**
 * A shelf's own distances: in their units a query's cosines mean the same in every shop.
 *
 * A cosine of 0.6 is far in a shop of alike shirts and near in one of groceries. Speaker verification solves the same
 * problem by score normalisation (Auckenthaler, Carey and Lloyd-Thomas, 2000). The cohort here is a sample of the
 * shelf's own products: read at the first question, the same in every session.
 *
 * @param products of the shelf.
 */
class Neighbourhood(private val products: Products) {
    private val dimension get() = products.meta.dimension

    /** The first picture of each of at most 2,048 products, each of length 1: n · D numbers. */
    val cohort: FloatArray by lazy {
        val ids = products.ids()
        unit(products.firstVectors(drawn(ids.size, COHORT).map { ids[it] }))
    }

    private val size get() = cohort.size / dimension

    /** Of a product's cosine to the nearest other product. */
    val nearest: Spread by lazy {
        if (size < 2) {
            Spread.UNKNOWN
        } else {
            Spread.of(DoubleArray(minOf(PROBES, size)) { probe ->
                var best = -1f
                for (other in 0 until size) if (other != probe) best = maxOf(best, cosine(cohort, probe * dimension, other))
                best.toDouble()
            })
        }
    }

    /** Of the cosines of a vector of D numbers to the cohort. */
    fun background(vector: FloatArray): Spread {
        if (size == 0) return Spread.UNKNOWN
        val length = maxOf(lengthOf(vector), 1e-6).toFloat()
        val query = FloatArray(vector.size) { vector[it] / length }
        return Spread.of(DoubleArray(size) { cosine(query, 0, it).toDouble() })
    }

    private fun cosine(query: FloatArray, start: Int, other: Int): Float {
        val base = other * dimension
        var sum = 0f
        for (i in 0 until dimension) sum += query[start + i] * cohort[base + i]
        return sum
    }

    private fun unit(vectors: ByteArray): FloatArray {
        val unit = FloatArray(vectors.size)
        for (start in vectors.indices step dimension) {
            var squares = 0L
            for (i in start until start + dimension) squares += vectors[i] * vectors[i]
            val length = maxOf(sqrt(squares.toDouble()).toFloat(), 1e-6f)
            for (i in start until start + dimension) unit[i] = vectors[i] / length
        }
        return unit
    }

    private companion object {
        // Of the products; a shelf with fewer is its own cohort. 2,048 vectors of 256 numbers are 2 MB.
        const val COHORT = 2048

        // Of the cohort, to take nearest neighbours of.
        const val PROBES = 512
    }
}
