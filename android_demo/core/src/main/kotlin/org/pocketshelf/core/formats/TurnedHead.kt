package org.pocketshelf.core.formats

/**
 * Whether a vector looks like that of a turned picture: a [linear] head in the bundle's space, as
 * `sdk/pocketshelf/formats/turned_head.py` describes it.
 *
 * It does not say which side is up: a picture turned to the left is one turned to the right in the mirror.
 *
 * @property linear of [NAMES].
 * @property threshold the probability from which on a class is believed.
 */
class TurnedHead(val linear: LinearHead, val threshold: Double) {
    /**
     * By how many quarters, anticlockwise, a picture should be turned to be looked at again, fewest first; none where it looks
     * upright, or nothing is believed.
     *
     * @param vector D numbers, of any length.
     */
    fun turns(vector: FloatArray): List<Int> {
        val likely = linear.probabilities(vector).map { it >= threshold.toFloat() }
        return TURNS.filterIndexed { name, _ -> likely[name] }.flatten().sorted()
    }

    companion object {
        /** Its classes, in this order. */
        val NAMES = listOf("upright", "sideways", "upside down")

        // Quarter turns that put a picture of each right.
        private val TURNS = listOf(emptyList(), listOf(1, 3), listOf(2))

        /**
         * The head that [part] of a bundle describes.
         *
         * @throws org.pocketshelf.core.BundleError it is no [LinearHead], of other classes than [NAMES], or its threshold is no
         *   probability.
         */
        fun parse(part: Fields, dimension: Int): TurnedHead {
            if (part.texts("names") != NAMES) throw part.problem("names", "is not ${NAMES.joinToString()}")
            return TurnedHead(LinearHead.parse(part, dimension), part.number("threshold", low = 0.0, high = 1.0))
        }
    }
}
