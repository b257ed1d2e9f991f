package org.pocketshelf.core.stages.rerank

import org.pocketshelf.core.text.caseFolded
import org.pocketshelf.core.types.Hit

/** The stage that puts found products into their final order. */
interface Reranker {
    /**
     * [hits] with their final scores, best first.
     *
     * @param attributes name → label → probability, as the model sees the query.
     */
    fun rerank(attributes: Map<String, Map<String, Double>>, hits: List<Hit>): List<Hit>
}

/**
 * The default [Reranker]: a product that states another attribute than the model sees falls.
 *
 * For each attribute that the catalogue states, the score falls by [weight] · (p1 - p), p being the model's
 * probability of the stated label and p1 that of its likeliest one. So agreement costs nothing, an undecided model
 * changes nothing, and scores stay comparable with those of products that state nothing. Values that are none of the
 * model's labels have no say.
 *
 * @property weight cosine that a certain contradiction costs.
 */
data class AttributeReranker(val weight: Double = 0.05) : Reranker {
    override fun rerank(attributes: Map<String, Map<String, Double>>, hits: List<Hit>): List<Hit> {
        val folded = attributes.mapValues { (_, labels) -> labels.mapKeys { caseFolded(it.key) } }
        return hits.map { it.copy(score = it.score - penalty(folded, it)) }.sortedByDescending { it.score }
    }

    private fun penalty(attributes: Map<String, Map<String, Double>>, hit: Hit): Double {
        var penalty = 0.0
        for ((name, labels) in attributes) {
            val stated = labels[stated(hit.attributes[name])] ?: continue
            penalty += weight * (labels.values.max() - stated)
        }
        return penalty
    }

    // A label is a text; what else a catalogue states is one only by chance.
    private fun stated(value: Any?): String = if (value == null) "" else caseFolded(value.toString().trim())
}
