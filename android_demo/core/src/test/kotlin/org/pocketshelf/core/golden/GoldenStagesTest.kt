package org.pocketshelf.core.golden

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.TestFactory
import org.pocketshelf.core.BundleError
import org.pocketshelf.core.UsageError
import org.pocketshelf.core.formats.AttributeSpec
import org.pocketshelf.core.formats.DetectorSpec
import org.pocketshelf.core.formats.EmbedderSpec
import org.pocketshelf.core.formats.Fields
import org.pocketshelf.core.formats.FileSpec
import org.pocketshelf.core.formats.GroupHead
import org.pocketshelf.core.formats.Owners
import org.pocketshelf.core.formats.Preprocessing
import org.pocketshelf.core.formats.quantizeVector
import org.pocketshelf.core.runtime.Tensor
import org.pocketshelf.core.stages.Light
import org.pocketshelf.core.stages.Shelves
import org.pocketshelf.core.stages.byColour
import org.pocketshelf.core.stages.detect.BoxDecoder
import org.pocketshelf.core.stages.detect.Detector
import org.pocketshelf.core.stages.detect.farPart
import org.pocketshelf.core.stages.detect.lookAgain
import org.pocketshelf.core.stages.detect.prominence
import org.pocketshelf.core.stages.detect.selectRegions
import org.pocketshelf.core.stages.embed.Embedding
import org.pocketshelf.core.stages.embed.NetworkEmbedder
import org.pocketshelf.core.stages.embed.blend
import org.pocketshelf.core.stages.embed.topCategories
import org.pocketshelf.core.stages.fallen
import org.pocketshelf.core.stages.fits
import org.pocketshelf.core.stages.frameShare
import org.pocketshelf.core.stages.histogram
import org.pocketshelf.core.stages.histograms
import org.pocketshelf.core.stages.lookedAt
import org.pocketshelf.core.stages.paletteOf
import org.pocketshelf.core.stages.pictureIn
import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.core.stages.preprocess.Pixels
import org.pocketshelf.core.stages.rerank.AttributeReranker
import org.pocketshelf.core.stages.route.MassRouter
import org.pocketshelf.core.stages.route.filled
import org.pocketshelf.core.stages.route.namedCategories
import org.pocketshelf.core.stages.search.ExactIndex
import org.pocketshelf.core.stages.search.Match
import org.pocketshelf.core.stages.times
import org.pocketshelf.core.types.Box
import org.pocketshelf.core.types.Detection
import org.pocketshelf.core.types.Hit
import java.util.Base64

/** The stages against `contract/golden/stages`, which the Python SDK and the Swift core are held to as well. */
class GoldenStagesTest {
    private val file = FileSpec("model.tflite", "0".repeat(64), 0)

    @TestFactory
    fun detect() = GoldenFiles.stage("detect") { case ->
        val size = case.list("size").map { (it as Number).toInt() }
        val strides = case.list("strides").map { (it as Number).toInt() }
        val spec = DetectorSpec(
            file, "int8", Preprocessing(size[0], size[1]), case.texts("groups"), strides, nmsIou = case.number("nms_iou"),
        )
        val photo = case.child("photo")
        val boxes = BoxDecoder(spec).decode(case.floats("scores"), case.floats("distances"), photo.int("width"), photo.int("height"))
        same(case.child("expected")["boxes"], boxes.map(::shown))
    }

    private fun shown(detection: Detection): Map<String, Any?> {
        val (x, y, width, height) = detection.box
        return linkedMapOf("box" to listOf(x, y, width, height), "group" to detection.group, "score" to detection.score)
    }

    private fun detection(case: Case): Detection {
        val (x, y, width, height) = case.numbers("box")
        return Detection(Box(x, y, width, height), case.text("group"), case.number("score"))
    }

    @TestFactory
    fun regions() = GoldenFiles.stage("regions") { case ->
        val boxes = case.cases("boxes").map(::detection)
        val (width, height) = case.numbers("frame").map { it.toInt() }
        val chosen = selectRegions(boxes, width, height, case.number("threshold"))
        same(case.child("expected")["chosen"], chosen.map { found -> boxes.indexOfFirst { it === found } })
        same(case.child("expected")["prominence"], chosen.map { prominence(it, width, height) })
    }

    @TestFactory
    fun afar() = GoldenFiles.stage("afar") { case ->
        val (first, second) = listOf("first", "second").map { case.cases(it).map(::detection) }
        val (width, height) = case.numbers("frame").map { it.toInt() }
        val (columns, rows) = case.numbers("decoded").map { it.toInt() }
        val photo = Photo(Pixels(ByteArray(3 * columns * rows), columns, rows), width, height)
        var size: List<Int>? = null
        val detector = object : Detector {
            override fun detect(photo: Photo): List<Detection> {
                size = listOf(photo.width, photo.height)
                return second
            }
        }
        val found = lookAgain(detector, photo, first)
        val part = farPart(first, width, height)
        val expected = case.child("expected")
        same(expected["part"], part?.run { listOf(x, y, this.width, this.height) })
        same(expected["shown"], size)
        same(expected["boxes"], found.map(::shown))
    }

    private fun embedding(case: Case): Embedding {
        val heads = case.child("attributes").map.keys.toList()
        val labels = heads.map { case.child("attributes").texts(it) }
        val spec = EmbedderSpec(
            file, "int8", Preprocessing(8, 8), case.shape("vector")[1], case.texts("categories"),
            temperature = case.number("temperature"),
            attributes = heads.withIndex().associate { (i, name) -> name to AttributeSpec(2 + i, labels[i]) },
        )
        val outputs = listOf(case.floats("vector"), case.floats("logits")) + heads.map { case.child("attribute_logits").floats(it) }
        return NetworkEmbedder(spec, NoRunner).embeddingOf(outputs.map { Tensor(it, 1, it.size) })
    }

    private fun Checker.sameEmbedding(expected: Case, found: Embedding) {
        same(expected["vector"], found.vector.toList())
        same(expected["categories"], found.categories)
        same(expected["attributes"], found.attributes.mapValues { it.value.toList() })
        same(expected["top"], topCategories(found.categories).map { it.name })
    }

    @TestFactory
    fun embed() = GoldenFiles.stage("embed") { case -> sameEmbedding(case.child("expected"), embedding(case)) }

    @TestFactory
    fun blended() = GoldenFiles.stage("blend") { case ->
        val blended = blend(embedding(case.child("crop")), embedding(case.child("frame")), case.number("weight"))
        sameEmbedding(case.child("expected"), blended)
    }

    @TestFactory
    fun frame() = GoldenFiles.stage("frame") { case ->
        val (width, height) = case.numbers("frame").map { it.toInt() }
        val box = detection(case.child("box"))
        val share = frameShare(box.box, case.cases("others").map { detection(it).box }, width, height)
        val groups = case.child("groups").map.keys.associateWith { case.child("groups").texts(it) }
        val shelves = Shelves(groups)
        val probabilities = case.probabilities("probabilities")
        val expected = case.child("expected")
        same(expected["share"], share)
        same(expected["weight"], (case.probabilities("frame_weight")[box.group] ?: 0.0) * share)
        same(expected["fits"], probabilities.keys.map { shelves.fits(box.group, it) })
        same(expected["probabilities"], shelves.weighed(box, probabilities))
    }

    @TestFactory
    fun groups() = GoldenFiles.stage("groups") { case ->
        val names = case.child("detector").map.keys.associateWith { case.child("detector").texts(it) }
        val part = Fields(case["groups"], "groups", ::BundleError)
        val categories = case.child("categories")
        val expected = case.child("expected")
        if (expected["error"] == true) {
            assertThrows(BundleError::class.java) { GroupHead.parse(part, case.int("dimension"), names.keys.toList()) }
        } else {
            val head = GroupHead.parse(part, case.int("dimension"), names.keys.toList())
            val shelves = Shelves(names).looking(categories.map.keys, head, categories::bytes)
            same(expected["looks"], shelves.looks.mapValues { it.value.sorted() })
            same(expected["fits"], names.mapValues { (group, _) -> categories.map.keys.map { shelves.fits(group, it) } })
        }
    }

    @TestFactory
    fun quantize() = GoldenFiles.stage("quantize") { case ->
        val (count, dimension) = case.shape("vectors")
        val vectors = case.floats("vectors")
        val found = ByteArray(count * dimension)
        for (row in 0 until count) {
            quantizeVector(vectors.copyOfRange(row * dimension, (row + 1) * dimension)).copyInto(found, row * dimension)
        }
        assertArrayEquals(case.child("expected").bytes("vectors"), found)
    }

    @TestFactory
    fun scan() = GoldenFiles.stage("scan") { case ->
        val (count, dimension) = case.shape("queries")
        val queries = case.floats("queries")
        val indexes = case.cases("categories").map { part ->
            val owners = Owners(part.texts("ids"), part.list("owners").map { (it as Number).toInt() }.toIntArray())
            ExactIndex(owners, part.bytes("vectors"), dimension)
        }
        val k = case.int("k")
        val found = List(count) { row ->
            val query = queries.copyOfRange(row * dimension, (row + 1) * dimension)
            indexes.flatMap { it.search(query, k) }.sortedWith(Match.BEST_FIRST).take(k).map { listOf(it.productId, it.score) }
        }
        same(case.child("expected")["hits"], found)
    }

    @TestFactory
    fun route() = GoldenFiles.stage("route") { case ->
        val counts = case.list("counts").associate { (it as List<*>)[0] as String to (it[1] as Number).toInt() }
        val probabilities = case.probabilities("probabilities")
        val routed = MassRouter().route(probabilities, counts.keys)
        same(case.child("expected")["routed"], routed)
        same(case.child("expected")["searched"], filled(routed, probabilities, counts, case.int("wanted")))
    }

    @TestFactory
    fun names() = GoldenFiles.stage("names") { case ->
        val asked = case["asked"].let { if (it is String) listOf(it) else case.texts("asked") }
        val expected = case.child("expected")
        if (expected["error"] == true) {
            assertThrows(UsageError::class.java) { namedCategories(asked, case.texts("available")) }
        } else {
            val found = namedCategories(asked, case.texts("available"))
            assertEquals(expected["named"], found.categories)
            assertEquals(expected["everything"], found.everything)
        }
    }

    @TestFactory
    fun where() = GoldenFiles.stage("where") { case ->
        val where = case.child("where").map.keys.associateWith { case.child("where").texts(it) }
        assertEquals(case.child("expected")["fits"], fits(case.child("attributes").map, where))
    }

    @TestFactory
    fun rerank() = GoldenFiles.stage("rerank") { case ->
        val seen = case.child("seen").map.keys.associateWith { case.child("seen").probabilities(it) }
        val found = AttributeReranker().rerank(seen, hits(case, "hits"))
        same(case.child("expected")["hits"], found.map { listOf(it.productId, it.score) })
    }

    private fun hits(case: Case, of: String): List<Hit> = case.cases(of).map {
        Hit(it.text("product_id"), it.number("score"), "", "", attributes = it.child("attributes").map)
    }

    private fun crop(case: Case): Pair<Photo, Box> {
        val photo = GoldenFiles.photo(case.text("image"))
        return photo to if (case.has("box")) case.numbers("box").let { (x, y, w, h) -> Box(x, y, w, h) } else photo.frame
    }

    @TestFactory
    fun light() = GoldenFiles.stage("light") { case ->
        val (photo, box) = crop(case)
        val factors = case.numbers("times").toDoubleArray()
        val plus = if (case.has("plus")) case.number("plus") else 0.0
        fun lit(box: Box) = times(lookedAt(photo, box), factors).run { if (plus == 0.0) this else times(this, DoubleArray(3) { 1.0 }, -plus) }
        val light = Light(lit(photo.frame))
        val found = mapOf(
            "lift" to light.lift, "whitening" to light.whitening?.toList(), "veil" to light.veil, "palettes" to light.palettesOf(lit(box)),
        )
        same(case.child("expected").map, found)
    }

    private fun page(case: Case): Pixels {
        val width = case.int("width")
        val bands = case.list("bands").map { band ->
            val parts = band as List<*>
            val (colour, inside) = listOf(1, 2).map { place -> (parts.getOrNull(place) as List<*>?)?.map { (it as Number).toInt() } }
            ByteArray(3 * width * (parts[0] as Number).toInt()) {
                val (channel, x, y) = Triple(it % 3, it / 3 % width, it / 3 / width)
                val isBetween = inside == null || x in inside[0] until inside[1]
                val told = if (isBetween && inside != null) inside.getOrNull(2 + channel) else colour?.get(channel)
                (told ?: (7 * x + 13 * y + 3 * x * y + 59 * channel)).toByte()
            }
        }
        return Pixels(bands.reduce(ByteArray::plus), width, bands.sumOf { it.size } / (3 * width))
    }

    @TestFactory
    fun screenshot() = GoldenFiles.stage("screenshot") { case ->
        val part = pictureIn(page(case))?.let { listOf(it.left, it.top, it.right, it.bottom) }
        same(case.child("expected").map, mapOf("part" to part))
    }

    @TestFactory
    fun colours() = GoldenFiles.stage("colours") { case ->
        val expected = case.child("expected")
        when {
            case.has("pixels") -> {
                val levels = Base64.getDecoder().decode(case.text("pixels"))
                val pixels = Pixels(ByteArray(48 * 48 * 3) { levels[it % levels.size] }, 48, 48)
                assertEquals(expected["palette"], paletteOf(pixels))
            }
            case.has("image") -> {
                val (photo, box) = crop(case)
                assertEquals(expected["palette"], paletteOf(lookedAt(photo, box)))
            }
            case.has("palettes") -> {
                val found = case.texts("palettes").map { histogram(it) ?: FloatArray(700) }
                same(expected["likeness"], found.map { a -> found.map { b -> a.indices.sumOf { a[it].toDouble() * b[it] } } })
            }
            else -> {
                val hits = hits(case, "hits")
                val query = histograms(case.text("query").split(";"))
                val kinds = if (case.has("kinds")) case.texts("kinds") else emptyList()
                val found = if (case.has("among")) fallen(hits, query, hits(case, "among")) else byColour(hits, query, kinds)
                same(expected["hits"], found.map { listOf(it.productId, it.score) })
            }
        }
    }
}
