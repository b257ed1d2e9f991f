package org.pocketshelf.core.stages.detect

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.pocketshelf.core.BundleError
import org.pocketshelf.core.formats.Bundle
import org.pocketshelf.core.golden.GoldenFiles
import org.pocketshelf.core.golden.ScriptedRunner
import org.pocketshelf.core.runtime.Tensor
import org.pocketshelf.core.stages.embed.NetworkEmbedder
import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.core.stages.preprocess.Pixels
import org.pocketshelf.core.stages.preprocess.cropBox
import org.pocketshelf.core.stages.preprocess.resizeCrop
import org.pocketshelf.core.types.Box

class NetworkStagesTest {
    private val bundle = Bundle.load(GoldenFiles.file("bundle-v1"))
    private val photo = Photo(Pixels(ByteArray(30 * 20 * 3) { 50 }, 30, 20), 300, 200)
    private val points = 40 * 40 + 20 * 20 + 10 * 10

    private fun detector(vararg outputs: Tensor) = NetworkDetector(bundle.detector!!, ScriptedRunner { outputs.toList() })

    @Test
    fun `the detector is given the whole frame at its size`() {
        val runner = ScriptedRunner { pixels ->
            assertEquals(320, pixels.width)
            assertEquals(320, pixels.height)
            assertTrue(pixels.bytes.all { it == 50.toByte() })
            listOf(Tensor(FloatArray(points * 2), 1, points, 2), Tensor(FloatArray(points * 4), 1, points, 4))
        }
        assertTrue(NetworkDetector(bundle.detector!!, runner).detect(photo).isEmpty())
        assertEquals(1, runner.calls)
    }

    @Test
    fun `outputs of another shape are refused`() {
        val scores = Tensor(FloatArray(points * 2), 1, points, 2)
        val distances = Tensor(FloatArray(points * 4), 1, points, 4)
        assertThrows(BundleError::class.java) { detector(scores).detect(photo) }
        assertThrows(BundleError::class.java) { detector(distances, scores).detect(photo) }
        assertThrows(BundleError::class.java) { detector(Tensor(FloatArray(points), 1, points, 1), distances).detect(photo) }
        assertTrue(detector(scores, distances).detect(photo).isEmpty())
    }

    @Test
    fun `boxes are given in the photo's own pixels`() {
        val scores = FloatArray(points * 2)
        val distances = FloatArray(points * 4)
        val point = 1600 + 10 * 20 + 10
        scores[point * 2] = 0.9f
        for (side in 0 until 4) distances[point * 4 + side] = 2f
        val found = detector(Tensor(scores, 1, points, 2), Tensor(distances, 1, points, 4)).detect(photo).single()
        // The middle level's point 10, 10 is at 168; two strides of 16 each way.
        assertEquals(Box(136 * 300 / 320.0, 136 * 200 / 320.0, 64 * 300 / 320.0, 64 * 200 / 320.0), found.box)
        assertEquals("upper", found.group)
    }

    @Test
    fun `the embedder says which output is wrong`() {
        val runner = ScriptedRunner { listOf(Tensor(FloatArray(128), 1, 128), Tensor(FloatArray(3), 1, 3), Tensor(FloatArray(2), 1, 2)) }
        val message = assertThrows(BundleError::class.java) { NetworkEmbedder(bundle.embedder, runner).embed(photo) }.message!!
        assertTrue("number 1 is [1, 2]" in message, message)
    }

    @Test
    fun `a crop stays in the frame and has a size`() {
        assertEquals(Box(0.0, 0.0, 100.0, 80.0), cropBox(Box(-50.0, -50.0, 500.0, 500.0), 100, 80, 0.1, 1.5))
        val thin = cropBox(Box(98.0, 10.0, 0.2, 0.2), 100, 80, 0.0, 4.0 / 3)
        assertEquals(1.0, thin.width)
        assertTrue(thin.right <= 100.0)
        val long = cropBox(Box(40.0, 0.0, 10.0, 80.0), 100, 80, 0.0, 2.0)
        assertEquals(40.0, long.width)
    }

    @Test
    fun `a picture of its own size is left as it is`() {
        val pixels = GoldenFiles.photo("drawn0.png").pixels
        val same = resizeCrop(pixels, Box(0.0, 0.0, pixels.width.toDouble(), pixels.height.toDouble()), pixels.width, pixels.height)
        assertTrue(same.bytes.contentEquals(pixels.bytes))
    }

    @Test
    fun `bytes that are no picture are refused`() {
        assertThrows(IllegalArgumentException::class.java) { Pixels(ByteArray(5), 1, 2) }
        assertThrows(IllegalArgumentException::class.java) { Pixels(ByteArray(0), 0, 0) }
    }
}
