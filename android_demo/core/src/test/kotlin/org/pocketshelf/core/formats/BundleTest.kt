package org.pocketshelf.core.formats

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.pocketshelf.core.BundleError
import org.pocketshelf.core.golden.GoldenFiles
import java.io.File

class BundleTest {
    @TempDir
    lateinit var folder: File
    private val golden = GoldenFiles.file("bundle-v1")

    private fun copied(vararg changes: Pair<String, String>): File {
        golden.copyRecursively(folder, overwrite = true)
        val path = File(folder, "bundle.json")
        var text = path.readText()
        for ((old, new) in changes) {
            assertTrue(old in text, old)
            text = text.replaceFirst(old, new)
        }
        path.writeText(text)
        return folder
    }

    private fun refused(vararg changes: Pair<String, String>): String =
        assertThrows(BundleError::class.java) { Bundle.load(copied(*changes)) }.message!!.also { assertEquals(1, it.lines().size) }

    @Test
    fun `the golden bundle of version 1 is read`() {
        val bundle = Bundle.load(golden)
        assertEquals("golden", bundle.name)
        assertEquals(Space("golden-space", "d53c8f8f25198365", 128, "golden"), bundle.vectorSpace)
        assertEquals(listOf("Apple", "Pear"), bundle.embedder.categories)
        assertEquals(AttributeSpec(2, listOf("short", "long")), bundle.embedder.attributes["sleeve"])
        assertEquals(mapOf("goods" to 0.5), bundle.detector!!.frameWeight)
        assertEquals(listOf(8, 16, 32), bundle.detector!!.strides)
        assertEquals(File(golden, "detector.tflite"), bundle.detectorFile)
    }

    @Test
    fun `unknown keys are ignored, known ones may be absent`() {
        val bundle = Bundle.load(copied("\"format\"" to "\"later\": [1], \"format\"", "\"recall\": {" to "\"once\": {"))
        assertNull(bundle.recall)
    }

    @Test
    fun `another version is refused, with the remedy`() {
        assertTrue("update the app" in refused("\"version\": 1,\n \"name\"" to "\"version\": 2,\n \"name\""))
    }

    @Test
    fun `a field of the wrong kind is named`() {
        assertTrue("'dimension'" in refused("\"dimension\": 128" to "\"dimension\": \"128\""))
        assertTrue("'temperature'" in refused("\"temperature\": 1.5" to "\"temperature\": 0"))
        assertTrue("'groups'" in refused("\"upper\",\n   \"goods\"" to "\"goods\",\n   \"goods\""))
    }

    @Test
    fun `a changed model file is refused`() {
        File(copied(), "embedder.tflite").appendText("x")
        assertTrue("not the file" in assertThrows(BundleError::class.java) { Bundle.load(folder) }.message!!)
        assertEquals("golden", Bundle.load(folder, checkHashes = false).name)
    }

    @Test
    fun `a missing model file is refused`() {
        assertTrue(File(copied(), "detector.tflite").delete())
        assertTrue("missing" in assertThrows(BundleError::class.java) { Bundle.load(folder, checkHashes = false) }.message!!)
    }

    @Test
    fun `a file outside the bundle is refused`() {
        for (name in listOf("../embedder.tflite", "a/b.tflite", "..", ".hidden", "c:x", "a\\\\b")) {
            assertTrue("plain name" in refused("\"file\": \"embedder.tflite\"" to "\"file\": \"$name\""), name)
        }
    }

    @Test
    fun `a preprocessing that does not have its hash is refused`() {
        assertTrue("preprocessing_hash" in refused("\"margin\": 0.05" to "\"margin\": 0.06"))
    }

    @Test
    fun `frame weights of no group are refused`() {
        assertTrue("none of the groups" in refused("\"goods\": 0.5" to "\"hats\": 0.5"))
    }

    @Test
    fun `what tells groups is read, and refused where it is not the format`() {
        val bundle = Bundle.load(GoldenFiles.file("stages/answers/bundle"))
        assertEquals(listOf("footwear", "outerwear"), bundle.groupHead!!.names)
        assertEquals(2 * bundle.embedder.dimension, bundle.groupHead!!.linear.weights.size)
        assertNull(Bundle.load(golden).groupHead)
        fun part(name: String, bias: String, letters: Int, space: String = "golden-space"): Pair<String, String> =
            "\"recall\": {" to "\"groups\": {\"space\": \"$space\", \"names\": [\"$name\"], \"scales\": [1], \"bias\": $bias, " +
                "\"weights\": \"${"A".repeat(letters)}\"}, \"recall\": {"
        assertNull(Bundle.load(copied(part("upper", "[0]", 172, "another"))).groupHead)
        assertTrue("'space' is missing" in refused("\"recall\": {" to "\"groups\": {}, \"recall\": {"))
        assertTrue("none of the detector's groups" in refused(part("hats", "[0]", 172)))
        assertTrue("list of numbers" in refused(part("upper", "0", 172)))
        assertTrue("must lie in" in refused(part("upper", "[1e39]", 172)))
        assertTrue("is not 128 numbers" in refused(part("upper", "[0]", 172)))
        assertTrue("no base64" in refused(part("upper", "[0]", 171)))
    }

    @Test
    fun `what tells turned photos is read, and refused where it is not the format`() {
        val bundle = Bundle.load(GoldenFiles.file("stages/answers/bundle"))
        assertEquals(TurnedHead.NAMES, bundle.turnedHead!!.linear.names)
        assertEquals(3 * bundle.embedder.dimension, bundle.turnedHead!!.linear.weights.size)
        assertEquals(0.7, bundle.turnedHead!!.threshold)
        assertNull(Bundle.load(golden).turnedHead)
        fun part(
            names: String = "\"upright\", \"sideways\", \"upside down\"", letters: Int = 512, threshold: String = "0.7",
            space: String = "golden-space",
        ): Pair<String, String> =
            "\"recall\": {" to "\"turned\": {\"space\": \"$space\", \"names\": [$names], \"scales\": [1, 1, 1], " +
                "\"bias\": [0, 0, 0], \"threshold\": $threshold, \"weights\": \"${"A".repeat(letters)}\"}, \"recall\": {"
        // It needs no detector.
        assertEquals(3 * 128, Bundle.load(copied(part(), "\"detector\": {" to "\"once\": {")).turnedHead!!.linear.weights.size)
        assertNull(Bundle.load(copied(part(space = "another"))).turnedHead)
        assertTrue("'space' is missing" in refused("\"recall\": {" to "\"turned\": {}, \"recall\": {"))
        for (names in listOf("\"upright\", \"upside down\", \"sideways\"", "\"upright\", \"sideways\"")) {
            assertTrue("is not upright, sideways, upside down" in refused(part(names)), names)
        }
        assertTrue("is not 128 numbers" in refused(part(letters = 508)))
        assertTrue("no base64" in refused(part(letters = 511)))
        assertTrue("must lie in" in refused(part(threshold = "1.1")))
        assertTrue("must be a number" in refused(part(threshold = "null")))
    }

    @Test
    fun `a folder without a bundle, and one that is no JSON, are refused`() {
        assertTrue("no bundle here" in assertThrows(BundleError::class.java) { Bundle.load(folder) }.message!!)
        File(folder, "bundle.json").writeText("{")
        assertTrue("cannot be read as JSON" in assertThrows(BundleError::class.java) { Bundle.load(folder) }.message!!)
    }

    @Test
    fun `a model that is a folder has the digest of its sorted lines`() {
        File(folder, "m/a").mkdirs()
        File(folder, "m/a/x").writeText("1")
        File(folder, "m/a.txt").writeText("22")
        // sha256 of the two lines "sha256  a/x", "sha256  a.txt", as Python's formats/bundle.py has it.
        assertEquals(3, FileDigest.of(File(folder, "m")).bytes)
        assertEquals("1ac160674ecfe58b", FileDigest.of(File(folder, "m")).sha256.take(16))
    }

    @Test
    fun `an attribute of categories that the model lacks is refused`() {
        assertTrue("none of the model's" in refused("\"output\": 2," to "\"output\": 2, \"categories\": [\"Hats\"],"))
    }
}
