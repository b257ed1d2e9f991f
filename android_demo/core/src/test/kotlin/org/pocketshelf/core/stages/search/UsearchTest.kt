package org.pocketshelf.core.stages.search

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assumptions.assumeTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.pocketshelf.core.formats.DerivedFile
import org.pocketshelf.core.golden.ShelfOfVectors
import org.pocketshelf.desktop.search.UsearchLibrary
import java.io.File
import java.util.Random

/** USearch itself, where `POCKETSHELF_USEARCH` names the library that `contract/usearch/build` made. */
class UsearchTest {
    @TempDir
    lateinit var folder: File
    private lateinit var library: UsearchLibrary
    private val random = Random(17)
    private val vectors = ByteArray(3000 * 64).also { block ->
        for (i in block.indices) block[i] = (random.nextGaussian() * 40).toInt().coerceIn(-127, 127).toByte()
    }

    @BeforeEach
    fun open() {
        val path = System.getenv("POCKETSHELF_USEARCH").orEmpty()
        assumeTrue(path.isNotEmpty(), "POCKETSHELF_USEARCH names no library")
        library = UsearchLibrary(File(path))
    }

    @Test
    fun `it computes int8 cosines rightly`() = assertTrue(graphIsSound(library))

    @Test
    fun `what is added is found, also after saving and loading`() {
        library.create(64).use { graph ->
            graph.build(vectors)
            assertEquals(3000, graph.size)
            val saved = graph.save()
            library.create(64).use { other ->
                other.load(saved)
                assertEquals(3000, other.size)
                for (key in 0 until 3000 step 100) {
                    val query = vectors.copyOfRange(key * 64, key * 64 + 64)
                    val found = other.nearest(query, 5)
                    assertEquals(key, found.keys[0])
                    assertEquals(0f, found.distances[0], 0.01f)
                    assertArrayEquals(graph.nearest(query, 5).keys, found.keys)
                }
            }
        }
    }

    @Test
    fun `more than it holds is not asked of it`() {
        library.create(64).use { graph ->
            assertEquals(0, graph.nearest(ByteArray(64) { 1 }, 5).keys.size)
            graph.build(vectors.copyOf(64 * 3))
            assertEquals(setOf(0, 1, 2), graph.nearest(vectors.copyOf(64), 50).keys.toSet())
        }
    }

    @Test
    fun `a graph of other vectors is refused`() {
        val saved = library.create(64).use { graph ->
            graph.build(vectors)
            graph.save()
        }
        library.create(32).use { graph -> assertThrows(IllegalStateException::class.java) { graph.load(saved) } }
    }

    @Test
    fun `bytes that are no graph are refused`() {
        library.create(64).use { graph -> assertThrows(IllegalStateException::class.java) { graph.load(ByteArray(500)) } }
    }

    @Test
    fun `a category by graph answers nearly as the scan does`() {
        val shelf = ShelfOfVectors.of(vectors, 64)
        val exact = StoreSearcher(shelf)
        val graph = StoreSearcher(shelf, 1000, graphs = library) { DerivedFile.ofCategory(folder, "shard", it) }
        assertTrue(graph.index("c") is GraphIndex)
        var same = 0
        repeat(100) {
            val query = FloatArray(64) { random.nextGaussian().toFloat() }
            val wanted = exact.search(query, listOf("c"), 10)
            val found = graph.search(query, listOf("c"), 10)
            same += found.count { it in wanted }
            assertTrue(found.zipWithNext().all { (a, b) -> Match.BEST_FIRST.compare(a, b) < 0 })
        }
        assertTrue(same >= 950, "recall $same of 1000")
    }

    @Test
    fun `a file that is no library is refused`() {
        val file = File(folder, "no.so").apply { writeText("no library") }
        assertThrows(IllegalArgumentException::class.java) { UsearchLibrary(file) }
    }

    @Test
    fun `a closed graph is not asked any more`() {
        val graph = library.create(64)
        graph.build(vectors.copyOf(64 * 10))
        graph.close()
        graph.close()
        assertThrows(IllegalStateException::class.java) { graph.nearest(vectors.copyOf(64), 1) }
    }
}
