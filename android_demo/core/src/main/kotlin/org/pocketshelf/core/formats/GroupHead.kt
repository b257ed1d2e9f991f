package org.pocketshelf.core.formats

import java.util.Base64
import kotlin.math.exp

/**
 * What a vector looks like to be of, by a detector's groups: a linear head in the bundle's space, as
 * `sdk/pocketshelf/formats/group_head.py` describes it.
 *
 * @property names the groups that it tells apart; of another it says nothing.
 * @property weights G · D numbers, a row a group.
 * @property bias G numbers.
 */
class GroupHead(val names: List<String>, val weights: FloatArray, val bias: FloatArray) {
    /**
     * Which groups the products of one category are of: by the mean of their probabilities.
     *
     * @param vectors n · D signed bytes, n above 0: some products' pictures.
     */
    fun groups(vectors: ByteArray): Set<String> {
        val dimension = weights.size / names.size
        val sums = FloatArray(names.size)
        for (start in vectors.indices step dimension) {
            val row = normalised(FloatArray(dimension) { vectors[start + it].toFloat() })
            probabilities(row).forEachIndexed { group, p -> sums[group] += p }
        }
        val least = SHARE * sums.max()
        return names.indices.filter { sums[it] >= least }.mapTo(HashSet()) { names[it] }
    }

    /** How likely [group], one of [names], is of a product's picture, D signed bytes, beside the likeliest: 1 for that. */
    fun look(vector: ByteArray, group: String): Double =
        powers(normalised(FloatArray(vector.size) { vector[it].toFloat() }))[names.indexOf(group)].toDouble()

    private fun probabilities(vector: FloatArray): FloatArray {
        val powers = powers(vector)
        val total = powers.sum()
        return FloatArray(powers.size) { powers[it] / total }
    }

    private fun powers(vector: FloatArray): FloatArray {
        val logits = FloatArray(names.size) { group ->
            var sum = 0f
            for (i in vector.indices) sum += vector[i] * weights[group * vector.size + i]
            sum + bias[group]
        }
        val top = logits.max()
        return FloatArray(logits.size) { exp(logits[it] - top) }
    }

    companion object {
        // A group is among a category's from this share of its likeliest group's probability on.
        private const val SHARE = 0.5f

        /**
         * The head that [part] of a bundle describes.
         *
         * @param known the detector's groups.
         * @throws org.pocketshelf.core.BundleError it is not the format, or of other groups than [known].
         */
        fun parse(part: Fields, dimension: Int, known: List<String>): GroupHead {
            val names = part.texts("names")
            names.firstOrNull { it !in known }?.let {
                throw part.problem("names", "names '$it', which is none of the detector's groups")
            }
            val scales = part.numbers("scales")
            val bias = part.numbers("bias")
            val rounded = bytes(part.text("weights")) ?: throw part.problem("weights", "is no base64")
            val wanted = names.size.toLong() * dimension
            if (scales.size != names.size || bias.size != names.size || rounded.size.toLong() != wanted) {
                throw part.problem("weights", "is not $dimension numbers, a scale and a bias for each name")
            }
            val weights = FloatArray(rounded.size) { rounded[it] * scales[it / dimension].toFloat() }
            return GroupHead(names, weights, FloatArray(bias.size) { bias[it].toFloat() })
        }

        // Java's decoder does without the padding, Python's and Swift's do not.
        private fun bytes(text: String): ByteArray? = try {
            if (text.length % 4 == 0) Base64.getDecoder().decode(text) else null
        } catch (_: IllegalArgumentException) {
            null
        }
    }
}
