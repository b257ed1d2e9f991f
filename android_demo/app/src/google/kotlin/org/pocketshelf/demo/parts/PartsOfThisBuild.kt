package org.pocketshelf.demo.parts

import android.content.Context
import android.view.ViewGroup
import org.pocketshelf.core.formats.DetectorSpec
import org.pocketshelf.core.formats.EmbedderSpec
import org.pocketshelf.core.runtime.ModelRunner
import org.pocketshelf.core.stages.search.GraphLibrary
import org.pocketshelf.demo.photos.Turn
import org.pocketshelf.phone.OutputShapes
import org.pocketshelf.phone.camera.CameraXCamera
import org.pocketshelf.phone.executorch.ExecuTorchRunner
import org.pocketshelf.phone.litert.LiteRtRunner
import org.pocketshelf.phone.usearch.UsearchGraphs
import java.io.File

/** The flavour with CameraX, LiteRT, ExecuTorch and USearch. */
val partsOfThisBuild: Parts = object : Parts {
    override fun camera(context: Context, into: ViewGroup, frames: Frames): LiveCamera {
        val camera = CameraXCamera(
            context, into, frames::wanted,
            { width, height, degrees, colour -> Turn.byDegrees(width, height, degrees).pixels(colour) },
            frames::seen, frames::failed,
        )
        return object : LiveCamera {
            override fun start() = camera.start()

            override fun stop() = camera.stop()

            override fun close() = camera.close()
        }
    }

    override val runsModels = true

    override fun detector(context: Context, file: File, spec: DetectorSpec) = runner(context, file, OutputShapes.of(spec))

    override fun embedder(context: Context, file: File, spec: EmbedderSpec) = runner(context, file, OutputShapes.of(spec))

    override val graphs: GraphLibrary? = UsearchGraphs.orNull()

    private fun runner(context: Context, file: File, shapes: OutputShapes): ModelRunner =
        if (file.extension == "pte") ExecuTorchRunner.open(file) else LiteRtRunner.open(context, file, shapes)
}
