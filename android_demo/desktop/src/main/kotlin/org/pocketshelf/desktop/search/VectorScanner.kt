package org.pocketshelf.desktop.search

import jdk.incubator.vector.ByteVector
import jdk.incubator.vector.IntVector
import jdk.incubator.vector.ShortVector
import jdk.incubator.vector.Vector
import jdk.incubator.vector.VectorOperators
import jdk.incubator.vector.VectorShape
import jdk.incubator.vector.VectorSpecies
import org.pocketshelf.core.stages.search.DotScanner
import org.pocketshelf.core.stages.search.PlainScanner
import org.pocketshelf.core.stages.search.Scanners

// As wide as the processor has it; bytes of half the width become shorts of the whole.
private val SHORTS: VectorSpecies<Short> = ShortVector.SPECIES_PREFERRED
private val INTS: VectorSpecies<Int> = IntVector.SPECIES_PREFERRED
private val BYTES: VectorSpecies<Byte> = VectorSpecies.of(
    Byte::class.javaPrimitiveType, VectorShape.forBitSize(SHORTS.vectorBitSize() / 2),
)

/**
 * The scan by Java's vector instructions, which a desktop's HotSpot does not find in plain loops over bytes.
 *
 * Two products of signed bytes, the query's at most ±127, fit a short together, so that shorts are multiplied and
 * added in pairs before they are widened: twice as many a step as with ints.
 *
 * @param vectors n · [dimension] signed bytes; [dimension] is a multiple of twice the shorts a vector holds.
 */
class VectorScanner private constructor(private val vectors: ByteArray, private val dimension: Int) : DotScanner {
    private val count = vectors.size / dimension

    override fun dots(query: ByteArray, into: IntArray) {
        val wide = ShortArray(dimension) { query[it].toShort() }
        for (row in 0 until count) into[row] = dot(row * dimension, wide)
    }

    private fun dot(start: Int, query: ShortArray): Int {
        var sums = IntVector.zero(INTS)
        var i = 0
        while (i < dimension) {
            val pairs = products(start + i, query, i).add(products(start + i + WIDTH, query, i + WIDTH)).reinterpretAsInts()
            sums = sums.add(pairs.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16))
                .add(pairs.lanewise(VectorOperators.ASHR, 16))
            i += 2 * WIDTH
        }
        return sums.reduceLanes(VectorOperators.ADD)
    }

    private fun products(place: Int, query: ShortArray, from: Int): ShortVector {
        val wide: Vector<*> = ByteVector.fromArray(BYTES, vectors, place).convertShape(VectorOperators.B2S, SHORTS, 0)
        return (wide as ShortVector).mul(ShortVector.fromArray(SHORTS, query, from))
    }

    companion object : Scanners {
        private val WIDTH = SHORTS.length()

        /** This where the vectors' length allows it, else plain loops. */
        override fun over(vectors: ByteArray, dimension: Int): DotScanner =
            if (dimension % (2 * WIDTH) == 0) VectorScanner(vectors, dimension) else PlainScanner(vectors, dimension)
    }
}
