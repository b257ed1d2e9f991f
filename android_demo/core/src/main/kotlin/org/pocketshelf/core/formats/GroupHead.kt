package org.pocketshelf.core.formats

/**
 * What a vector looks like to be of, by a detector's groups: a [linear] head in the bundle's space, as
 * `sdk/pocketshelf/formats/group_head.py` describes it.
 */
class GroupHead(val linear: LinearHead) {
    /** The groups that it tells apart; of another it says nothing. */
    val names: List<String> get() = linear.names

    /**
     * Which groups the products of one category are of: by the mean of their probabilities.
     *
     * @param vectors n · D signed bytes, n above 0: some products' pictures.
     */
    fun groups(vectors: ByteArray): Set<String> {
        val dimension = linear.dimension
        val sums = FloatArray(names.size)
        for (start in vectors.indices step dimension) {
            val row = FloatArray(dimension) { vectors[start + it].toFloat() }
            linear.probabilities(row).forEachIndexed { group, p -> sums[group] += p }
        }
        val least = SHARE * sums.max()
        return names.indices.filter { sums[it] >= least }.mapTo(HashSet()) { names[it] }
    }

    /** How likely [group], one of [names], is of a product's picture, D signed bytes, beside the likeliest: 1 for that. */
    fun look(vector: ByteArray, group: String): Double =
        linear.looks(FloatArray(vector.size) { vector[it].toFloat() })[names.indexOf(group)].toDouble()

    companion object {
        // A group is among a category's from this share of its likeliest group's probability on.
        private const val SHARE = 0.5f

        /**
         * The head that [part] of a bundle describes.
         *
         * @param known the detector's groups.
         * @throws org.pocketshelf.core.BundleError it is no [LinearHead], or of other groups than [known].
         */
        fun parse(part: Fields, dimension: Int, known: List<String>): GroupHead {
            part.texts("names").firstOrNull { it !in known }?.let {
                throw part.problem("names", "names '$it', which is none of the detector's groups")
            }
            return GroupHead(LinearHead.parse(part, dimension))
        }
    }
}
