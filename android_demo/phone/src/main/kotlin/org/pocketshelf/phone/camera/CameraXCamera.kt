package org.pocketshelf.phone.camera

import android.content.Context
import android.os.Handler
import android.os.Looper
import android.view.ViewGroup
import androidx.camera.core.CameraSelector
import androidx.camera.core.ImageAnalysis
import androidx.camera.core.ImageProxy
import androidx.camera.core.Preview
import androidx.camera.core.resolutionselector.AspectRatioStrategy
import androidx.camera.core.resolutionselector.ResolutionSelector
import androidx.camera.lifecycle.ProcessCameraProvider
import androidx.camera.view.PreviewView
import androidx.lifecycle.Lifecycle
import androidx.lifecycle.LifecycleOwner
import androidx.lifecycle.LifecycleRegistry
import org.pocketshelf.core.stages.preprocess.Pixels
import java.nio.ByteBuffer
import java.util.concurrent.ExecutionException
import java.util.concurrent.Executor
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors

/**
 * The back camera by CameraX: its picture in a view, and its newest frame for whoever wants one.
 *
 * CameraX keeps only the latest frame while one is looked at (`STRATEGY_KEEP_ONLY_LATEST`), in the 640 × 480 that is
 * its default for analysis and more than any of our networks takes.
 *
 * @param wanted asked on each frame, in the camera's thread, before anything is copied: false drops it.
 * @param turned makes upright pixels of a lying frame: (width, height, degrees clockwise, colour at x and y).
 * @param seen the upright frame, in the camera's thread; the next one waits until it returns.
 * @param failed what CameraX says when there is no camera, in the main thread.
 */
class CameraXCamera(
    private val context: Context,
    private val into: ViewGroup,
    private val wanted: () -> Boolean,
    private val turned: (width: Int, height: Int, degrees: Int, colour: (Int, Int) -> Int) -> Pixels,
    private val seen: (Pixels) -> Unit,
    private val failed: (String) -> Unit,
) : LifecycleOwner {
    private val registry = LifecycleRegistry(this)
    private val main = Executor { Handler(Looper.getMainLooper()).post(it) }
    private val frames: ExecutorService = Executors.newSingleThreadExecutor()
    private var provider: ProcessCameraProvider? = null

    override val lifecycle: Lifecycle get() = registry

    init {
        registry.currentState = Lifecycle.State.CREATED // So that it may be closed without ever having been started.
    }

    /** Open the camera; in the main thread, when its screen is seen. */
    fun start() {
        registry.currentState = Lifecycle.State.STARTED
        if (provider != null) return
        val future = ProcessCameraProvider.getInstance(context)
        future.addListener({
            try {
                bind(future.get())
            } catch (error: ExecutionException) {
                failed(error.cause?.message ?: "no camera")
            } catch (error: IllegalArgumentException) { // No back camera, or closed meanwhile.
                failed(error.message ?: "no camera")
            }
        }, main)
    }

    /** Let go of the camera; in the main thread, when its screen is left. */
    fun stop() {
        registry.currentState = Lifecycle.State.CREATED
    }

    /** Never to be used again. */
    fun close() {
        registry.currentState = Lifecycle.State.DESTROYED
        provider?.unbindAll()
        frames.shutdown()
    }

    private fun bind(bound: ProcessCameraProvider) {
        val view = PreviewView(context)
        view.setScaleType(PreviewView.ScaleType.FILL_CENTER)
        // Picture and frames of one shape: both fill the view, so a box lies on what it was found on.
        val same = ResolutionSelector.Builder().setAspectRatioStrategy(AspectRatioStrategy.RATIO_4_3_FALLBACK_AUTO_STRATEGY).build()
        into.removeAllViews()
        into.addView(view, ViewGroup.LayoutParams(ViewGroup.LayoutParams.MATCH_PARENT, ViewGroup.LayoutParams.MATCH_PARENT))
        val preview = Preview.Builder().setResolutionSelector(same).build()
        preview.setSurfaceProvider(view.surfaceProvider)
        val analysis = ImageAnalysis.Builder()
            .setResolutionSelector(same)
            .setBackpressureStrategy(ImageAnalysis.STRATEGY_KEEP_ONLY_LATEST)
            .setOutputImageFormat(ImageAnalysis.OUTPUT_IMAGE_FORMAT_RGBA_8888)
            .build()
        analysis.setAnalyzer(frames) { image -> image.use { if (wanted()) seen(upright(it)) } }
        bound.unbindAll()
        bound.bindToLifecycle(this, CameraSelector.DEFAULT_BACK_CAMERA, preview, analysis)
        provider = bound
    }

    private fun upright(image: ImageProxy): Pixels {
        val plane = image.planes[0]
        return turned(image.width, image.height, image.imageInfo.rotationDegrees, rgba(plane.buffer, plane.rowStride, plane.pixelStride))
    }

    companion object {
        /** Reads red, green, blue at (x, y) of a buffer of RGBA bytes as 0xRRGGBB. */
        fun rgba(buffer: ByteBuffer, rowStride: Int, pixelStride: Int): (Int, Int) -> Int = { x, y ->
            val at = y * rowStride + x * pixelStride
            (buffer.get(at).toInt() and 0xff shl 16) or (buffer.get(at + 1).toInt() and 0xff shl 8) or (buffer.get(at + 2).toInt() and 0xff)
        }
    }
}
