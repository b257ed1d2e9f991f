package org.pocketshelf.core.golden

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory
import org.pocketshelf.core.Encoder
import org.pocketshelf.core.PocketshelfError
import org.pocketshelf.core.Retriever
import org.pocketshelf.core.ServerError
import org.pocketshelf.core.Shelf
import org.pocketshelf.core.closely.Closely
import org.pocketshelf.core.formats.Bundle
import org.pocketshelf.core.formats.FeatureTable
import org.pocketshelf.core.formats.Shard
import org.pocketshelf.core.live.Watch
import org.pocketshelf.core.recall.CatalogueSpread
import org.pocketshelf.core.recall.Fallback
import org.pocketshelf.core.recall.Found
import org.pocketshelf.core.recall.Question
import org.pocketshelf.core.recall.Spread
import org.pocketshelf.core.recall.shelfCoverage
import org.pocketshelf.core.runtime.Tensor
import org.pocketshelf.core.stages.detect.Detector
import org.pocketshelf.core.stages.detect.NetworkDetector
import org.pocketshelf.core.stages.embed.Embedder
import org.pocketshelf.core.stages.embed.Embedding
import org.pocketshelf.core.stages.embed.NetworkEmbedder
import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.core.stages.preprocess.Pixels
import org.pocketshelf.core.stages.search.StoreSearcher
import org.pocketshelf.core.types.Box
import org.pocketshelf.core.types.Detection
import org.pocketshelf.core.types.Hit
import org.pocketshelf.core.types.Source
import org.pocketshelf.desktop.JdbcDatabases
import kotlin.math.abs

/** Whole answers: from what the networks gave to the one line of a search. */
class GoldenAnswersTest {
    private val bundle = Bundle.load(GoldenFiles.file("stages/answers/bundle"))
    private val shard = Shard.open(JdbcDatabases(), GoldenFiles.file("stages/answers/shard.sqlite"))
    private val prints = Shard.open(JdbcDatabases(), GoldenFiles.file("stages/answers-closely/shard.sqlite"))
    private val coverage = Case(GoldenFiles.json("stages/answers/manifest.json")).child("categories").let { counts ->
        shelfCoverage(counts.map.keys.associateWith { name ->
            counts.child(name).int("local").toLong() to counts.child(name).int("catalogue").toLong()
        })
    }

    /** Says what a case has for the box nearest to the one asked about; of a turned photo what it has for that, if anything. */
    private inner class Told(private val upright: List<Case>, private val turned: Case? = null) : Embedder {
        override fun embed(photo: Photo, box: Box?): Embedding {
            val known = turned?.let { case -> quartersOf(photo).toString().takeIf(case::has)?.let(case::cases) } ?: upright
            val nearest = known.filter { it.has("box") == (box != null) }.minByOrNull { distance(it, box) }!!
            return NetworkEmbedder(bundle.embedder, NoRunner).embeddingOf(tensors(nearest.cases("outputs")))
        }

        private fun distance(case: Case, box: Box?): Double = if (box == null) 0.0 else
            case.numbers("box").zip(listOf(box.x, box.y, box.width, box.height)).sumOf { (a, b) -> abs(a - b) }
    }

    /** A detector that may find nothing in a turned photo. */
    private inner class Finds(private val network: Detector, private val turned: Boolean) : Detector {
        override fun detect(photo: Photo): List<Detection> =
            if (turned || quartersOf(photo) == 0) network.detect(photo) else emptyList()
    }

    private class Server(private val hits: List<Case>?, private val told: Case? = null) : Fallback {
        val asks = ArrayList<Map<String, Any?>>()

        override fun search(question: Question): List<Hit> {
            asks += linkedMapOf("space" to question.space, "categories" to question.categories, "k" to question.k)
            if (hits == null) throw ServerError("away")
            val found = hits.take(question.k).map {
                Hit(
                    it.text("product_id"), it.number("score"), it.text("title"), it.text("category"), Source.SERVER,
                    it["image"] as String?, it.child("attributes").map,
                )
            }
            return Found(found, told?.let { CatalogueSpread(spread(it, "nearest"), spread(it, "background"), ofHits(it.child("hits"))) })
        }

        private fun ofHits(case: Case) = case.map.keys.associateWith { spread(case, it) }

        private fun spread(case: Case, key: String) = case.numbers(key).let { (mean, deviation) -> Spread(mean, deviation) }
    }

    private fun tensors(outputs: List<Case>): List<Tensor> = outputs.map { output ->
        val holder = Case(mapOf("it" to output.map))
        Tensor(holder.floats("it"), *holder.shape("it").toIntArray())
    }

    /** Decoded at a tenth; its colours change from side to side. */
    private fun photo(width: Int, height: Int): Photo {
        val across = width / 10
        val bytes = ByteArray(across * (height / 10) * 3) {
            val x = it / 3 % across
            val y = it / 3 / across
            intArrayOf(3 * x, 40 + 2 * y, 200 - 2 * x - y)[it % 3].toByte()
        }
        return Photo(Pixels(bytes, across, height / 10), width, height)
    }

    /** By how many the photo of [photo] was turned, told by the corner that has come to the left above. */
    private fun quartersOf(photo: Photo): Int {
        val (red, green) = photo.pixels.bytes.take(2).map { it.toInt() and 0xff }
        return if (red > 90) (if (green > 120) 2 else 1) else (if (green > 120) 3 else 0)
    }

    @TestFactory
    fun answers() = GoldenFiles.stage("answers") { case ->
        answer(case, Shelf(shard, StoreSearcher(shard), coverage), photo(case.int("width"), case.int("height"))) { a, b -> same(a, b) }
    }

    @TestFactory
    fun `answers after a close look`() = GoldenFiles.stage("answers-closely") { case ->
        val features = GoldenFiles.file("stages/answers-closely/features.bin").readBytes()
        val table = checkNotNull(FeatureTable.parse(features, prints.size))
        val closely = if (case["closely"] as Boolean) Closely(prints.ids(), table) else null
        val shelf = Shelf(prints, StoreSearcher(prints), coverage, closely)
        val photo = Photo(GoldenFiles.photo(case.text("image")).pixels, case.int("width"), case.int("height"))
        answer(case, shelf, photo) { expected, found ->
            same(seen(expected), seen(found))
            for ((told, own) in regions(expected).zip(regions(found))) near(told, own, 0.01 * maxOf(photo.width, photo.height))
        }
    }

    @Test
    fun `a cover before a camera is looked at closely`() {
        val case = Case(GoldenFiles.json("stages/answers-closely.json")).cases("cases").first()
        val table = FeatureTable.parse(GoldenFiles.file("stages/answers-closely/features.bin").readBytes(), prints.size)
        val outputs = tensors(case.cases("detector"))
        val encoder = Encoder(bundle, Told(case.cases("embedder")), NetworkDetector(bundle.detector!!, ScriptedRunner { outputs }))
        val photo = Photo(GoldenFiles.photo(case.text("image")).pixels, case.int("width"), case.int("height"))
        val expected = regions(case.child("expected")["line"]).first().cases("hits").first()
        for (closely in listOf(null, Closely(prints.ids(), checkNotNull(table)))) {
            val watch = Watch(Retriever(Shelf(prints, StoreSearcher(prints), coverage, closely), encoder))
            val views = List(5) { watch.see(photo) }
            val hits = views.last().regions.first().region.hits.orEmpty()
            assertEquals(closely != null, hits.first().productId == expected.text("product_id"))
            assertEquals(closely != null, hits.first().inliers != null)
        }
    }

    @Test
    fun `of a photo every region counts as answered, and the first alone is asked about`() {
        val case = Case(GoldenFiles.json("stages/answers.json")).cases("cases")
            .first { case -> case.child("expected")["line"]?.let(::regions).orEmpty().size > 1 }
        val outputs = tensors(case.cases("detector"))
        val encoder = Encoder(bundle, Told(case.cases("embedder")), NetworkDetector(bundle.detector!!, ScriptedRunner { outputs }))
        val searches = ArrayList<Int>()
        val server = object : Fallback {
            override fun search(question: Question): List<Hit> = emptyList<Hit>().also { searches += question.searches }
        }
        val retriever = Retriever(Shelf(shard, StoreSearcher(shard), coverage), encoder, fallback = server)
        val photo = photo(case.int("width"), case.int("height"))
        val count = retriever.answers(photo, ask = true, anyWayUp = false).size
        retriever.answers(photo, ask = false, anyWayUp = false)
        retriever.answers(photo, ask = true, anyWayUp = false)
        assertEquals(listOf(1, 2 * count), searches)
    }

    private fun Checker.answer(case: Case, shelf: Shelf, photo: Photo, check: (Any?, Any?) -> Unit) {
        val server = if ("server" in case.map) Server(case["server"]?.let { case.cases("server") }, case["told"]?.let { case.child("told") }) else null
        val outputs = tensors(case.cases("detector"))
        val network = NetworkDetector(bundle.detector!!, ScriptedRunner { outputs })
        val detector = Finds(network, turned = case.map["turned_has_boxes"] as Boolean? ?: true)
        val told = Told(case.cases("embedder"), if (case.has("turned")) case.child("turned") else null)
        val retriever = Retriever(shelf, Encoder(bundle, told, detector), fallback = server)
        val anyWayUp = if ("any_way_up" in case.map) case["any_way_up"] as Boolean? else false
        val asked = case["category"].let { if (it is String) listOf(it) else case.texts("category") }
        val where = case.child("where").let { where -> where.map.keys.associateWith { where.texts(it) } }
        val expected = case.child("expected")
        try {
            val result = retriever.search(
                photo, case.int("top_k"), asked, case["whole"] as Boolean, case["ask"] as Boolean?, where = where,
                anyWayUp = anyWayUp,
            )
            assertNotNull(expected["line"], "an error was expected")
            if (server == null) {
                // The same, region by region.
                val whole = case["whole"] as Boolean
                val answers = retriever.answers(photo, case.int("top_k"), asked, whole, where = where, anyWayUp = anyWayUp)
                assertEquals(result.regions, answers.map { it.region })
            }
            check(expected["line"], result.toJson(full = true) - "ms")
            same(expected["asks"], server?.asks ?: emptyList<Any>())
        } catch (error: PocketshelfError) {
            assertEquals(true, expected["error"], error.message)
        } catch (error: IllegalArgumentException) {
            assertEquals(true, expected["error"], error.message)
        }
    }

    private fun regions(line: Any?): List<Case> = Case(line).cases("regions")

    /** A line without what another generator of samples may change, but with which hits are confirmed. */
    private fun seen(line: Any?): Map<String, Any?> = Case(line).map + ("regions" to regions(line).map { region ->
        val box = if (region.text("group") == "frame") emptyList<Any?>() else region.list("box")
        val hits = region.cases("hits").map { hit -> hit.map.mapValues { if (it.key == "inliers") true else it.value } }
        region.map + mapOf("box" to box, "hits" to hits)
    })

    private fun near(expected: Case, found: Case, pixels: Double) {
        expected.numbers("box").zip(found.numbers("box")) { a, b -> assertEquals(a, b, pixels) }
        for ((told, own) in expected.cases("hits").zip(found.cases("hits"))) {
            if (!told.has("inliers")) continue
            assertEquals(told.number("inliers"), own.number("inliers"), 1 + 0.1 * told.number("inliers"))
        }
    }
}
