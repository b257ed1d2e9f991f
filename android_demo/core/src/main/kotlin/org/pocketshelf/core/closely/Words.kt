package org.pocketshelf.core.closely

import org.pocketshelf.core.formats.FeatureTable
import org.pocketshelf.core.formats.FeatureTable.Companion.WORDS
import kotlin.math.sqrt

/** In how many of 256 bits descriptor [i] of [left] and [j] of [right] differ. */
internal fun bitsApart(left: LongArray, i: Int, right: LongArray, j: Int): Int {
    val a = WORDS * i
    val b = WORDS * j
    return java.lang.Long.bitCount(left[a] xor right[b]) + java.lang.Long.bitCount(left[a + 1] xor right[b + 1]) +
        java.lang.Long.bitCount(left[a + 2] xor right[b + 2]) + java.lang.Long.bitCount(left[a + 3] xor right[b + 3])
}

/**
 * The nearest of [words] of each of [descriptors], nearest first, of several as near the first; [probes] of each, one after
 * the other, or as many as there are words.
 */
internal fun assigned(descriptors: LongArray, words: LongArray, probes: Int): IntArray {
    val count = words.size / WORDS
    val kept = minOf(probes, count)
    val found = IntArray(kept * (descriptors.size / WORDS))
    val bits = IntArray(kept)
    for (i in 0 until descriptors.size / WORDS) {
        val start = kept * i
        var size = 0
        for (word in 0 until count) {
            val apart = bitsApart(descriptors, i, words, word)
            if (size == kept && apart >= bits[size - 1]) continue
            var at = if (size < kept) size++ else size - 1
            while (at > 0 && bits[at - 1] > apart) {
                bits[at] = bits[at - 1]
                found[start + at] = found[start + at - 1]
                at--
            }
            bits[at] = apart
            found[start + at] = word
        }
    }
    return found
}

/**
 * The features of a shelf by their words: which products' features a photo's are like, without comparing all with all (an
 * inverted file: Sivic and Zisserman, ICCV 2003).
 */
internal class Inverted(private val table: FeatureTable) {
    private val starts = IntArray(table.words.size / WORDS + 1)

    // The features, word after word.
    private val order = IntArray(table.size)

    init {
        for (feature in 0 until table.size) starts[table.word(feature) + 1]++
        for (word in 1 until starts.size) starts[word] += starts[word - 1]
        val next = starts.copyOf()
        for (feature in 0 until table.size) order[next[table.word(feature)]++] = feature
    }

    /**
     * At most [most] products that a photo's [descriptors] speak for, by their places, loudest first.
     *
     * Each feature has for a product as much of a voice as they are alike, and less where many products have such a corner.
     */
    fun votes(descriptors: LongArray, most: Int): List<Int> {
        val count = descriptors.size / WORDS
        if (table.words.isEmpty() || count == 0) return emptyList()
        val probed = assigned(descriptors, table.words, PROBES)
        val probes = probed.size / count
        // A bomb of equal features costs no more than this.
        val share = maxOf(1, MOST_PAIRS / probed.size)
        val totals = DoubleArray(table.counts.size)
        val voices = IntArray(table.counts.size)
        val speaking = IntArray(table.counts.size)
        for (query in 0 until count) {
            var heard = 0
            for (k in query * probes until (query + 1) * probes) {
                val first = starts[probed[k]]
                val end = minOf(starts[probed[k] + 1], first + share)
                for (i in first until end) {
                    val voice = NEAR_BITS + 1 - bitsApart(descriptors, query, table.descriptors, order[i])
                    if (voice <= 0) continue
                    val owner = owner(order[i])
                    if (voices[owner] == 0) speaking[heard++] = owner
                    // Of a product's corners, the likest one speaks for the photo's.
                    voices[owner] = maxOf(voices[owner], voice)
                }
            }
            for (i in 0 until heard) {
                totals[speaking[i]] += voices[speaking[i]] / sqrt(heard.toDouble())
                voices[speaking[i]] = 0
            }
        }
        return totals.indices.filter { totals[it] > 0 }.sortedByDescending { totals[it] }.take(most)
    }

    private fun owner(feature: Int): Int {
        var low = 0
        var high = table.counts.size
        while (high - low > 1) {
            val middle = (low + high) / 2
            if (table.starts[middle] <= feature) low = middle else high = middle
        }
        return low
    }

    companion object {
        const val PROBES = 6

        // Farther apart than so many of 256 bits, two features are of different corners.
        private const val NEAR_BITS = 64
        private const val MOST_PAIRS = 4_000_000
    }
}
