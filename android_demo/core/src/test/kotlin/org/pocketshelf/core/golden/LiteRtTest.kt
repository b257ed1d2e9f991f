package org.pocketshelf.core.golden

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assumptions.assumeTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.pocketshelf.core.BundleError
import org.pocketshelf.core.formats.Bundle
import org.pocketshelf.core.runtime.GoldenVector
import org.pocketshelf.core.runtime.WarmUp
import org.pocketshelf.core.stages.embed.NetworkEmbedder
import org.pocketshelf.core.stages.preprocess.Pixels
import org.pocketshelf.desktop.runtime.LiteRtRunner
import java.io.File

/** The shipped models by LiteRT itself, where `POCKETSHELF_LITERT` names `libLiteRt.so`. */
class LiteRtTest {
    @TempDir
    lateinit var folder: File
    private lateinit var library: File
    private val models = File(GoldenFiles.file("x").absoluteFile.parentFile.parentFile.parentFile, "models")

    @BeforeEach
    fun find() {
        val path = System.getenv("POCKETSHELF_LITERT").orEmpty()
        assumeTrue(path.isNotEmpty(), "POCKETSHELF_LITERT names no library")
        library = File(path)
    }

    private fun reproduced(name: String, document: String): Double {
        val bundle = Bundle.load(File(models, name))
        val golden = GoldenVector.read(GoldenFiles.text(document), bundle, GoldenFiles::photo)
        assertEquals(4, golden.size)
        return LiteRtRunner(library, bundle.embedderFile).use { WarmUp.check(NetworkEmbedder(bundle.embedder, it), golden) }
    }

    @Test
    fun `the shipped embedder reproduces its golden vectors`() {
        assertTrue(reproduced("universal", "embeddings-universal.json") >= 0.995)
    }

    @Test
    fun `the first one does, too`() {
        assertTrue(reproduced("first", "embeddings.json") >= 0.995)
    }

    @Test
    fun `another model does not`() {
        val bundle = Bundle.load(File(models, "universal"))
        val golden = GoldenVector.read(GoldenFiles.text("embeddings-universal.json"), bundle, GoldenFiles::photo)
        val turned = golden.mapIndexed { i, case -> GoldenVector(case.photo, golden[(i + 1) % golden.size].vector) }
        LiteRtRunner(library, bundle.embedderFile).use { runner ->
            assertThrows(BundleError::class.java) { WarmUp.check(NetworkEmbedder(bundle.embedder, runner), turned) }
        }
    }

    @Test
    fun `pixels of another size are refused`() {
        val bundle = Bundle.load(File(models, "universal"))
        LiteRtRunner(library, bundle.embedderFile).use { runner ->
            assertThrows(BundleError::class.java) { runner.run(Pixels(ByteArray(12), 2, 2)) }
        }
    }

    @Test
    fun `a closed runner is not asked any more`() {
        val runner = LiteRtRunner(library, Bundle.load(File(models, "universal")).embedderFile)
        runner.close()
        runner.close()
        assertThrows(IllegalStateException::class.java) { runner.run(Pixels(ByteArray(224 * 224 * 3), 224, 224)) }
    }

    @Test
    fun `a file that is no model is refused`() {
        val file = File(folder, "no.tflite").apply { writeText("no model") }
        assertThrows(BundleError::class.java) { LiteRtRunner(library, file) }
    }
}
