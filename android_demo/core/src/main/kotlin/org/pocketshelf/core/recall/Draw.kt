package org.pocketshelf.core.recall

import java.math.BigInteger

/**
 * The sample of a shelf's products that stands for all of them: numpy's `default_rng(0).permutation(n)[:count]`, sorted,
 * which the Python SDK draws. PCG64 (O'Neill, "PCG", 2014) shuffles as Fisher and Yates do.
 */
fun drawn(n: Int, count: Int): IntArray {
    if (n <= count) return IntArray(n) { it }
    val places = IntArray(n) { it }
    val random = Pcg64()
    for (i in n - 1 downTo 1) {
        val j = random.upTo(i)
        val other = places[i]
        places[i] = places[j]
        places[j] = other
    }
    return places.copyOf(count).also { it.sort() }
}

/** The generator in the state that the seed 0 gives it. */
private class Pcg64 {
    private var state = BigInteger("35399562948360463058890781895381311971")
    private var half: Int? = null

    /** A number from 0 to [limit]: bits are drawn until they fit. */
    fun upTo(limit: Int): Int {
        val mask = -1 ushr Integer.numberOfLeadingZeros(limit)
        while (true) {
            val number = next32() and mask
            if (number <= limit) return number
        }
    }

    private fun next32(): Int {
        half?.let {
            half = null
            return it
        }
        val next = next64()
        half = (next ushr 32).toInt()
        return next.toInt()
    }

    private fun next64(): Long {
        state = state.multiply(MULTIPLIER).add(INCREMENT).and(MASK)
        val high = state.shiftRight(64).toLong()
        return java.lang.Long.rotateRight(high xor state.toLong(), (high ushr 58).toInt())
    }

    private companion object {
        val MULTIPLIER = BigInteger("2360ED051FC65DA44385DF649FCCF645", 16)
        val INCREMENT = BigInteger("87136372517582989555478159403783844777")
        val MASK: BigInteger = BigInteger.ONE.shiftLeft(128).subtract(BigInteger.ONE)
    }
}
