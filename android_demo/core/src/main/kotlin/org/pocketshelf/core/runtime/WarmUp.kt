package org.pocketshelf.core.runtime

import org.pocketshelf.core.BundleError
import org.pocketshelf.core.StoreError
import org.pocketshelf.core.formats.Bundle
import org.pocketshelf.core.formats.Fields
import org.pocketshelf.core.formats.Products
import org.pocketshelf.core.formats.StrictJson
import org.pocketshelf.core.formats.normalised
import org.pocketshelf.core.stages.embed.Embedder
import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.core.stages.search.Searcher

/**
 * What a bundle's embedder must say of a known picture: made where the bundle was made, and shipped with the app.
 *
 * @property photo the picture.
 * @property vector of length 1, that of the model in the Python SDK.
 * @property atLeast cosine that a right embedder reaches; int8 kernels of different processors differ a little.
 */
class GoldenVector(val photo: Photo, val vector: FloatArray, val atLeast: Double = 0.99) {
    companion object {
        /**
         * The golden vectors of `contract/golden/embeddings.json` that are of [bundle]'s embedder; none where the file
         * is of another.
         *
         * @param picture reads one of the pictures by its name.
         * @throws BundleError the document is malformed.
         */
        fun read(document: String, bundle: Bundle, picture: (String) -> Photo): List<GoldenVector> {
            val parsed = try {
                StrictJson.parse(document)
            } catch (error: IllegalArgumentException) {
                throw BundleError("the golden vectors are no JSON (${error.message})", error)
            }
            val top = Fields(parsed, "the golden vectors", ::BundleError)
            if (top.text("sha256") != bundle.embedder.file.sha256) return emptyList()
            return top.children("cases").map { GoldenVector(picture(it.text("image")), vector(it)) }
        }

        private fun vector(case: Fields): FloatArray {
            val numbers = case.get("embedding") as? List<*> ?: throw case.problem("embedding", "must be a list")
            return FloatArray(numbers.size) {
                (numbers[it] as? Number)?.toFloat() ?: throw case.problem("embedding", "must be numbers")
            }
        }
    }
}

/**
 * The first run of what is new, before it takes the place of what works: a network that is compiled for a phone's
 * neural unit may give nonsense without a word, and a shelf's first search builds its indexes.
 */
object WarmUp {
    /**
     * Embeds each golden picture.
     *
     * @return the least cosine.
     * @throws BundleError a vector is not the golden one; the bundle before stays in use.
     */
    fun check(embedder: Embedder, golden: List<GoldenVector>): Double {
        var least = 1.0
        for (case in golden) {
            val cosine = cosine(embedder.embed(case.photo).vector, case.vector)
            // Also when it is no number at all.
            if (!(cosine >= case.atLeast)) {
                throw BundleError(
                    "the new model does not reproduce its golden vector (cosine ${"%.3f".format(cosine)}, at least " +
                        "${case.atLeast} is right); the one before stays in use",
                )
            }
            least = minOf(least, cosine)
        }
        return least
    }

    /**
     * Opens the index of each category and looks for a product of it by its own vector.
     *
     * @throws StoreError it is not found, or damaged; the generation before stays in use.
     */
    fun check(products: Products, searcher: Searcher) {
        for (category in products.categories().keys) {
            val id = products.owners(category).ids.firstOrNull() ?: continue
            val bytes = products.firstVectors(listOf(id))
            val query = FloatArray(bytes.size) { bytes[it].toFloat() }
            if (query.all { it == 0f }) continue
            val best = searcher.search(normalised(query), listOf(category), 1).firstOrNull()
            if (best == null || best.score < 0.99) {
                throw StoreError("the new shelf does not find its own product '$id'; the one before stays in use")
            }
        }
    }

    private fun cosine(a: FloatArray, b: FloatArray): Double {
        if (a.size != b.size) return Double.NaN
        var dot = 0.0
        for (i in a.indices) dot += a[i].toDouble() * b[i]
        return dot
    }
}
