package org.pocketshelf.core.stages.search

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.pocketshelf.core.formats.DerivedFile
import org.pocketshelf.core.golden.ShelfOfVectors
import java.io.File
import java.util.Random

class StoreSearcherTest {
    @TempDir
    lateinit var folder: File
    private val random = Random(16)
    private val shelf = ShelfOfVectors(
        List(60) { ShelfOfVectors.product("%02d".format(it), if (it % 3 == 0) "Milk" else "Tea", ByteArray(2 * 32).also(random::nextBytes), 32) },
        32,
    )
    private val query = FloatArray(32) { random.nextGaussian().toFloat() }

    /** Compares all, as a graph would at its best; [wrong] makes it as wrong as USearch without NumKong. */
    private class Exhaustive(private val wrong: Boolean = false) : GraphLibrary {
        var built = 0
        var loaded = 0

        override fun create(dimension: Int, connectivity: Int, expansionSearch: Int) = object : Graph {
            private var vectors = ByteArray(0)
            override val size get() = vectors.size / dimension
            override fun build(vectors: ByteArray) {
                if (vectors.size > 3 * dimension) built++
                this.vectors = vectors
            }

            override fun load(data: ByteArray) {
                loaded++
                check(data.size % dimension == 0) { "damaged" }
                vectors = data
            }

            override fun save() = vectors
            override fun nearest(query: ByteArray, count: Int): Nearest {
                val asked = FloatArray(dimension) { query[it].toFloat() }
                val cosines = Cosines(vectors, asked)
                val keys = (0 until size).sortedByDescending { cosines.to(it) }.take(count)
                return Nearest(keys.toIntArray(), FloatArray(keys.size) { if (wrong) 0f else 1 - cosines.to(keys[it]) })
            }

            override fun close() = Unit
        }
    }

    private fun cache(category: String) = DerivedFile.ofCategory(folder, "shard", category)

    @Test
    fun `categories are searched together, best first`() {
        val searcher = StoreSearcher(shelf)
        val both = searcher.search(query, listOf("Milk", "Tea"), 10)
        val apart = (searcher.search(query, listOf("Milk"), 10) + searcher.search(query, listOf("Tea"), 10)).sortedWith(Match.BEST_FIRST)
        assertEquals(apart.take(10), both)
    }

    @Test
    fun `an unknown category holds nothing`() = assertTrue(StoreSearcher(shelf).search(query, listOf("Hats"), 3).isEmpty())

    @Test
    fun `large categories are searched by a graph, with the exact scan's scores`() {
        val library = Exhaustive()
        val searcher = StoreSearcher(shelf, exactLimit = 60, graphs = library)
        assertTrue(searcher.index("Tea") is GraphIndex)
        assertTrue(searcher.index("Milk") is ExactIndex)
        for (k in intArrayOf(1, 5, 100)) {
            assertEquals(StoreSearcher(shelf).search(query, listOf("Tea"), k), searcher.search(query, listOf("Tea"), k))
        }
    }

    @Test
    fun `a library that computes cosines wrongly is not trusted`() {
        val searcher = StoreSearcher(shelf, exactLimit = 1, graphs = Exhaustive(wrong = true))
        assertFalse(graphIsSound(Exhaustive(wrong = true)))
        assertTrue(searcher.index("Tea") is ExactIndex)
        assertTrue(searcher.distrusted)
        assertEquals(StoreSearcher(shelf).search(query, listOf("Tea"), 5), searcher.search(query, listOf("Tea"), 5))
    }

    @Test
    fun `a graph is kept, and found again`() {
        val library = Exhaustive()
        StoreSearcher(shelf, 1, graphs = library, cache = ::cache).search(query, listOf("Tea"), 5)
        val again = StoreSearcher(shelf, 1, graphs = library, cache = ::cache).search(query, listOf("Tea"), 5)
        assertEquals(1, library.built)
        assertEquals(1, library.loaded)
        assertEquals(StoreSearcher(shelf).search(query, listOf("Tea"), 5), again)
    }

    @Test
    fun `a damaged graph is built anew`() {
        val library = Exhaustive()
        StoreSearcher(shelf, 1, graphs = library, cache = ::cache).search(query, listOf("Tea"), 5)
        val file = cache("Tea").path
        file.writeBytes(file.readBytes().also { it[it.size - 9] = (it[it.size - 9] + 1).toByte() })
        StoreSearcher(shelf, 1, graphs = library, cache = ::cache).search(query, listOf("Tea"), 5)
        assertEquals(2, library.built)
        assertEquals(0, library.loaded)
    }

    @Test
    fun `a graph of another shard or category is none`() {
        cache("Tea").write(ByteArray(64))
        assertEquals(64, cache("Tea").read(1000)!!.size)
        assertEquals(null, DerivedFile.ofCategory(folder, "other", "Tea").read(1000))
        assertTrue(cache("Tea").path.renameTo(cache("Milk").path))
        assertEquals(null, cache("Milk").read(1000))
    }

    @Test
    fun `a file that is longer than it may be is not read`() {
        cache("Tea").write(ByteArray(5000))
        assertEquals(null, cache("Tea").read(1000))
    }
}
