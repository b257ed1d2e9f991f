package org.pocketshelf.demo

import org.pocketshelf.core.stages.preprocess.Pixels
import org.pocketshelf.demo.photos.Orientation
import org.pocketshelf.demo.photos.PhotoReader
import org.pocketshelf.demo.photos.Turn
import org.pocketshelf.phone.camera.CameraXCamera
import java.nio.ByteBuffer
import kotlin.random.Random
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

class PhotosTest {
    private fun tiff(orientation: Int, little: Boolean, type: Int = 3): ByteArray {
        fun two(value: Int) = if (little) byteArrayOf(value.toByte(), (value shr 8).toByte()) else byteArrayOf((value shr 8).toByte(), value.toByte())
        fun four(value: Int) = if (little) two(value) + two(value shr 16) else two(value shr 16) + two(value)
        return (if (little) "II" else "MM").toByteArray() + two(42) + four(8) + two(2) +
            two(0x010f) + two(2) + four(4) + "abc\u0000".toByteArray() +
            two(0x0112) + two(type) + four(1) + two(orientation) + two(0) + four(0)
    }

    private fun jpeg(orientation: Int, little: Boolean, type: Int = 3): ByteArray {
        val exif = "Exif\u0000\u0000".toByteArray() + tiff(orientation, little, type)
        fun segment(marker: Int, body: ByteArray) =
            byteArrayOf(0xff.toByte(), marker.toByte(), ((body.size + 2) shr 8).toByte(), (body.size + 2).toByte()) + body
        return byteArrayOf(0xff.toByte(), 0xd8.toByte()) + segment(0xe0, ByteArray(14)) + segment(0xe1, exif) + segment(0xda, ByteArray(10))
    }

    private fun four(value: Int) = ByteArray(4) { (value shr 24 - 8 * it).toByte() }

    /** The chunk stands behind the pixels, as some programs write it. */
    private fun png(exif: ByteArray): ByteArray {
        fun chunk(name: String, body: ByteArray) = four(body.size) + name.toByteArray() + body + ByteArray(4)
        return "\u0089PNG\r\n\u001a\n".toByteArray(Charsets.ISO_8859_1) + chunk("IHDR", ByteArray(13)) +
            chunk("IDAT", ByteArray(99)) + chunk("eXIf", exif) + chunk("IEND", ByteArray(0))
    }

    private fun webp(exif: ByteArray): ByteArray {
        fun chunk(name: String, body: ByteArray) =
            name.toByteArray() + four(body.size).reversedArray() + body + ByteArray(body.size % 2)
        val chunks = chunk("VP8X", ByteArray(10)) + chunk("VP8 ", ByteArray(33)) + chunk("EXIF", exif)
        return "RIFF".toByteArray() + four(4 + chunks.size).reversedArray() + "WEBP".toByteArray() + chunks
    }

    @Test
    fun pngAndWebpSayTheirOrientationToo() {
        for (orientation in 1..8) {
            for (little in listOf(true, false)) {
                val exif = tiff(orientation, little)
                assertEquals(orientation, Orientation.of(png(exif)))
                assertEquals(orientation, Orientation.of(webp(exif)))
                assertEquals(orientation, Orientation.of(webp("Exif\u0000\u0000".toByteArray() + exif)))
            }
        }
        assertEquals(1, Orientation.of(png(ByteArray(0))))
    }

    @Test
    fun orientationsAreReadInEitherByteOrder() {
        for (orientation in 1..8) {
            assertEquals(orientation, Orientation.of(jpeg(orientation, little = true)))
            assertEquals(orientation, Orientation.of(jpeg(orientation, little = false)))
        }
    }

    @Test
    fun whatIsNoOrientationIsUpright() {
        assertEquals(1, Orientation.of(jpeg(0, little = true)))
        assertEquals(1, Orientation.of(jpeg(9, little = false)))
        assertEquals(1, Orientation.of(jpeg(6, little = true, type = 4)))
        assertEquals(1, Orientation.of(ByteArray(0)))
        assertEquals(1, Orientation.of("\u0089PNG\r\n".toByteArray(Charsets.ISO_8859_1)))
    }

    @Test
    fun damagedHeadersNeverThrow() {
        val random = Random(7)
        val goods = listOf(jpeg(6, little = true), png(tiff(6, little = true)), webp(tiff(6, little = false)))
        repeat(15_000) {
            val good = goods[it % goods.size]
            val bad = good.copyOf(random.nextInt(good.size + 1))
            repeat(random.nextInt(4)) { if (bad.isNotEmpty()) bad[random.nextInt(bad.size)] = random.nextInt().toByte() }
            assert(Orientation.of(bad) in 1..8)
        }
    }

    // A picture of 3 x 2 whose pixels say where they are: 0xXXYY.
    private fun turned(orientation: Int): List<List<Pair<Int, Int>>> = rows(Turn.byExif(3, 2, orientation).pixels { x, y -> x shl 8 or y })

    private fun rows(pixels: Pixels) = List(pixels.height) { y ->
        List(pixels.width) { x -> (3 * (y * pixels.width + x)).let { Pair(pixels.bytes[it + 1].toInt(), pixels.bytes[it + 2].toInt()) } }
    }

    @Test
    fun everyOrientationComesOutUpright() {
        // The corner that is the source's top left, by EXIF: 1 top left, 2 top right, 3 bottom right, 4 bottom left,
        // 5 top left transposed, 6 top right (turned clockwise), 7 bottom right, 8 bottom left.
        assertEquals(Pair(0, 0), turned(1).first().first())
        assertEquals(Pair(0, 0), turned(2).first().last())
        assertEquals(Pair(0, 0), turned(3).last().last())
        assertEquals(Pair(0, 0), turned(4).last().first())
        assertEquals(Pair(0, 0), turned(5).first().first())
        assertEquals(Pair(0, 0), turned(6).first().last())
        assertEquals(Pair(0, 0), turned(7).last().last())
        assertEquals(Pair(0, 0), turned(8).last().first())
        // Turned by 90 degrees clockwise, the source's left column becomes the top row, from bottom to top.
        assertEquals(listOf(Pair(0, 1), Pair(0, 0)), turned(6).first())
        for (orientation in 1..8) assertEquals(if (orientation < 5) 3 else 2, turned(orientation).first().size)
    }

    @Test
    fun everyPixelIsKeptOnce() {
        for (orientation in 1..8) assertEquals(6, turned(orientation).flatten().toSet().size)
    }

    @Test
    fun aCamerasFrameIsTurnedByItsDegrees() {
        val plane = ByteBuffer.allocate(2 * 20)
        // Two rows of 3 pixels, 4 bytes each, with 8 bytes of padding: red is x, green is y.
        for (y in 0 until 2) for (x in 0 until 3) plane.put(y * 20 + x * 4, x.toByte()).put(y * 20 + x * 4 + 1, y.toByte())
        val upright = Turn.byDegrees(3, 2, 90).pixels(CameraXCamera.rgba(plane, 20, 4))
        assertEquals(2, upright.width)
        assertEquals(listOf<Byte>(0, 1, 0, 0, 0, 0), upright.bytes.take(6), "the left column, from below")
    }

    @Test
    fun anOddAngleIsRefused() {
        assertFailsWith<IllegalArgumentException> { Turn.byDegrees(3, 2, 45) }
    }

    @Test
    fun largePhotosAreDecodedSmaller() {
        assertEquals(1, PhotoReader.sampleSize(1200, 1200))
        assertEquals(2, PhotoReader.sampleSize(1280, 1280))
        assertEquals(4, PhotoReader.sampleSize(4000, 3000))
        assertEquals(1, PhotoReader.sampleSize(20_000, 100))
    }

    @Test
    fun aLongPageDoesNotFillTheMemory() {
        assertEquals(2, PhotoReader.sampleSize(1_080, 20_000))
        assertEquals(4, PhotoReader.sampleSize(40_000, 1_000))
    }

    @Test
    fun whatIsTransparentLiesOnWhite() {
        assertEquals(0x123456, PhotoReader.onWhite(0xff123456.toInt()))
        assertEquals(0xffffff, PhotoReader.onWhite(0))
        assertEquals(0xff7f7f, PhotoReader.onWhite(0x80ff0000.toInt()))
    }
}
