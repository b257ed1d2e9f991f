package org.pocketshelf.core.formats

import org.pocketshelf.core.text.pythonNumber
import java.security.MessageDigest

/**
 * How a crop becomes a network's input. Part of a bundle; its hash is part of a store.
 *
 * @property height of the input, in pixels.
 * @property width of the input, in pixels.
 * @property margin share of the box's sides added on each side before cropping.
 * @property maxAspect a crop longer than this is widened with the photo around it, as far as the photo reaches.
 */
data class Preprocessing(
    val height: Int,
    val width: Int,
    val margin: Double = 0.0,
    val maxAspect: Double = 4.0 / 3.0,
    val filter: String = FILTER,
    val version: Long = VERSION,
) {
    /** 16 hexadecimal digits that change with anything above. */
    val hash: String
        get() {
            val text = "{\"filter\":\"$filter\",\"margin\":${pythonNumber(margin)},\"max_aspect\":${pythonNumber(maxAspect)}," +
                "\"size\":[$height,$width],\"version\":$version}"
            val digest = MessageDigest.getInstance("SHA-256").digest(text.toByteArray())
            return digest.joinToString("") { "%02x".format(it.toInt() and 0xff) }.substring(0, 16)
        }

    companion object {
        /** The only resampling filter that is defined. */
        const val FILTER = "bilinear-antialias"

        /** Changes whenever the arithmetic changes. */
        const val VERSION = 1L

        /** Reads a model's "preprocessing"; [part] throws its own error where something does not fit. */
        fun parse(part: Fields): Preprocessing {
            val size = part.integers("size", low = 1)
            if (size.size != 2) throw part.problem("size", "must be [height, width]")
            val read = Preprocessing(
                height = size[0].toInt(),
                width = size[1].toInt(),
                margin = part.number("margin", 0.0, low = 0.0),
                maxAspect = part.number("max_aspect", 4.0 / 3.0, low = 1.0),
                filter = part.text("filter"),
                version = part.integer("version"),
            )
            if (read.filter != FILTER || read.version != VERSION) {
                throw part.problem("filter", "asks for '${read.filter}' version ${read.version}; update the app")
            }
            return read
        }
    }
}
