package org.pocketshelf.demo

import org.pocketshelf.core.formats.Owners
import org.pocketshelf.core.stages.search.ExactIndex
import org.pocketshelf.core.stages.search.GraphIndex
import org.pocketshelf.core.stages.search.PlainScanner
import org.pocketshelf.core.stages.search.Scanners
import org.pocketshelf.core.stages.search.graphIsSound
import org.pocketshelf.phone.usearch.UsearchGraphs
import kotlin.random.Random
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue

/** The phone's JNI over USearch, by this machine's build of both; `check` names it, and makes it where it can. */
class UsearchGraphsTest {
    private val dimension = 64

    init {
        System.load(System.getenv("POCKETSHELF_USEARCH_JNI"))
    }

    private fun vectors(count: Int, seed: Int = 1) = Random(seed).nextBytes(count * dimension).also { bytes ->
        for (i in bytes.indices) if (bytes[i] == Byte.MIN_VALUE) bytes[i] = -127
    }

    private fun graph(vectors: ByteArray) = UsearchGraphs.create(dimension).apply { build(vectors) }

    @Test
    fun itsCosinesAreRight() = assertTrue(graphIsSound(UsearchGraphs))

    @Test
    fun aVectorFindsItself() {
        val vectors = vectors(500)
        graph(vectors).use { graph ->
            assertEquals(500, graph.size)
            for (key in 0 until 500 step 50) {
                val found = graph.nearest(vectors.copyOfRange(key * dimension, (key + 1) * dimension), 3)
                assertEquals(key, found.keys.first())
                assertEquals(0f, found.distances.first(), 1e-3f)
            }
        }
    }

    @Test
    fun moreThanThereAreIsNotAskedFor() = graph(vectors(3)).use { graph -> assertEquals(3, graph.nearest(vectors(1, 2), 50).keys.size) }

    @Test
    fun anEmptyGraphFindsNothing() = UsearchGraphs.create(dimension).use { graph -> assertEquals(0, graph.nearest(ByteArray(dimension), 5).keys.size) }

    @Test
    fun whatIsSavedIsLoaded() {
        val query = vectors(1, 3)
        graph(vectors(300)).use { graph ->
            UsearchGraphs.create(dimension).use { loaded ->
                loaded.load(graph.save())
                assertContentEquals(graph.nearest(query, 10).keys, loaded.nearest(query, 10).keys)
            }
        }
    }

    @Test
    fun aGraphOfOtherVectorsIsRefused() {
        val other = UsearchGraphs.create(32).use { it.build(ByteArray(320) { place -> (place % 7).toByte() }); it.save() }
        UsearchGraphs.create(dimension).use { graph -> assertFailsWith<IllegalStateException> { graph.load(other) } }
    }

    @Test
    fun aDamagedGraphIsRefused() {
        UsearchGraphs.create(dimension).use { graph -> assertFailsWith<IllegalStateException> { graph.load(ByteArray(100) { 7 }) } }
    }

    @Test
    fun wrongLengthsAreRefused() = graph(vectors(5)).use { graph ->
        assertFailsWith<IllegalStateException> { graph.nearest(ByteArray(dimension - 1), 2) }
        assertFailsWith<IllegalStateException> { graph.build(ByteArray(dimension + 1)) }
        Unit
    }

    @Test
    fun aClosedGraphIsRefused() {
        val graph = graph(vectors(5))
        graph.close()
        graph.close()
        assertFailsWith<IllegalStateException> { graph.nearest(ByteArray(dimension), 2) }
    }

    @Test
    fun theCoresIndexFindsWhatTheScanFinds() {
        val count = 3_000
        val vectors = vectors(count)
        val owners = Owners(Array(count) { "p%05d".format(it) }.toList(), IntArray(count) { it })
        val exact = ExactIndex(owners, vectors, dimension, Scanners(::PlainScanner))
        val approximate = GraphIndex.open(UsearchGraphs, owners, vectors, dimension, null)
        val random = Random(9)
        var same = 0
        repeat(50) {
            val query = FloatArray(dimension) { random.nextFloat() - 0.5f }
            val wanted = exact.search(query, 10).map { it.productId }.toSet()
            same += approximate.search(query, 10).count { it.productId in wanted }
        }
        assertTrue(same >= 400, "$same of 500 neighbours; random vectors are the hardest")
    }
}
