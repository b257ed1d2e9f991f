package org.pocketshelf.core.golden

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory
import org.pocketshelf.core.closely.Closely
import org.pocketshelf.core.closely.Deciding
import org.pocketshelf.core.closely.Features
import org.pocketshelf.core.closely.Geometry
import org.pocketshelf.core.closely.Matches
import org.pocketshelf.core.closely.Sighting
import org.pocketshelf.core.closely.assigned
import org.pocketshelf.core.closely.greyOf
import org.pocketshelf.core.formats.FeatureTable
import org.pocketshelf.core.formats.FeatureTable.Companion.WORDS
import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.core.trust.hex
import org.pocketshelf.core.types.Box
import org.pocketshelf.core.types.Hit
import java.security.MessageDigest
import java.util.Base64
import kotlin.math.abs
import kotlin.math.ceil
import kotlin.math.roundToInt

/** A close look against `contract/golden/stages/closely.json`, which the Python SDK and the Swift core are held to as well. */
class GoldenCloselyTest {
    private val document = Case(GoldenFiles.json("stages/closely.json"))
    private val ids = document.texts("ids")
    private val table = checkNotNull(FeatureTable.parse(decoded(document, "table"), ids.size))

    private fun decoded(case: Case, key: String): ByteArray = Base64.getDecoder().decode(case.text(key))

    private fun photo(case: Case): Photo {
        val (width, height) = case.numbers("size").map { it.toInt() }
        return Photo(GoldenFiles.photo(case.text("image")).pixels, width, height)
    }

    private fun bits(descriptors: List<String>): LongArray = LongArray(WORDS * descriptors.size) {
        val word = descriptors[it / WORDS].substring(16 * (it % WORDS), 16 * (it % WORDS) + 16)
        java.lang.Long.reverseBytes(java.lang.Long.parseUnsignedLong(word, 16))
    }

    private fun features(case: Case): Features {
        val points = case.list("points").flatMap { point -> (point as List<*>).map { (it as Number).toFloat() } }.toFloatArray()
        val (sizes, angles) = listOf("sizes", "angles").map { key -> case.numbers(key).map { it.toFloat() }.toFloatArray() }
        return Features(points, sizes, angles, bits(case.texts("descriptors")))
    }

    private fun eachPhoto(check: (Case) -> Unit): List<DynamicTest> =
        document.cases("photos").map { case -> dynamicTest(case.text("name")) { check(case) } }

    @Test
    fun `a table's bytes come back`() = assertArrayEquals(decoded(document, "table"), table.toBytes())

    @Test
    fun `changes lead to the table that is signed`() {
        val changes = document.child("changes")
        val from = decoded(changes, "from")
        val known = checkNotNull(FeatureTable.parse(from, from[8].toInt()))
        assertArrayEquals(decoded(changes, "to"), known.changed(decoded(changes, "delta"))?.toBytes())
    }

    @TestFactory
    fun `hostile bytes are refused`() = document.cases("refused").map { case ->
        dynamicTest("${case.text("of")}: ${case.text("name")}") {
            val isTable = case.text("of") == "table"
            val changes = document.child("changes")
            val data = edited(if (isTable) decoded(document, "table") else decoded(changes, "delta"), case)
            val from = decoded(changes, "from")
            val known = checkNotNull(FeatureTable.parse(from, from[8].toInt()))
            assertNull(if (isTable) FeatureTable.parse(data, ids.size) else known.changed(data))
        }
    }

    private fun edited(data: ByteArray, case: Case): ByteArray {
        val keep = if (case.has("keep")) case.int("keep") else data.size
        val kept = data.copyOf(if (keep < 0) data.size + keep else keep) + unhex(case["append"])
        if (case.has("at")) unhex(case["bytes"]).copyInto(kept, case.int("at").let { if (it < 0) kept.size + it else it })
        return kept
    }

    private fun unhex(text: Any?): ByteArray =
        (text as String?).orEmpty().chunked(2).map { it.toInt(16).toByte() }.toByteArray()

    @TestFactory
    fun `the picture that is looked at`() = eachPhoto { case ->
        val grey = greyOf(photo(case).pixels, 640)
        if (!case.has("grey")) return@eachPhoto assertNull(grey)
        val expected = case.child("grey")
        assertEquals(listOf(expected.int("width"), expected.int("height")), listOf(grey!!.width, grey.height))
        if (expected.text("sha256") == MessageDigest.getInstance("SHA-256").digest(grey.bytes).hex()) return@eachPhoto
        // What enlarges a picture in OpenCV differs by the machine: a level, here and there.
        val row = grey.height / 2 * grey.width
        val off = expected.numbers("row").mapIndexed { x, level -> abs(level.toInt() - (grey.bytes[row + x].toInt() and 255)) }
        assertTrue(off.all { it <= 1 } && off.sum() <= grey.width / 100, "$off")
    }

    @TestFactory
    fun `a photo's features`() = eachPhoto { case ->
        val found = Features.ofPhoto(photo(case).pixels)
        if (!case.has("features")) return@eachPhoto assertNull(found)
        val expected = features(case.child("features"))
        assertEquals(expected.size, found!!.size)
        val places = (0 until found.size).groupBy { found.descriptors.slice(WORDS * it until WORDS * (it + 1)) }
        val again = (0 until expected.size).count { i ->
            val alike = places[expected.descriptors.slice(WORDS * i until WORDS * (i + 1))].orEmpty()
            alike.any { near(expected, i, found, it) }
        }
        assertTrue(again >= ceil((1 - document.number("tolerance")) * expected.size), "$again of ${expected.size} features")
    }

    // As the file has them: rounded.
    private fun near(a: Features, i: Int, b: Features, j: Int): Boolean =
        (0..1).all { abs(a.points[2 * i + it] - b.points[2 * j + it]) < 1 / 640f } && abs(a.sizes[i] - b.sizes[j]) < 1e-4 && abs(a.angles[i] - b.angles[j]).let { minOf(it, 1 - it) } < 1e-3

    @TestFactory
    fun `what a photo's features speak for`() = eachPhoto { case ->
        if (!case.has("features")) return@eachPhoto assertEquals(emptyList<Any>(), case.list("votes"))
        assertEquals(case.texts("votes"), Closely(ids, table).votes(features(case.child("features"))))
    }

    @TestFactory
    fun `what lies in a photo`() = eachPhoto { case ->
        val photo = photo(case)
        val found = Closely(ids, table).sightings(photo, case.texts("nearest"))
        val expected = case.cases("sightings")
        assertEquals(expected.map { it.text("product_id") }, found.map { it.productId })
        for ((told, seen) in expected.zip(found)) {
            val inliers = told.int("inliers")
            assertTrue(abs(inliers - seen.inliers) <= maxOf(1, (0.1 * inliers).roundToInt()), "$inliers inliers, found ${seen.inliers}")
            assertEquals(2 * seen.inliers, seen.points.size)
            val corners = told.list("corners").flatMap { corner -> (corner as List<*>).map { (it as Number).toDouble() } }
            val off = corners.indices.maxOf { abs(corners[it] - seen.corners[it]) }
            assertTrue(off <= 0.01 * maxOf(photo.width, photo.height), "corners off by $off pixels")
        }
    }

    @Test
    fun `a feature's nearest words`() {
        val words = document.child("words")
        val expected = words.list("assigned").flatMap { line -> (line as List<*>).map { (it as Number).toInt() } }
        assertEquals(expected, assigned(bits(words.texts("descriptors")), table.words, words.int("probes")).toList())
    }

    @TestFactory
    fun `features that look alike`() = document.cases("matches").map { case ->
        dynamicTest("photo ${case.int("photo")}: ${case.text("product_id")}") {
            val photo = features(document.cases("photos")[case.int("photo")].child("features"))
            val print = Closely.print(table, ids.indexOf(case.text("product_id")))
            val matches = Geometry.matches(print, photo)
            same(case.child("matches"), matches)
            same(case.child("consistent"), Geometry.consistent(print, photo, matches))
        }
    }

    private fun same(expected: Case, found: Matches) {
        assertEquals(expected.numbers("print").map { it.toInt() }, found.print.toList())
        assertEquals(expected.numbers("photo").map { it.toInt() }, found.photo.toList())
    }

    @TestFactory
    fun `what comes first`() = document.cases("deciding").map { case ->
        dynamicTest(case.text("name")) {
            val sightings = case.cases("sightings").map(::sighting)
            val boxes = case.list("boxes").map(::box)
            val (width, height) = case.numbers("frame").map { it.toInt() }
            assertEquals(case["of_region"], boxes.map { box -> Deciding.ofRegion(sightings, box).map { it.productId } })
            val own = Deciding.unclaimed(sightings, boxes, width, height).map { listOf(it.x, it.y, it.width, it.height) }
            val expected = case.list("unclaimed").map { box -> (box as List<*>).map { (it as Number).toDouble() } }
            assertEquals(expected.size, own.size)
            expected.flatten().zip(own.flatten()) { a, b -> assertEquals(a, b, 1e-6) }
            val hits = pairs(case, "hits").map { (id, score) -> Hit(id, score!!.toDouble(), "", "") }
            val known = case.texts("known")
            val lifted = Deciding.lifted(hits, sightings, case.int("k")) { id -> if (id in known) Hit(id, 0.0, "", "") else null }
            assertEquals(pairs(case, "lifted").map { it.first to it.second?.toInt() }, lifted.map { it.productId to it.inliers })
        }
    }

    private fun pairs(case: Case, key: String): List<Pair<String, Number?>> =
        case.list(key).map { pair -> (pair as List<*>).let { it[0] as String to it[1] as Number? } }

    private fun sighting(case: Case): Sighting {
        assertNotNull(case["points"])
        val (corners, points) = listOf("corners", "points").map { key ->
            case.list(key).flatMap { point -> (point as List<*>).map { (it as Number).toDouble() } }.toDoubleArray()
        }
        return Sighting(case.text("product_id"), case.int("inliers"), case.number("spread"), corners, points)
    }

    private fun box(numbers: Any?): Box =
        (numbers as List<*>).map { (it as Number).toDouble() }.let { (x, y, w, h) -> Box(x, y, w, h) }
}
