package org.pocketshelf.core.runtime

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.pocketshelf.core.BundleError
import org.pocketshelf.core.StoreError
import org.pocketshelf.core.formats.Bundle
import org.pocketshelf.core.formats.normalised
import org.pocketshelf.core.golden.GoldenFiles
import org.pocketshelf.core.golden.ShelfOfVectors
import org.pocketshelf.core.stages.embed.Embedder
import org.pocketshelf.core.stages.embed.Embedding
import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.core.stages.preprocess.Pixels
import org.pocketshelf.core.stages.search.Match
import org.pocketshelf.core.stages.search.Searcher
import org.pocketshelf.core.stages.search.StoreSearcher
import org.pocketshelf.core.types.Box

class WarmUpTest {
    private val photo = Photo(Pixels(ByteArray(12), 2, 2))
    private val right = normalised(floatArrayOf(1f, 2f, 3f))

    private fun says(vector: FloatArray) = object : Embedder {
        override fun embed(photo: Photo, box: Box?) = Embedding(vector, emptyMap(), emptyMap())
    }

    @Test
    fun `an embedder that gives the golden vector is taken`() {
        assertEquals(1.0, WarmUp.check(says(right), listOf(GoldenVector(photo, right))), 1e-6)
    }

    @Test
    fun `one that gives another, or nonsense, is refused`() {
        val golden = listOf(GoldenVector(photo, right))
        for (vector in listOf(normalised(floatArrayOf(3f, 2f, 1f)), FloatArray(3), FloatArray(3) { Float.NaN }, FloatArray(2))) {
            val message = assertThrows(BundleError::class.java) { WarmUp.check(says(vector), golden) }.message!!
            assertTrue("the one before stays in use" in message)
        }
    }

    @Test
    fun `golden vectors are read where they are the bundle's own`() {
        val bundle = Bundle.load(GoldenFiles.file("bundle-v1"))
        val document = GoldenFiles.text("embeddings.json")
        assertTrue(GoldenVector.read(document, bundle, GoldenFiles::photo).isEmpty())
        val theirs = bundle.copy(embedder = bundle.embedder.copy(file = bundle.embedder.file.copy(
            sha256 = Regex("\"sha256\": \"([0-9a-f]+)\"").find(document)!!.groupValues[1],
        )))
        val read = GoldenVector.read(document, theirs, GoldenFiles::photo)
        assertEquals(4, read.size)
        assertEquals(1.0, WarmUp.check(says(read[0].vector), read.take(1)), 1e-3)
        assertThrows(BundleError::class.java) { GoldenVector.read("[", bundle, GoldenFiles::photo) }
    }

    @Test
    fun `a shelf that finds its own products is taken`() {
        val shelf = ShelfOfVectors.of(ByteArray(8 * 20) { (it * 37 % 251 - 125).toByte() }, 8)
        WarmUp.check(shelf, StoreSearcher(shelf))
    }

    @Test
    fun `one that does not is refused`() {
        val shelf = ShelfOfVectors.of(ByteArray(8 * 20) { (it * 37 % 251 - 125).toByte() }, 8)
        val blind = object : Searcher {
            override fun search(vector: FloatArray, categories: Collection<String>, k: Int) = listOf(Match("000001", 0.4))
        }
        assertThrows(StoreError::class.java) { WarmUp.check(shelf, blind) }
    }

    @Test
    fun `a fall to the processor is said`() {
        val all = Placement("LiteRT", Accelerator.GPU, Accelerator.GPU, 64, 64)
        assertFalse(all.fellBack)
        assertEquals("LiteRT on GPU, 64 of 64 nodes", all.line())
        val part = all.copy(nodes = 61)
        assertTrue(part.fellBack)
        assertEquals("LiteRT on GPU, 61 of 64 nodes; the rest on CPU", part.line())
        val none = Placement("LiteRT", Accelerator.NPU, Accelerator.CPU, why = "no driver")
        assertTrue(none.fellBack)
        assertEquals("LiteRT on CPU, number of nodes not told (asked for NPU: no driver)", none.line())
    }
}
