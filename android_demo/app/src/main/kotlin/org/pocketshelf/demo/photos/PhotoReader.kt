package org.pocketshelf.demo.photos

import android.content.ContentResolver
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.net.Uri
import org.pocketshelf.core.PhotoError
import org.pocketshelf.core.stages.preprocess.Photo
import java.io.ByteArrayOutputStream
import java.io.IOException

/** A photo that was chosen, read into memory and nowhere else. */
class PhotoReader(private val resolver: ContentResolver) {
    /**
     * The photo at [uri], upright, on white where it is transparent, decoded at no more than twice [WORKING_SIDE] on its
     * shorter side.
     *
     * @throws PhotoError it cannot be opened, is longer than [MAX_BYTES], has more than [MOST_DECODED] pixels, is no picture
     *   that Android can decode, or this phone has not the memory for it.
     */
    fun read(uri: Uri): Photo = try {
        decoded(uri)
    } catch (error: OutOfMemoryError) {
        throw PhotoError("photo: too large for the memory of this phone; take a smaller one", error)
    }

    private fun decoded(uri: Uri): Photo {
        val bytes = try {
            bytes(uri)
        } catch (error: IOException) {
            throw PhotoError("photo: cannot be read (${error.message})", error)
        } catch (error: SecurityException) {
            throw PhotoError("photo: the system does not let it be read", error)
        }
        val bounds = BitmapFactory.Options().apply { inJustDecodeBounds = true }
        BitmapFactory.decodeByteArray(bytes, 0, bytes.size, bounds)
        if (bounds.outWidth <= 0 || bounds.outHeight <= 0) throw PhotoError("photo: no picture that can be decoded here")
        if (bounds.outWidth.toLong() * bounds.outHeight > MOST_DECODED) {
            throw PhotoError("photo: ${bounds.outWidth} x ${bounds.outHeight} pixels are too many; take a smaller one")
        }
        val options = BitmapFactory.Options().apply {
            inSampleSize = sampleSize(bounds.outWidth, bounds.outHeight)
            inPreferredConfig = Bitmap.Config.ARGB_8888
        }
        val bitmap = BitmapFactory.decodeByteArray(bytes, 0, bytes.size, options)
            ?: throw PhotoError("photo: damaged; take another one")
        return upright(bitmap, bounds.outWidth, bounds.outHeight, Orientation.of(bytes))
    }

    private fun upright(bitmap: Bitmap, width: Int, height: Int, orientation: Int): Photo {
        val colours = IntArray(bitmap.width * bitmap.height)
        bitmap.getPixels(colours, 0, bitmap.width, 0, 0, bitmap.width, bitmap.height)
        val stride = bitmap.width
        val turn = Turn.byExif(bitmap.width, bitmap.height, orientation)
        bitmap.recycle()
        val pixels = turn.pixels { x, y -> onWhite(colours[y * stride + x]) }
        return if (orientation >= 5) Photo(pixels, height, width) else Photo(pixels, width, height)
    }

    private fun bytes(uri: Uri): ByteArray {
        val stream = resolver.openInputStream(uri) ?: throw IOException("nothing is there")
        return stream.use {
            val collected = ByteArrayOutputStream()
            val buffer = ByteArray(64 * 1024)
            while (true) {
                val count = it.read(buffer)
                if (count < 0) break
                collected.write(buffer, 0, count)
                if (collected.size() > MAX_BYTES) throw IOException("longer than ${MAX_BYTES / 1_000_000} MB")
            }
            collected.toByteArray()
        }
    }

    companion object {
        /** Networks look at no more than 448 pixels a side; decoding more only costs time. */
        const val WORKING_SIDE = 640

        /** Of a file that is read. */
        const val MAX_BYTES = 40_000_000

        /** So many pixels are kept at most, of a panorama or a long page, too. */
        const val MOST_PIXELS = 6_000_000L

        /** A photo that says to have more is not decoded at all. */
        const val MOST_DECODED = 210_000_000L

        /** A server's small picture; null where it is none that Android can decode, or no small one. */
        fun small(bytes: ByteArray): Bitmap? {
            val options = BitmapFactory.Options().apply { inJustDecodeBounds = true }
            BitmapFactory.decodeByteArray(bytes, 0, bytes.size, options)
            if (options.outWidth.toLong() * options.outHeight !in 1..MOST_PIXELS) return null
            return BitmapFactory.decodeByteArray(bytes, 0, bytes.size)
        }

        /** The power of two by which the decoder shrinks a photo of [width] by [height]. */
        fun sampleSize(width: Int, height: Int): Int {
            var size = 1
            val pixels = width.toLong() * height
            while (minOf(width, height) / (2 * size) >= WORKING_SIDE || pixels / size / size > MOST_PIXELS) size *= 2
            return size
        }

        /** A pixel 0xAARRGGBB as it looks on white paper, for which shops' cut-outs are meant: 0xRRGGBB. */
        fun onWhite(colour: Int): Int {
            val alpha = colour ushr 24
            if (alpha == 0xff) return colour and 0xffffff
            fun channel(shift: Int) = ((colour shr shift and 0xff) * alpha + 255 * (255 - alpha) + 127) / 255 shl shift
            return channel(16) or channel(8) or channel(0)
        }
    }
}
