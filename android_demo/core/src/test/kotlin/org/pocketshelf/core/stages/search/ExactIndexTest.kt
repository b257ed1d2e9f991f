package org.pocketshelf.core.stages.search

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.pocketshelf.core.formats.ByCodePoint
import org.pocketshelf.core.formats.Owners
import org.pocketshelf.desktop.search.FastestScanners
import java.util.Random
import kotlin.math.sqrt

class ExactIndexTest {
    private val random = Random(15)

    private fun bytes(count: Int) = ByteArray(count).also(random::nextBytes)
    private fun query(dimension: Int) = FloatArray(dimension) { random.nextGaussian().toFloat() }

    private fun naive(owners: Owners, vectors: ByteArray, query: FloatArray, k: Int): List<Match> {
        val length = sqrt(query.sumOf { it.toDouble() * it })
        val best = HashMap<String, Double>()
        for ((picture, place) in owners.places.withIndex()) {
            var dot = 0.0
            var squares = 0.0
            for (i in query.indices) {
                val x = vectors[picture * query.size + i].toDouble()
                dot += x * query[i]
                squares += x * x
            }
            val cosine = (dot / maxOf(sqrt(squares) * length, 1e-6)).toFloat().toDouble()
            best.merge(owners.ids[place], cosine, ::maxOf)
        }
        return best.map { Match(it.key, it.value) }.sortedWith(Match.BEST_FIRST).take(k)
    }

    @Test
    fun `it finds what comparing all finds`() {
        val owners = Owners(List(500) { "%03d".format(it) }, IntArray(500) { it })
        val vectors = bytes(500 * 64)
        val index = ExactIndex(owners, vectors, 64)
        repeat(20) {
            val query = query(64)
            assertEquals(naive(owners, vectors, query, 10), index.search(query, 10))
        }
    }

    @Test
    fun `a product counts once, by its best picture`() {
        val places = IntArray(300) { it / 3 }
        val owners = Owners(List(100) { "%03d".format(it) }, places)
        val vectors = bytes(300 * 64)
        val query = query(64)
        val found = ExactIndex(owners, vectors, 64).search(query, 100)
        assertEquals(100, found.map { it.productId }.toSet().size)
        assertEquals(naive(owners, vectors, query, 100), found)
    }

    @Test
    fun `equal vectors are ordered by code point, all of them`() {
        val ids = listOf("\uFF5E", "\uD835\uDCB3", "a", "Z").sortedWith(ByCodePoint)
        assertEquals(listOf("Z", "a", "\uFF5E", "\uD835\uDCB3"), ids)
        val one = bytes(32)
        val index = ExactIndex(Owners(ids, IntArray(4) { it }), one + one + one + one, 32)
        assertEquals(ids, index.search(query(32), 10).map { it.productId })
    }

    @Test
    fun `nothing asked for is nothing found`() {
        val index = ExactIndex(Owners(listOf("1"), intArrayOf(0)), bytes(8), 8)
        assertTrue(index.search(query(8), 0).isEmpty())
        assertTrue(ExactIndex(Owners(emptyList(), IntArray(0)), ByteArray(0), 8).search(query(8), 5).isEmpty())
    }

    @Test
    fun `a query that is no number is refused`() {
        val index = ExactIndex(Owners(listOf("1"), intArrayOf(0)), bytes(8), 8)
        val query = FloatArray(8).also { it[3] = Float.NaN }
        assertThrows(IllegalArgumentException::class.java) { index.search(query, 1) }
    }

    @Test
    fun `the fast scanner gives the plain one's sums, extremes included`() {
        for (dimension in intArrayOf(128, 256, 64, 96, 7)) {
            val vectors = bytes(dimension * 50)
            vectors.fill(-128, 0, dimension)
            vectors.fill(127, dimension, 2 * dimension)
            val plain = IntArray(50)
            val fast = IntArray(50)
            for (query in listOf(bytes(dimension).also { q -> for (i in q.indices) if (q[i].toInt() == -128) q[i] = -127 }, ByteArray(dimension) { 127 }, ByteArray(dimension) { -127 })) {
                PlainScanner(vectors, dimension).dots(query, plain)
                FastestScanners.over(vectors, dimension).dots(query, fast)
                assertArrayEquals(plain, fast)
            }
        }
    }
}
