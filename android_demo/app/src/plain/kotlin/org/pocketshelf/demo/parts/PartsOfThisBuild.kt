package org.pocketshelf.demo.parts

import android.content.Context
import android.view.ViewGroup
import org.pocketshelf.core.RuntimeUnavailable
import org.pocketshelf.core.formats.DetectorSpec
import org.pocketshelf.core.formats.EmbedderSpec
import org.pocketshelf.core.runtime.ModelRunner
import org.pocketshelf.core.stages.search.GraphLibrary
import java.io.File

/** The flavour without anything that the platform does not have: it syncs and shows a shelf, and cannot look at photos. */
val partsOfThisBuild: Parts = object : Parts {
    override fun camera(context: Context, into: ViewGroup, frames: Frames): LiveCamera? = null

    override val runsModels = false

    override fun detector(context: Context, file: File, spec: DetectorSpec): ModelRunner = throw unavailable(file)

    override fun embedder(context: Context, file: File, spec: EmbedderSpec): ModelRunner = throw unavailable(file)

    override val graphs: GraphLibrary? = null

    private fun unavailable(file: File) =
        RuntimeUnavailable("${file.name}: this build of the app has no runtime for models; build the flavour 'google'")
}
