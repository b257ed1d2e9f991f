package org.pocketshelf.core.recall

import org.pocketshelf.core.types.Named

/**
 * What one local search tells about itself.
 *
 * @property scores cosines of the local hits, best first, each product once.
 * @property hitCategories the categories of the same hits.
 * @property categories the model's, likeliest first; need not be all of them.
 * @property coverage category → share of the catalogue's products in it that the shelf holds. A category that is not
 *   named has none; null: the shelf is the whole catalogue.
 * @property held the categories that the shelf has products of; null: those of the hits.
 * @property detected the detector's score of the region; 1 where the frame was asked for.
 * @property query D numbers, where known; [hit] those of the best hit.
 * @property shelf the shelf's own distances.
 * @property common share of the shelf's products that are of the best hit's category.
 * @property told of the full catalogue, in the place of [shelf]; [toldHit] of the best hit there.
 */
class Signals(
    val scores: List<Double>,
    val hitCategories: List<String> = emptyList(),
    val categories: List<Named> = emptyList(),
    val coverage: Map<String, Double>? = null,
    val held: Set<String>? = null,
    val detected: Double = 1.0,
    val query: FloatArray? = null,
    val hit: FloatArray? = null,
    val shelf: Neighbourhood? = null,
    val common: Double = 0.0,
    val told: CatalogueSpread? = null,
    val toldHit: Spread? = null,
) {
    /** Of a product's cosine to the nearest other product; null where that is not known. */
    val nearest: Spread? get() = told?.nearest ?: shelf?.nearest

    /** Of the query's cosines to the shelf at large. */
    val queryBackground: Spread by lazy {
        told?.ofQuery ?: if (shelf == null || query == null) Spread.UNKNOWN else shelf.background(query)
    }

    /** The same of the best hit; the query's where the hit's vector is not at hand, as of a server's. */
    val hitBackground: Spread by lazy {
        toldHit ?: if (told != null || shelf == null || hit == null) queryBackground else shelf.background(hit)
    }

    /** The share of [category] that the shelf holds. */
    fun covered(category: String): Double = if (coverage == null) 1.0 else coverage[category] ?: 0.0

    /** The model's probability of [category]; 0 where it does not know it. */
    fun probability(category: String): Double = categories.lastOrNull { it.name == category }?.probability ?: 0.0
}
