package org.pocketshelf.core.stages

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Test
import org.pocketshelf.core.Encoder
import org.pocketshelf.core.formats.Bundle
import org.pocketshelf.core.golden.GoldenFiles
import org.pocketshelf.core.stages.detect.Detector
import org.pocketshelf.core.stages.embed.Embedder
import org.pocketshelf.core.stages.embed.Embedding
import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.core.stages.preprocess.Pixels
import org.pocketshelf.core.types.Box
import org.pocketshelf.core.types.Detection

/** A page of 250 rows, whose picture takes those from 50 to before 175, in a photo of thrice its size. */
class ScreenshotTest {
    private val drawn = ByteArray(3 * 115 * 250) {
        val (channel, x, y) = Triple(it % 3, it / 3 % 115, it / 3 / 115)
        (if (y in 50 until 175) 7 * x + 13 * y + 3 * x * y + 59 * channel else 250).toByte()
    }
    private val page = Photo(Pixels(drawn, 115, 250), 345, 750)
    private val seen = mutableListOf<Photo>()
    private val bundle = Bundle.load(GoldenFiles.file("bundle-v1"))
    private val detector = object : Detector {
        override fun detect(photo: Photo) = listOf(Detection(Box(30.0, 60.0, 90.0, 120.0), "goods", 0.9)).also { seen += photo }
    }
    private val embedder = object : Embedder {
        override fun embed(photo: Photo, box: Box?): Embedding {
            seen += photo
            return Embedding(FloatArray(128) { if (it == 0) 1f else 0f }, mapOf("Apple" to 1.0), emptyMap())
        }
    }

    @Test
    fun `the picture is a photo of its own, in the screenshot's pixels`() {
        val shown = shownIn(page)
        assertEquals(listOf(0.0, 150.0), listOf(shown.across, shown.down))
        assertEquals(listOf(345, 375, 115, 125), shown.photo.run { listOf(width, height, pixels.width, pixels.height) })
        assertEquals(drawn.slice(3 * 115 * 50 until 3 * 115 * 175), shown.photo.pixels.bytes.toList())
        val photo = shown.photo
        assertSame(photo, shownIn(photo).photo)
    }

    @Test
    fun `networks see the picture, boxes are the screenshot's`() {
        val encoder = Encoder(bundle, embedder, detector)
        assertEquals(Box(30.0, 210.0, 90.0, 120.0), encoder.encode(page).single().detection.box)
        assertEquals(Box(0.0, 150.0, 345.0, 375.0), encoder.encode(page, whole = true).single().detection.box)
        assertEquals(setOf(375), seen.map { it.height }.toSet())
    }
}
