package org.pocketshelf.demo.parts

import android.content.Context
import android.view.ViewGroup
import org.pocketshelf.core.formats.DetectorSpec
import org.pocketshelf.core.formats.EmbedderSpec
import org.pocketshelf.core.runtime.ModelRunner
import org.pocketshelf.core.stages.preprocess.Pixels
import org.pocketshelf.core.stages.search.GraphLibrary
import java.io.File

/**
 * What an app takes from libraries that the platform does not have: CameraX, LiteRT, ExecuTorch, USearch.
 *
 * Each flavour of the app has one `partsOfThisBuild`: `google` brings them all, `plain` none.
 */
interface Parts {
    /** A camera whose picture is shown in [into]; null where this build has none. */
    fun camera(context: Context, into: ViewGroup, frames: Frames): LiveCamera?

    /** Whether this build can run networks. */
    val runsModels: Boolean

    /**
     * The detector in [file] of a bundle, loaded.
     *
     * @throws org.pocketshelf.core.BundleError it cannot be.
     * @throws org.pocketshelf.core.RuntimeUnavailable this build has nothing that runs it.
     */
    fun detector(context: Context, file: File, spec: DetectorSpec): ModelRunner

    /** The embedder in [file] of a bundle, loaded; throws as [detector]. */
    fun embedder(context: Context, file: File, spec: EmbedderSpec): ModelRunner

    /** Graphs for large categories; null where this build has none and everything is scanned. */
    val graphs: GraphLibrary?
}

/** Who takes a camera's frames; called in the camera's own thread, but for [failed]. */
interface Frames {
    /** Whether the frame that is here now is wanted; a frame that is not is never copied. */
    fun wanted(): Boolean

    /** The upright frame; only after [wanted] said yes. The next frame waits until this returns. */
    fun seen(pixels: Pixels)

    /** In the main thread: there is no camera, or no longer. */
    fun failed(why: String)
}

/** A camera; in the main thread. */
interface LiveCamera {
    /** Its screen is seen. */
    fun start()

    /** Its screen is left. */
    fun stop()

    /** Never to be used again. */
    fun close()
}
