package org.pocketshelf.demo.shelf

import android.content.Context
import android.graphics.BitmapFactory
import org.pocketshelf.core.BundleError
import org.pocketshelf.core.Encoder
import org.pocketshelf.core.formats.Bundle
import org.pocketshelf.core.runtime.GoldenVector
import org.pocketshelf.core.runtime.ModelRunner
import org.pocketshelf.core.runtime.Placement
import org.pocketshelf.core.runtime.WarmUp
import org.pocketshelf.core.stages.embed.NetworkEmbedder
import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.demo.parts.Parts
import org.pocketshelf.demo.photos.Turn
import java.io.Closeable
import java.io.File
import java.io.IOException

/**
 * The bundle that the app brings, its networks loaded and tried.
 *
 * @property encoder detects and embeds.
 * @property embedder where the embedder runs; [detector] likewise, null without one.
 */
class Models private constructor(
    val encoder: Encoder,
    val embedder: Placement,
    val detector: Placement?,
    private val golden: List<GoldenVector>,
    private val embedderRunner: ModelRunner,
    private val runners: List<ModelRunner>,
) : Closeable {
    /** Tries the embedder once more, as before a new shelf is used; throws [BundleError]. */
    fun warmUp() {
        WarmUp.check(NetworkEmbedder(encoder.bundle.embedder, embedderRunner), golden)
    }

    override fun close() = runners.forEach(ModelRunner::close)

    companion object {
        private const val ASSETS = "bundle"
        private const val GOLDEN = "golden"

        /**
         * The bundle in the app's assets, as files: runtimes map them into memory. Copied once a version of the app.
         *
         * @throws BundleError it is not the bundle that was packed, or there is no room for it.
         */
        fun bundle(context: Context): Bundle {
            val version = context.packageManager.getPackageInfo(context.packageName, 0).lastUpdateTime
            val folder = File(context.noBackupFilesDir, "bundle-$version")
            if (folder.isDirectory) return Bundle.load(folder, checkHashes = false)
            try {
                context.noBackupFilesDir.listFiles()?.filter { it.name.startsWith("bundle-") }?.forEach { it.deleteRecursively() }
                val staged = File(context.noBackupFilesDir, "bundle-new")
                staged.mkdirs()
                for (name in context.assets.list(ASSETS).orEmpty()) {
                    context.assets.open("$ASSETS/$name").use { from -> File(staged, name).outputStream().use { from.copyTo(it) } }
                }
                Bundle.load(staged)
                if (!staged.renameTo(folder)) throw IOException("$staged cannot be renamed")
            } catch (error: IOException) {
                throw BundleError("the app's models cannot be unpacked (${error.message}); free some space", error)
            }
            return Bundle.load(folder, checkHashes = false)
        }

        /**
         * Load [bundle]'s networks and try the embedder on a known picture.
         *
         * @throws BundleError one cannot be loaded, or does not reproduce its golden vector.
         * @throws org.pocketshelf.core.RuntimeUnavailable this build has no runtime.
         */
        fun load(context: Context, parts: Parts, bundle: Bundle): Models {
            val embedder = parts.embedder(context, bundle.embedderFile, bundle.embedder)
            val detector = bundle.detector?.let { spec -> bundle.detectorFile?.let { parts.detector(context, it, spec) } }
            val models = Models(
                Encoder.of(bundle, embedder, detector), embedder.placement, detector?.placement,
                golden(context, bundle), embedder, listOfNotNull(embedder, detector),
            )
            try {
                models.warmUp()
            } catch (error: BundleError) {
                models.close()
                throw error
            }
            return models
        }

        private fun golden(context: Context, bundle: Bundle): List<GoldenVector> {
            val known = try {
                val document = context.assets.open("$GOLDEN/embeddings.json").use { it.readBytes().toString(Charsets.UTF_8) }
                GoldenVector.read(document, bundle) { picture(context, it) }
            } catch (error: IOException) {
                throw BundleError("the app's golden vectors cannot be read (${error.message})", error)
            }
            if (known.isEmpty()) throw BundleError("the app has no golden vector of its embedder: contract/golden/generate_vectors.py makes it")
            return known
        }

        private fun picture(context: Context, name: String): Photo {
            val bitmap = context.assets.open("$GOLDEN/$name").use(BitmapFactory::decodeStream)
                ?: throw IOException("$name: no picture")
            val width = bitmap.width
            val colours = IntArray(width * bitmap.height)
            bitmap.getPixels(colours, 0, width, 0, 0, width, bitmap.height)
            return Photo(Turn.byExif(width, bitmap.height, 1).pixels { x, y -> colours[y * width + x] })
        }
    }
}
