package org.pocketshelf.core.formats

import java.util.Base64
import kotlin.math.exp

/**
 * A linear classifier of vectors in a bundle's space, as `sdk/pocketshelf/formats/linear_head.py` describes it.
 *
 * @property names the classes that it tells apart; of another it says nothing.
 * @property weights N · D numbers, a row a class.
 * @property bias N numbers.
 */
class LinearHead(val names: List<String>, val weights: FloatArray, val bias: FloatArray) {
    /** D, the numbers of a vector. */
    val dimension: Int get() = weights.size / names.size

    /** How likely each class is of a vector of any length, beside the likeliest one: 1 for that, above 0 for others. */
    fun looks(vector: FloatArray): FloatArray {
        val row = normalised(vector)
        val logits = FloatArray(names.size) { name ->
            var sum = 0f
            for (i in row.indices) sum += row[i] * weights[name * row.size + i]
            sum + bias[name]
        }
        val top = logits.max()
        return FloatArray(logits.size) { exp(logits[it] - top) }
    }

    /** The softmax of the logits of a vector of any length. */
    fun probabilities(vector: FloatArray): FloatArray {
        val looks = looks(vector)
        val total = looks.sum()
        return FloatArray(looks.size) { looks[it] / total }
    }

    companion object {
        // Of a scale and a bias: more than any head needs. Beyond what a float holds there would be no classes at all.
        private const val LARGEST = 1e6

        /**
         * The head that [part] of a bundle describes.
         *
         * @throws org.pocketshelf.core.BundleError it is not the format.
         */
        fun parse(part: Fields, dimension: Int): LinearHead {
            val names = part.texts("names")
            val scales = part.numbers("scales", -LARGEST, LARGEST)
            val bias = part.numbers("bias", -LARGEST, LARGEST)
            val rounded = bytes(part.text("weights")) ?: throw part.problem("weights", "is no base64")
            val wanted = names.size.toLong() * dimension
            if (scales.size != names.size || bias.size != names.size || rounded.size.toLong() != wanted) {
                throw part.problem("weights", "is not $dimension numbers, a scale and a bias for each name")
            }
            val weights = FloatArray(rounded.size) { rounded[it] * scales[it / dimension].toFloat() }
            return LinearHead(names, weights, FloatArray(bias.size) { bias[it].toFloat() })
        }

        // Java's decoder does without the padding, Python's and Swift's do not.
        private fun bytes(text: String): ByteArray? = try {
            if (text.length % 4 == 0) Base64.getDecoder().decode(text) else null
        } catch (_: IllegalArgumentException) {
            null
        }
    }
}
