package org.pocketshelf.core.stages.search

/** Computes the dot products of one int8 query with all int8 vectors of a block. */
interface DotScanner {
    /**
     * Dot product of [query] (D signed bytes, ±127 at most, as `quantizeVector` gives them) with each of the n vectors,
     * into the first n places of [into]. Exact: sums of 32 bits cannot overflow below 131,072 numbers a vector.
     */
    fun dots(query: ByteArray, into: IntArray)
}

/** Makes a [DotScanner] over a block of vectors: plain loops here; a platform may have something faster. */
fun interface Scanners {
    /** A scanner over [vectors]: n · [dimension] signed bytes, one vector after the other. */
    fun over(vectors: ByteArray, dimension: Int): DotScanner
}

/**
 * Plain loops. Android's runtime is said to turn a sum of products of signed bytes into dot-product instructions where
 * the processor has them, which was not tried here; HotSpot does not, so that a computer has a scanner of its own.
 */
class PlainScanner(private val vectors: ByteArray, private val dimension: Int) : DotScanner {
    private val count = vectors.size / dimension

    override fun dots(query: ByteArray, into: IntArray) {
        for (row in 0 until count) into[row] = dot(vectors, row * dimension, query, dimension)
    }

    private fun dot(vectors: ByteArray, start: Int, query: ByteArray, length: Int): Int {
        var sum = 0
        for (i in 0 until length) sum += vectors[start + i] * query[i]
        return sum
    }
}
