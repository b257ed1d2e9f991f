package org.pocketshelf.demo

import org.pocketshelf.core.BundleError
import org.pocketshelf.core.formats.Bundle
import org.pocketshelf.core.runtime.Accelerator
import org.pocketshelf.phone.OutputShapes
import org.pocketshelf.phone.executorch.ExecuTorchRunner
import org.pocketshelf.phone.litert.DelegateLog
import org.pocketshelf.phone.litert.LiteRtRunner
import org.pocketshelf.phone.litert.OperatorCount
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.random.Random
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNull
import kotlin.test.assertTrue

/** What of phone/ does not need a phone. */
class PhoneTest {
    private val old = "11-27 09:14:02.123  4242  4260 I tflite  : Replacing 61 out of 64 node(s) with delegate (TfLiteGpuDelegateV2) node, " +
        "yielding 2 partitions for the whole graph."
    private val new = "INFO: Replacing 64 out of 64 node(s) with delegate (TfLiteXNNPackDelegate) node, yielding 1 partitions for subgraph 0 (main)."

    @Test
    fun nodesAreReadFromEitherWordingOfTheLog() {
        assertEquals(DelegateLog.Taken(61, 64, "TfLiteGpuDelegateV2"), DelegateLog.last(listOf("noise", old, "more")))
        assertEquals(DelegateLog.Taken(64, 64, "TfLiteXNNPackDelegate"), DelegateLog.last(listOf(new)))
    }

    @Test
    fun theLastModelLoadedIsMeant() = assertEquals(64, DelegateLog.last(listOf(old, new))?.nodes)

    @Test
    fun otherSubgraphsDoNotCount() {
        val branch = new.replace("subgraph 0 (main)", "subgraph 1 (branch)").replace("64 out", "3 out")
        assertEquals(64, DelegateLog.last(listOf(new, branch))?.nodes)
    }

    @Test
    fun withoutALineNothingIsClaimed() {
        assertNull(DelegateLog.last(emptyList()))
        assertNull(DelegateLog.last(listOf("Replacing many out of all node(s) with delegate (x) node")))
    }

    @Test
    fun whatTheGpuDeclinesIsRead() {
        val line = "E tflite  : 61 operations will run on the GPU, and the remaining 3 operations will run on the CPU."
        assertEquals(DelegateLog.Taken(61, 64, "GPU"), DelegateLog.last(listOf(line)))
    }

    // As LiteRT's own interpreter lists them in Python, but for the delegate that it adds; a new export changes them.
    @Test
    fun operatorsAreCountedInTheFilesThatShip() {
        assertEquals(71, OperatorCount.of(bundle.embedderFile))
        assertEquals(127, OperatorCount.of(bundle.detectorFile!!))
    }

    @Test
    fun whatIsNoModelHasNoCount() {
        assertNull(OperatorCount.of(File(bundle.folder, "bundle.json")))
        assertNull(OperatorCount.of(File(bundle.folder, "missing.tflite")))
        val good = bundle.embedderFile.readBytes()
        val random = Random(3)
        repeat(2_000) {
            val bad = good.copyOf(64 + random.nextInt(400))
            repeat(8) { bad[random.nextInt(bad.size)] = random.nextInt().toByte() }
            OperatorCount.of(ByteBuffer.wrap(bad).order(ByteOrder.LITTLE_ENDIAN))
        }
    }

    @Test
    fun anAcceleratorThatTookTheNetworkAloneRunsAllOfIt() {
        val placement = LiteRtRunner.placement(bundle.embedderFile, Accelerator.GPU, null, "no library")
        assertEquals("LiteRT on GPU, 71 of 71 nodes (asked for NPU: no library)", placement.line())
    }

    @Test
    fun whatItDeclinedIsShown() {
        val placement = LiteRtRunner.placement(bundle.embedderFile, Accelerator.NPU, DelegateLog.Taken(61, 64, "x"), null)
        assertEquals("LiteRT on NPU, 61 of 64 nodes; the rest on CPU", placement.line())
        assertTrue(placement.fellBack)
    }

    @Test
    fun theProcessorRunsAllOfItWhateverXnnpackTook() {
        val placement = LiteRtRunner.placement(bundle.embedderFile, Accelerator.CPU, DelegateLog.Taken(60, 70, "TfLiteXNNPackDelegate"), "none")
        assertEquals(71, placement.nodes)
    }

    @Test
    fun backendsSayWhereAPteRuns() {
        assertEquals(Accelerator.CPU, ExecuTorchRunner.acceleratorOf(listOf("XnnpackBackend")))
        assertEquals(Accelerator.GPU, ExecuTorchRunner.acceleratorOf(listOf("VulkanBackend", "XnnpackBackend")))
        assertEquals(Accelerator.NPU, ExecuTorchRunner.acceleratorOf(listOf("QnnBackend")))
        assertEquals(Accelerator.CPU, ExecuTorchRunner.acceleratorOf(emptyList()))
    }

    private val bundle = Bundle.load(File(System.getenv("POCKETSHELF_ANDROID"), "../models/universal"), checkHashes = false)

    @Test
    fun outputsGetTheShapesOfTheBundleThatShips() {
        val embedder = OutputShapes.of(bundle.embedder)
        assertContentEquals(intArrayOf(1, 256), embedder.tensor(bundle.embedder.embeddingOutput, FloatArray(256)).shape)
        val detector = OutputShapes.of(bundle.detector!!)
        val points = 40 * 40 + 20 * 20 + 10 * 10
        assertContentEquals(intArrayOf(1, points, 4), detector.tensor(bundle.detector!!.distancesOutput, FloatArray(points * 4)).shape)
    }

    @Test
    fun outputsOfAnotherLengthAreRefused() {
        val error = assertFailsWith<BundleError> { OutputShapes.of(bundle.embedder).tensor(bundle.embedder.embeddingOutput, FloatArray(128)) }
        assert("128" in error.message!!)
    }

    @Test
    fun anOutputThatNobodyNamesIsAVector() = assertContentEquals(intArrayOf(1, 5), OutputShapes.of(bundle.embedder).tensor(77, FloatArray(5)).shape)
}
