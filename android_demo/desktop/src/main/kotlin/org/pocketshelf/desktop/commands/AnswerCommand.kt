package org.pocketshelf.desktop.commands

import java.awt.image.BufferedImage
import java.io.File
import java.io.IOException
import javax.imageio.ImageIO
import org.pocketshelf.core.Encoder
import org.pocketshelf.core.PhotoError
import org.pocketshelf.core.Retriever
import org.pocketshelf.core.Shelf
import org.pocketshelf.core.UsageError
import org.pocketshelf.core.formats.Bundle
import org.pocketshelf.core.formats.StrictJson
import org.pocketshelf.core.oneLine
import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.core.stages.preprocess.Pixels
import org.pocketshelf.core.store.Store
import org.pocketshelf.desktop.Arguments
import org.pocketshelf.desktop.JdbcDatabases
import org.pocketshelf.desktop.runtime.LiteRtRunner
import org.pocketshelf.desktop.search.FastestScanners

/**
 * `answer --store S --bundle B --litert LIBRARY [--k 10] [--whole] [--[no-]any-way-up] [--no-closely] PHOTO…`: a search's
 * line for each photo, the models run by LiteRT. Photos are PNG or JPEG as Java reads them, every pixel, not turned: a phone's
 * decoder is its own.
 */
object AnswerCommand {
    private val FLAGS = setOf("whole", "any-way-up", "no-any-way-up", "no-closely")

    /** [arguments] without the command's name. */
    fun run(arguments: List<String>): Int {
        val options = Arguments(arguments, setOf("store", "bundle", "litert", "k"), FLAGS)
        val k = (options.optional("k") ?: "10").toIntOrNull()?.takeIf { it in 1..1000 }
            ?: throw UsageError("--k must be a number from 1 to 1000")
        val anyWayUp = options.choice("any-way-up")
        if (options.rest.isEmpty()) throw UsageError("no photo is named")
        val bundle = Bundle.load(File(options.required("bundle")))
        val library = File(options.required("litert"))
        runner(library, bundle.embedderFile).use { embedder ->
            val detector = bundle.detectorFile?.let { runner(library, it) }
            Store.open(File(options.required("store")), JdbcDatabases()).use { store ->
                val shelf = Shelf.of(store, scanners = FastestScanners, closely = !options.has("no-closely"))
                val retriever = Retriever(shelf, Encoder.of(bundle, embedder, detector))
                for (photo in options.rest) {
                    val result = retriever.search(
                        read(File(photo)), k, whole = options.has("whole"), name = photo,
                        anyWayUp = anyWayUp,
                    )
                    println(StrictJson.write(result.toJson()))
                }
            }
            detector?.close()
        }
        return 0
    }

    private fun runner(library: File, model: File): LiteRtRunner = try {
        LiteRtRunner(library, model)
    } catch (error: IllegalArgumentException) {
        throw UsageError("$library: cannot be opened (${oneLine(error)})", error)
    } catch (error: LinkageError) {
        throw UsageError("$library: is no LiteRT (${oneLine(error)})", error)
    }

    private fun read(file: File): Photo {
        val image = try {
            ImageIO.read(file)
        } catch (error: IOException) {
            throw PhotoError("$file: cannot be read (${oneLine(error)})", error)
        } ?: throw PhotoError("$file: is no picture that Java reads")
        return Photo(Pixels(rgb(image), image.width, image.height))
    }

    private fun rgb(image: BufferedImage): ByteArray {
        val bytes = ByteArray(3 * image.width * image.height)
        val line = IntArray(image.width)
        var place = 0
        for (y in 0 until image.height) {
            image.getRGB(0, y, image.width, 1, line, 0, image.width)
            for (pixel in line) {
                bytes[place++] = (pixel shr 16).toByte()
                bytes[place++] = (pixel shr 8).toByte()
                bytes[place++] = pixel.toByte()
            }
        }
        return bytes
    }
}
