package org.pocketshelf.core.stages.detect

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Test
import org.pocketshelf.core.stages.preprocess.Pixels
import org.pocketshelf.core.stages.preprocess.resizeCrop
import org.pocketshelf.core.types.Box
import java.util.Random

/** Which way a picture is resized first: samples are rounded in between, so that it is part of the rule. */
class TallPictureTest {
    private fun picture(width: Int, height: Int) = Pixels(ByteArray(3 * width * height).also(Random(7)::nextBytes), width, height)
    private fun whole(pixels: Pixels, width: Int, height: Int) =
        resizeCrop(pixels, Box(0.0, 0.0, pixels.width.toDouble(), pixels.height.toDouble()), width, height)

    @Test
    fun `what loses more than twice as many rows as columns goes down first`() {
        val tall = picture(96, 146)
        val down = whole(whole(tall, 96, 80), 80, 80)
        val across = whole(whole(tall, 80, 146), 80, 80)
        assertFalse(down.bytes.contentEquals(across.bytes))
        assertArrayEquals(down.bytes, whole(tall, 80, 80).bytes)
    }

    @Test
    fun `at twice as many it goes across first`() {
        val tall = picture(96, 112)
        assertArrayEquals(whole(whole(tall, 80, 112), 80, 80).bytes, whole(tall, 80, 80).bytes)
    }

    @Test
    fun `it goes by the whole picture, not by the box`() {
        val tall = picture(96, 146)
        val box = Box(3.0, 5.0, 90.0, 60.0)
        val low = resizeCrop(tall, Box(0.0, 5.0, 96.0, 60.0), 96, 80)
        assertArrayEquals(resizeCrop(low, Box(3.0, 0.0, 90.0, 80.0), 80, 80).bytes, resizeCrop(tall, box, 80, 80).bytes)
    }
}
