package org.pocketshelf.core.golden

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.DynamicTest
import org.pocketshelf.core.formats.StrictJson
import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.core.stages.preprocess.Pixels
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.util.Base64
import java.util.zip.GZIPInputStream
import javax.imageio.ImageIO
import kotlin.math.abs

/** Files of `contract/golden`, below `POCKETSHELF_CONTRACT` or in the checkout that the tests run in. */
object GoldenFiles {
    private val contract: File = System.getenv("POCKETSHELF_CONTRACT")?.let(::File)
        ?: generateSequence(File("").absoluteFile) { it.parentFile }.map { File(it, "contract") }.first { File(it, "golden").isDirectory }

    fun file(name: String): File = File(contract, "golden/$name")

    fun text(name: String): String = file(name).readText()

    fun json(name: String): Any? = StrictJson.parse(file(name).readBytes())

    fun photo(name: String): Photo {
        if (name.endsWith(".ppm.gz")) return Photo(plain(name))
        val image = ImageIO.read(file("images/$name"))
        val bytes = ByteArray(image.width * image.height * 3)
        var place = 0
        for (y in 0 until image.height) {
            for (x in 0 until image.width) {
                val rgb = image.getRGB(x, y)
                for (shift in intArrayOf(16, 8, 0)) bytes[place++] = (rgb shr shift).toByte()
            }
        }
        return Photo(Pixels(bytes, image.width, image.height))
    }

    /** The pixels of a gzipped binary PPM. */
    private fun plain(name: String): Pixels {
        val raw = GZIPInputStream(file("images/$name").inputStream()).use { it.readBytes() }
        val (width, height) = String(raw, 0, 20, Charsets.US_ASCII).split('\n')[1].split(' ').map { it.toInt() }
        return Pixels(raw.copyOfRange(raw.size - 3 * width * height, raw.size), width, height)
    }

    /** A test for each case of a stage's file. */
    fun stage(name: String, check: Checker.(Case) -> Unit): List<DynamicTest> {
        val document = Case(json("stages/$name.json"))
        val checker = Checker((document["tolerance"] as Number).toDouble())
        return document.cases("cases").map { case ->
            DynamicTest.dynamicTest("$name: ${case.text("name")}") { checker.check(case) }
        }
    }
}

/** One object of a golden file. */
class Case(document: Any?) {
    @Suppress("UNCHECKED_CAST")
    val map = document as Map<String, Any?>

    operator fun get(key: String): Any? = map[key]
    fun text(key: String) = map[key] as String
    fun int(key: String) = (map[key] as Number).toInt()
    fun number(key: String) = (map[key] as Number).toDouble()
    fun child(key: String) = Case(map[key])
    fun list(key: String) = map[key] as List<*>
    fun texts(key: String) = list(key).map { it as String }
    fun numbers(key: String) = list(key).map { (it as Number).toDouble() }
    fun cases(key: String) = list(key).map { Case(it) }
    fun has(key: String) = map[key] != null
    fun probabilities(key: String): Map<String, Double> = child(key).map.mapValues { (it.value as Number).toDouble() }
    fun shape(key: String): List<Int> = child(key).list("shape").map { (it as Number).toInt() }

    fun floats(key: String): FloatArray {
        val bytes = ByteBuffer.wrap(Base64.getDecoder().decode(child(key).text("f32"))).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer()
        return FloatArray(bytes.remaining()).also { bytes.get(it) }
    }

    fun bytes(key: String): ByteArray = Base64.getDecoder().decode(child(key).text("i8"))
}

/** Numbers within a tolerance; all else exactly. */
class Checker(private val tolerance: Double) {
    fun same(expected: Any?, found: Any?, where: String = "") {
        when {
            expected is Number && found is Number -> {
                val off = abs(expected.toDouble() - found.toDouble())
                if (!(off <= tolerance)) assertEquals(expected, found, where)
            }
            expected is List<*> && found is List<*> -> {
                assertEquals(expected.size, found.size, "$where: how many")
                expected.indices.forEach { same(expected[it], found[it], "$where[$it]") }
            }
            expected is Map<*, *> && found is Map<*, *> -> {
                assertEquals(expected.keys.toList(), found.keys.toList(), "$where: names")
                expected.keys.forEach { same(expected[it], found[it], "$where.$it") }
            }
            else -> assertEquals(expected, found, where)
        }
    }
}
