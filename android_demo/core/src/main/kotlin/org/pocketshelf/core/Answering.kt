package org.pocketshelf.core

import org.pocketshelf.core.formats.GroupHead
import org.pocketshelf.core.recall.Asker
import org.pocketshelf.core.recall.Question
import org.pocketshelf.core.recall.RecallEstimator
import org.pocketshelf.core.recall.RecallModel
import org.pocketshelf.core.recall.Signals
import org.pocketshelf.core.recall.merged
import org.pocketshelf.core.stages.Shelves
import org.pocketshelf.core.stages.Wish
import org.pocketshelf.core.stages.byColour
import org.pocketshelf.core.stages.fallen
import org.pocketshelf.core.stages.fits
import org.pocketshelf.core.stages.rerank.Reranker
import org.pocketshelf.core.stages.route.MassRouter
import org.pocketshelf.core.stages.route.Router
import org.pocketshelf.core.stages.route.filled
import org.pocketshelf.core.stages.search.EXACT_LIMIT
import org.pocketshelf.core.types.FallbackState
import org.pocketshelf.core.types.Hit
import org.pocketshelf.core.types.Region

/** One region's answer; [asked] says what came of the fallback. */
class Answer(
    val region: EncodedRegion,
    val hits: List<Hit>,
    val signals: Signals,
    val recall: Double?,
    val wish: Wish,
    val asked: FallbackState = FallbackState.LOCAL,
)

/**
 * From an embedded region to its answer: routed, searched, re-ranked, judged; a server asked where due. The same for
 * every shelf and photo.
 *
 * @param named which categories belong to which of the detector's groups, by their names.
 * @param head what tells the groups of categories of other names; null where the bundle has none.
 * @param estimator of local recall; [confidence] of the first hit; null where the bundle carries no calibration.
 * @param asker asks when the local answer does not suffice.
 */
class Answering(
    private val named: Shelves,
    private val head: GroupHead?,
    private val router: Router,
    private val reranker: Reranker,
    private val estimator: RecallEstimator?,
    private val confidence: RecallModel?,
    private val asker: Asker,
) {
    /** What the shelf itself holds. */
    fun answer(shelf: Shelf, region: EncodedRegion, wish: Wish): Answer {
        var hits = routedHits(shelf, region, wish)
        if (wish.where.isNotEmpty() && wish.isOpen && hits.size < wish.k) {
            // The likely categories hold too few of what is wanted.
            hits = localHits(shelf, region, shelf.counts.keys.toList(), wish)
        }
        val signals = shelf.signals(region, hits)
        return Answer(region, hits, signals, estimator?.estimate(signals), wish)
    }

    /**
     * The answer with the server's hits, where it is to be asked and there is time left.
     *
     * @param ask true: in any case; false: never; null: when the local answer does not suffice.
     * @param seconds what is left of the search's time.
     */
    fun escalated(shelf: Shelf, answer: Answer, ask: Boolean?, seconds: Double): Answer {
        if (!asker.hasWhom || !(ask ?: !suffices(answer.recall))) {
            asker.passBy()
            return answer
        }
        val wish = answer.wish
        val question = Question(
            answer.region.embedding.vector, shelf.products.meta.space, wish.categories, wish.k, recall = answer.recall,
        )
        val asked = asker.ask(seconds, question)
        if (asked.hits.isEmpty()) {
            return Answer(answer.region, answer.hits, answer.signals, answer.recall, wish, asked.state)
        }
        var found = placed(shelf, answer.region, asked.hits.filter { fits(it.attributes, wish.where) })
        colours(shelf, answer.region)?.let { found = fallen(found, it, among = answer.hits) }
        val hits = merged(answer.hits, found, wish.k)
        return Answer(answer.region, hits, shelf.signals(answer.region, hits), answer.recall, wish, asked.state)
    }

    /** The typed result, with the confidence in its first hit, wherever that is from. */
    fun region(answer: Answer): Region {
        val region = answer.region.toRegion().copy(hits = answer.hits)
        val model = confidence ?: return region
        val found = answer.signals.scores.isNotEmpty()
        val p = if (found) model.estimate(answer.signals) else 0.0
        return region.copy(confidence = p, confident = found && model.suffices(p))
    }

    private fun suffices(recall: Double?): Boolean = estimator != null && recall != null && estimator.suffices(recall)

    private fun categories(shelf: Shelf, region: EncodedRegion, wish: Wish): List<String> {
        if (!wish.isOpen) return wish.categories
        if (wish.everything) return shelf.counts.keys.toList()
        val likely = region.embedding.categories
        return filled(router.route(likely, shelf.counts.keys), likely, shelf.counts, wish.k)
    }

    /**
     * Those of the likely categories; of all, where a much better product lies in another: a shop's names may mean something
     * else than the model's. Where the others hold too many products for a look at them, they are left out.
     */
    private fun routedHits(shelf: Shelf, region: EncodedRegion, wish: Wish): List<Hit> {
        val categories = categories(shelf, region, wish)
        val hits = localHits(shelf, region, categories, wish)
        val others = if (wish.isOpen) shelf.counts.keys.filter { it !in categories } else emptyList()
        // A router of one's own has the last word.
        if (others.isEmpty() || router !is MassRouter) return hits
        if (others.sumOf { shelf.counts.getValue(it) } > EXACT_LIMIT) return hits
        val best = localHits(shelf, region, others, wish.copy(k = 1)).firstOrNull() ?: return hits
        if (hits.isNotEmpty() && best.score <= hits[0].score + AHEAD) return hits
        return localHits(shelf, region, shelf.counts.keys.toList(), wish)
    }

    private fun localHits(shelf: Shelf, region: EncodedRegion, categories: List<String>, wish: Wish): List<Hit> {
        val attributes = region.attributeProbabilities
        val grouped = region.detection.group in named.names
        val colours = colours(shelf, region)
        // Re-ranking may lift a product from below the cut.
        val isReranked = attributes.isNotEmpty() || grouped || colours != null
        val least = if (colours == null) 0 else COLOUR_DEPTH
        val depth = maxOf(if (isReranked) RERANK_DEPTH * wish.k else wish.k, least)
        var hits = placed(shelf, region, shelf.nearest(region.embedding.vector, categories, depth, wish.where))
        if (colours != null) {
            // The detector's group and the categories say which kind of thing it is; no colour against them.
            val kinds = if (grouped) hits.map { shelf.shelves(named, head).owners(it.category) } else emptyList()
            hits = byColour(hits, colours, kinds)
        }
        return (if (attributes.isNotEmpty()) reranker.rerank(attributes, hits) else hits).take(wish.k)
    }

    /** Those of the region, where products state theirs. */
    private fun colours(shelf: Shelf, region: EncodedRegion): FloatArray? = if (shelf.hasPalettes) region.colours else null

    /** The hits, best first, those fallen that are of another group than the box: [Shelves.fall]. */
    private fun placed(shelf: Shelf, region: EncodedRegion, hits: List<Hit>): List<Hit> {
        val shelves = shelf.shelves(named, head)
        val detection = region.detection
        return hits.map { hit ->
            val look = shelf.look(hit, detection.group, head)
            hit.copy(score = hit.score - shelves.fall(detection, hit.category, look))
        }.sortedByDescending { it.score }
    }

    private companion object {
        const val RERANK_DEPTH = 3

        /** So many enter at least where colours count, that what stands first does not depend on how many are wanted. */
        const val COLOUR_DEPTH = 30

        /** Cosine by which a product of an unlikely category must be ahead of all of the likely ones. */
        const val AHEAD = 0.05
    }
}
