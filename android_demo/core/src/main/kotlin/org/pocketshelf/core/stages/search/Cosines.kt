package org.pocketshelf.core.stages.search

import org.pocketshelf.core.formats.lengthOf
import kotlin.math.sqrt

/**
 * Cosines of one query, not rounded, to int8 vectors: the same whatever index found them.
 *
 * Sums are taken in double precision and the quotient is rounded to 32 bits: so equal vectors have equal scores, and
 * the three languages the same.
 *
 * @param vectors n · D signed bytes.
 * @param query D numbers.
 */
class Cosines(private val vectors: ByteArray, private val query: FloatArray) {
    private val length = lengthOf(query)

    /** The cosine to the vector number [picture]. */
    fun to(picture: Int): Float {
        val start = picture * query.size
        var dot = 0.0
        var squares = 0L
        for (i in query.indices) {
            val x = vectors[start + i].toInt()
            dot += x.toDouble() * query[i]
            squares += x * x
        }
        return (dot / maxOf(sqrt(squares.toDouble()) * length, 1e-6)).toFloat()
    }
}
