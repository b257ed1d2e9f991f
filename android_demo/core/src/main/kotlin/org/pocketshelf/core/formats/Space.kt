package org.pocketshelf.core.formats

import org.pocketshelf.core.SpaceMismatch

/**
 * The embedding space: what vectors must share to be compared, whichever bundle made them.
 *
 * @property name the space's id.
 * @property preprocessing hash of the embedder's preprocessing.
 * @property dimension numbers a vector; 0 where that is not said, as in a manifest.
 * @property bundle name of the bundle that embedded them; not compared.
 */
data class Space(val name: String, val preprocessing: String, val dimension: Int = 0, val bundle: String = "") {
    /** Whether vectors of the two can be compared, by what is said of both. */
    fun comparable(other: Space): Boolean =
        name == other.name && preprocessing == other.preprocessing && !differ(dimension, other.dimension)

    /**
     * Refuse to mix vectors that cannot be compared. Another bundle of the same space is welcome.
     *
     * @param us begins what the message says of this space, such as "the shelf is"; [them] that of [there].
     * @throws SpaceMismatch another space, dimension or preprocessing.
     */
    fun requireSame(there: Space, us: String, them: String, remedy: String) {
        if (name != there.name || differ(dimension, there.dimension)) {
            throw SpaceMismatch("$us of space ${named()}, $them of space ${there.named()}; $remedy")
        }
        if (preprocessing != there.preprocessing) {
            throw SpaceMismatch("$us of preprocessing $preprocessing, $them of ${there.preprocessing}; $remedy")
        }
    }

    private fun named() = if (dimension > 0) "'$name' ($dimension-d)" else "'$name'"

    private fun differ(here: Int, there: Int) = here != 0 && there != 0 && here != there
}
