package org.pocketshelf.core.live

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test
import org.pocketshelf.core.Encoder
import org.pocketshelf.core.Retriever
import org.pocketshelf.core.Shelf
import org.pocketshelf.core.SpaceMismatch
import org.pocketshelf.core.formats.Bundle
import org.pocketshelf.core.formats.Product
import org.pocketshelf.core.formats.Products
import org.pocketshelf.core.formats.ShardMeta
import org.pocketshelf.core.golden.GoldenFiles
import org.pocketshelf.core.golden.ShelfOfVectors
import org.pocketshelf.core.recall.Fallback
import org.pocketshelf.core.recall.Question
import org.pocketshelf.core.stages.detect.Detector
import org.pocketshelf.core.stages.embed.Embedder
import org.pocketshelf.core.stages.embed.Embedding
import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.core.stages.preprocess.Pixels
import org.pocketshelf.core.stages.search.StoreSearcher
import org.pocketshelf.core.types.Box
import org.pocketshelf.core.types.Detection
import org.pocketshelf.core.types.FallbackState
import org.pocketshelf.core.types.Hit
import org.pocketshelf.core.types.Source

/** A camera's frames, with a detector and an embedder that say what a test has them say. */
class WatchTest {
    private val bundle = Bundle.load(GoldenFiles.file("bundle-v1")).let { it.copy(embedder = it.embedder.copy(attributes = emptyMap()), recall = null) }
    private var boxes = listOf(Detection(Box(10.0, 10.0, 40.0, 40.0), "upper", 0.9), Detection(Box(60.0, 60.0, 30.0, 30.0), "goods", 0.8))
    private var embedded = 0
    private var now = 0.0
    private val vectors = ByteArray(128 * 5) { (it * 31 % 201 - 100).toByte() }
    private val products = object : Products by ShelfOfVectors(
        List(5) { Product("$it", 1, "Apple", "", null, emptyMap(), vectors.copyOfRange(128 * it, 128 * it + 128), 128) }, 128,
    ) {
        override val meta = ShardMeta(bundle.space, bundle.embedder.preprocessing.hash, "golden", 4, 128)
    }
    private val detector = object : Detector {
        override fun detect(photo: Photo) = boxes
    }
    private val embedder = object : Embedder {
        override fun embed(photo: Photo, box: Box?): Embedding {
            embedded++
            return Embedding(FloatArray(128) { if (it == 0) 1f else 0f }, mapOf("Apple" to 0.9, "Pear" to 0.1), emptyMap())
        }
    }
    private val retriever = Retriever(Shelf(products, StoreSearcher(products)), Encoder(bundle, embedder, detector))
    private val watch = Watch(retriever, k = 3, clock = { now })

    private fun frame(grey: Int = 90) = Photo(Pixels(ByteArray(100 * 100 * 3) { grey.toByte() }, 100, 100))

    @Test
    fun `a thing is shown when it was seen twice, and searched one a frame`() {
        assertEquals(0, watch.see(frame()).regions.size)
        val second = watch.see(frame())
        assertEquals(listOf(1, 2), second.regions.map { it.number }.sorted())
        assertEquals(1, second.searched)
        assertEquals(1, second.regions.count { it.region.hits != null })
        val third = watch.see(frame())
        assertEquals(2, third.regions.count { it.region.hits != null })
        assertEquals(0, watch.see(frame()).searched)
        assertEquals(3, third.regions[0].region.hits!!.size)
    }

    @Test
    fun `an answer is asked for anew when it is old`() {
        repeat(4) { watch.see(frame()) }
        now = 2.9
        assertEquals(0, watch.see(frame()).searched)
        now = 3.1
        assertEquals(1, watch.see(frame()).searched)
    }

    @Test
    fun `what looks otherwise is another thing`() {
        repeat(4) { watch.see(frame()) }
        assertEquals(0, watch.see(frame(96)).searched)
        assertEquals(1, watch.see(frame(140)).searched)
    }

    @Test
    fun `what is gone is forgotten`() {
        repeat(4) { watch.see(frame()) }
        boxes = emptyList()
        repeat(3) { assertEquals(2, watch.see(frame()).regions.size) }
        assertEquals(0, watch.see(frame()).regions.size)
        boxes = listOf(Detection(Box(10.0, 10.0, 40.0, 40.0), "upper", 0.9))
        watch.see(frame())
        assertEquals(listOf(3), watch.see(frame()).regions.map { it.number })
    }

    @Test
    fun `a photo without things is one region, the frame`() {
        boxes = emptyList()
        val result = retriever.search(frame())
        assertEquals(listOf("frame"), result.regions.map { it.group })
        assertEquals(Box(0.0, 0.0, 100.0, 100.0), result.regions[0].box)
        assertEquals(0.0, result.regions[0].score)
        assertNull(result.localRecall)
        assertNotNull(result.store)
    }

    @Test
    fun `the frame is embedded once, and only where a region wants it`() {
        boxes = listOf(Detection(Box(10.0, 10.0, 60.0, 60.0), "upper", 0.9))
        retriever.search(frame())
        assertEquals(1, embedded)
        embedded = 0
        // "goods" weighs the frame, "upper" does not in this bundle.
        boxes = listOf(Detection(Box(10.0, 10.0, 60.0, 60.0), "goods", 0.9))
        retriever.search(frame())
        assertEquals(2, embedded)
        embedded = 0
        retriever.search(frame(), whole = true)
        assertEquals(1, embedded)
    }

    @Test
    fun `a shelf of other models is refused, and the one before stays`() {
        val other = ShelfOfVectors.of(vectors, 128)
        val before = retriever.shelf
        assertThrows(SpaceMismatch::class.java) { retriever.reload(Shelf(other, StoreSearcher(other))) }
        assertEquals(before, retriever.shelf)
        val fresh = Shelf(products, StoreSearcher(products))
        retriever.reload(fresh)
        assertEquals(fresh, retriever.shelf)
    }

    @Test
    fun `an embedder of another dimension is refused`() {
        val narrow = object : Embedder {
            override fun embed(photo: Photo, box: Box?) = Embedding(FloatArray(3), emptyMap(), emptyMap())
        }
        val wrong = Retriever(Shelf(products, StoreSearcher(products)), Encoder(bundle, narrow, null))
        assertThrows(org.pocketshelf.core.BundleError::class.java) { wrong.search(frame()) }
    }

    @Test
    fun `a region is searched anew in another category without the photo`() {
        val region = retriever.encoder.encode(frame()).first()
        embedded = 0
        assertEquals(5, retriever.searchRegion(region, categories = listOf("APPLE")).hits!!.size)
        assertEquals(0, embedded)
        assertThrows(org.pocketshelf.core.UsageError::class.java) { retriever.searchRegion(region, categories = listOf("Hats")) }
    }

    @Test
    fun `a tapped box may ask the server, too`() {
        val far = Hit("far", 1.0, "Far", "Hats", Source.SERVER)
        var asked = 0
        val server = object : Fallback {
            override fun search(question: Question): List<Hit> {
                asked++
                return listOf(far)
            }
        }
        val online = Retriever(Shelf(products, StoreSearcher(products)), Encoder(bundle, embedder, detector), fallback = server)
        val region = online.encoder.encode(frame()).first()
        // Without a calibration the shelf's own answer never suffices.
        val answer = online.answerRegion(region)
        assertEquals(FallbackState.ASKED, answer.fallback)
        assertEquals("far", answer.region.hits!!.first().productId)
        assertEquals(FallbackState.LOCAL, online.answerRegion(region, ask = false).fallback)
        assertEquals(1, asked)
        assertEquals(FallbackState.LOCAL, retriever.answerRegion(region).fallback)
    }
}
