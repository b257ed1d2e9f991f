package org.pocketshelf.core

import org.pocketshelf.core.closely.Deciding
import org.pocketshelf.core.closely.Sighting
import org.pocketshelf.core.formats.GroupHead
import org.pocketshelf.core.recall.Asker
import org.pocketshelf.core.recall.Found
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
import org.pocketshelf.core.types.Detection
import org.pocketshelf.core.types.FallbackState
import org.pocketshelf.core.types.Hit
import org.pocketshelf.core.types.Region

/**
 * One region's answer.
 *
 * @property asked what came of the fallback.
 * @property seen what a close look found in it.
 * @property atMost its confidence is no higher; null: whatever it is.
 */
data class Answer(
    val region: EncodedRegion,
    val hits: List<Hit>,
    val signals: Signals,
    val recall: Double?,
    val wish: Wish,
    val asked: FallbackState = FallbackState.LOCAL,
    val seen: List<Sighting> = emptyList(),
    val atMost: Double? = null,
) {
    /** Whether the first hit's picture lies in the photo. */
    val isConfirmed: Boolean get() = hits.firstOrNull()?.inliers != null

    /** Whether it is confirmed by so many inliers that no variant of it is taken for it. */
    val isSure: Boolean get() = (hits.firstOrNull()?.inliers ?: 0) >= Deciding.SURE_INLIERS

    /** The region's box; the print's own, and certain, where one is confirmed. */
    val seenAs: Detection
        get() {
            if (!isConfirmed) return region.detection
            val first = seen.first { it.productId == hits[0].productId }
            return Detection(Deciding.outline(first), region.detection.group, 1.0)
        }
}

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
        if (wish.where.isNotEmpty() && wish.isOpen && hits.size < wish.depth) {
            // The likely categories hold too few of what is wanted.
            hits = localHits(shelf, region, shelf.counts.keys.toList(), wish)
        }
        val signals = shelf.signals(region, hits)
        return Answer(region, hits, signals, estimator?.estimate(signals), wish)
    }

    /** The answer after a close look at the photo, of which [sightings] came. */
    fun looked(shelf: Shelf, answer: Answer, sightings: List<Sighting>): Answer {
        val seen = Deciding.ofRegion(sightings, answer.region.detection.box)
        if (seen.isEmpty()) return answer
        val looked = answer.copy(seen = seen, hits = lifted(shelf, answer, answer.hits, seen))
        if (looked.isConfirmed && !looked.isSure) {
            // Seen, but with few inliers: what stands first now is judged like any other.
            return looked.copy(signals = shelf.signals(looked.region, looked.hits))
        }
        return if (looked.isSure) looked.copy(recall = maxOf(Deciding.SURE, looked.recall ?: 0.0)) else looked
    }

    /** [hits], those that were [seen] in the region first. */
    private fun lifted(shelf: Shelf, answer: Answer, hits: List<Hit>, seen: List<Sighting>): List<Hit> {
        val wish = answer.wish
        return Deciding.lifted(hits, seen, wish.depth) { id ->
            shelf.known(id, answer.region.embedding.vector)?.takeIf {
                (wish.categories.isEmpty() || it.category in wish.categories) && fits(it.attributes, wish.where)
            }
        }
    }

    /** Whether the first hit is trusted as it is; never where the bundle carries no calibration. */
    fun isConfident(answer: Answer): Boolean = judged(answer)?.isConfident == true

    /** Whether it is confident, or confirmed by so much of a print that it is sure. */
    fun isTrusted(answer: Answer): Boolean = answer.isSure || isConfident(answer)

    /** Whether the shelf has nothing like it, as far as the bundle tells. */
    fun isAbsent(answer: Answer): Boolean = judged(answer)?.isAbsent == true

    /**
     * The answer, no surer of its first hit than the surest of [others], given to the same question: of several tries the
     * best is found, and what is known of one says nothing of it.
     */
    fun limited(answer: Answer, others: List<Answer>): Answer {
        val recall = (others + answer).map { it.recall }
        return answer.copy(
            atMost = others.mapNotNull { judged(it)?.confidence }.maxOrNull(),
            recall = if (null in recall) null else recall.filterNotNull().min(),
        )
    }

    /**
     * The answer with the server's hits, where it is to be asked and there is time left.
     *
     * @param ask true: in any case; false: never; null: when the local answer does not suffice.
     * @param seconds what is left of the search's time.
     */
    fun escalated(shelf: Shelf, answer: Answer, ask: Boolean?, seconds: Double): Answer {
        if (!asker.hasWhom || !(ask ?: (!answer.isSure && !suffices(answer.recall)))) {
            asker.passBy()
            return answer
        }
        val wish = answer.wish
        val question = Question(
            answer.region.embedding.vector, shelf.products.meta.space, wish.categories, wish.k, recall = answer.recall,
        )
        val asked = asker.ask(seconds, question)
        if (asked.hits.isEmpty()) return answer.copy(asked = asked.state)
        var found = placed(shelf, answer.region, asked.hits.filter { fits(it.attributes, wish.where) })
        colours(shelf, answer.region)?.let { found = fallen(found, it, among = answer.hits) }
        val hits = lifted(shelf, answer, merged(answer.hits, found, wish.depth), answer.seen)
        val told = (asked.hits as? Found)?.catalogue
        return answer.copy(asked = asked.state, hits = hits, signals = shelf.signals(answer.region, hits, told))
    }

    /** The typed result, with the confidence in its first hit, wherever that is from. */
    fun region(answer: Answer): Region {
        val region = answer.region.toRegion().copy(hits = answer.hits.take(answer.wish.k))
        val judged = judged(answer)
        if (answer.isSure) {
            val surely = maxOf(Deciding.SURE, judged?.confidence ?: 0.0)
            return region.copy(confidence = surely, confident = true, absent = false)
        }
        return if (judged == null) region else with(judged) {
            region.copy(confidence = confidence, confident = isConfident, absent = isAbsent)
        }
    }

    /** What is thought of an answer's first hit. */
    private class Judged(val confidence: Double, val isConfident: Boolean, val isAbsent: Boolean?)

    /** The confidence in an answer's first hit, and whether it suffices; null without a calibration. */
    private fun judged(answer: Answer): Judged? {
        val model = confidence ?: return null
        val found = answer.signals.scores.isNotEmpty()
        val own = if (found) model.estimate(answer.signals) else 0.0
        val p = minOf(own, answer.atMost ?: 1.0)
        // By its own look: that another way of looking found nothing does not make this one's hits absent.
        return Judged(p, found && model.suffices(p), model.saysAbsent(own))
    }

    private fun suffices(recall: Double?): Boolean = estimator != null && recall != null && estimator.suffices(recall)

    private fun categories(shelf: Shelf, region: EncodedRegion, wish: Wish): List<String> {
        if (!wish.isOpen) return wish.categories
        if (wish.everything) return shelf.counts.keys.toList()
        val likely = region.embedding.categories
        return filled(router.route(likely, shelf.counts.keys), likely, shelf.counts, wish.depth)
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
        val depth = maxOf(if (isReranked) RERANK_DEPTH * wish.depth else wish.depth, least)
        var hits = placed(shelf, region, shelf.nearest(region.embedding.vector, categories, depth, wish.where))
        if (colours != null) {
            // The detector's group and the categories say which kind of thing it is; no colour against them.
            val kinds = if (grouped) hits.map { shelf.shelves(named, head).owners(it.category) } else emptyList()
            hits = byColour(hits, colours, kinds)
        }
        return (if (attributes.isNotEmpty()) reranker.rerank(attributes, hits) else hits).take(wish.depth)
    }

    /** Those of the region, where products state theirs. */
    private fun colours(shelf: Shelf, region: EncodedRegion): List<FloatArray>? =
        if (shelf.hasPalettes) region.colours.ifEmpty { null } else null

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
