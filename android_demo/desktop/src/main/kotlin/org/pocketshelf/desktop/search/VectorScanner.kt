package org.pocketshelf.desktop.search

import jdk.incubator.vector.ByteVector
import jdk.incubator.vector.IntVector
import jdk.incubator.vector.ShortVector
import jdk.incubator.vector.Vector
import jdk.incubator.vector.VectorOperators
import jdk.incubator.vector.VectorShape
import jdk.incubator.vector.VectorSpecies
import org.pocketshelf.core.stages.search.DotScanner

// As wide as the processor has it; bytes of half the width become shorts of the whole.
private val SHORTS: VectorSpecies<Short> = ShortVector.SPECIES_PREFERRED
private val INTS: VectorSpecies<Int> = IntVector.SPECIES_PREFERRED
private val BYTES: VectorSpecies<Byte> = VectorSpecies.of(
    Byte::class.javaPrimitiveType, VectorShape.forBitSize(SHORTS.vectorBitSize() / 2),
)
private val WIDTH = SHORTS.length()
private val HALF = INTS.length()

// Rows that are scanned together: two vectors of them.
private val BLOCK = 2 * WIDTH

/**
 * The scan by Java's vector instructions, which HotSpot does not find in plain loops over bytes.
 *
 * The vectors are copied once into blocks of rows, a block's numbers of one dimension side by side: so a lane is a row,
 * and nothing need be summed across lanes. Two products of signed bytes fit a short together; shorts are summed in
 * pairs of lanes, seen as ints, of which the upper half is summed apart: what is left of the whole is the lower half. A
 * bias makes all halves positive.
 *
 * @param vectors n · [dimension] signed bytes.
 */
class VectorScanner(vectors: ByteArray, private val dimension: Int) : DotScanner {
    private val count = vectors.size / dimension
    private val even = dimension + dimension % 2
    private val blocks = packed(vectors)

    override fun dots(query: ByteArray, into: IntArray) {
        val wide = ShortArray(even * WIDTH) { place -> if (place / WIDTH < dimension) query[place / WIDTH].toShort() else 0 }
        val whole = count / BLOCK
        for (block in 0 until whole) scan(block, wide, into, block * BLOCK)
        if (whole * BLOCK < count) {
            val rest = IntArray(BLOCK)
            scan(whole, wide, rest, 0)
            rest.copyInto(into, whole * BLOCK, 0, count - whole * BLOCK)
        }
    }

    private fun scan(block: Int, query: ShortArray, into: IntArray, at: Int) {
        val bias = IntVector.broadcast(INTS, BIAS)
        var firstAll = IntVector.zero(INTS)
        var firstHigh = firstAll
        var secondAll = firstAll
        var secondHigh = firstAll
        var place = block * BLOCK * even
        var i = 0
        while (i < even * WIDTH) {
            val one = ShortVector.fromArray(SHORTS, query, i)
            val two = ShortVector.fromArray(SHORTS, query, i + WIDTH)
            val first = shorts(place).mul(one).add(shorts(place + BLOCK).mul(two)).reinterpretAsInts()
                .lanewise(VectorOperators.XOR, bias)
            val second = shorts(place + WIDTH).mul(one).add(shorts(place + BLOCK + WIDTH).mul(two)).reinterpretAsInts()
                .lanewise(VectorOperators.XOR, bias)
            firstAll = firstAll.add(first)
            firstHigh = firstHigh.add(first.lanewise(VectorOperators.LSHR, 16))
            secondAll = secondAll.add(second)
            secondHigh = secondHigh.add(second.lanewise(VectorOperators.LSHR, 16))
            place += 2 * BLOCK
            i += 2 * WIDTH
        }
        store(firstAll, firstHigh, into, at)
        store(secondAll, secondHigh, into, at + WIDTH)
    }

    private fun store(all: IntVector, high: IntVector, into: IntArray, at: Int) {
        val biases = HALF_BIAS * (even / 2)
        all.sub(high.lanewise(VectorOperators.LSHL, 16)).sub(biases).intoArray(into, at)
        high.sub(biases).intoArray(into, at + HALF)
    }

    private fun shorts(place: Int): ShortVector {
        val wide: Vector<*> = ByteVector.fromArray(BYTES, blocks, place).convertShape(VectorOperators.B2S, SHORTS, 0)
        return wide as ShortVector
    }

    private fun packed(vectors: ByteArray): ByteArray {
        val blocks = ByteArray((count + BLOCK - 1) / BLOCK * BLOCK * even)
        for (row in 0 until count) {
            // An int's lower half is an even lane: those are stored first.
            val within = row % WIDTH
            val lane = row % BLOCK / WIDTH * WIDTH + if (within < HALF) 2 * within else 2 * (within - HALF) + 1
            val start = row / BLOCK * BLOCK * even + lane
            for (i in 0 until dimension) blocks[start + i * BLOCK] = vectors[row * dimension + i]
        }
        return blocks
    }

    private companion object {
        const val HALF_BIAS = 32768
        const val BIAS = -0x7fff8000
    }
}
