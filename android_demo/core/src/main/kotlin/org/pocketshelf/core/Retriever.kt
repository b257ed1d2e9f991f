package org.pocketshelf.core

import org.pocketshelf.core.recall.Asker
import org.pocketshelf.core.recall.Fallback
import org.pocketshelf.core.recall.RecallEstimator
import org.pocketshelf.core.recall.RecallModel
import org.pocketshelf.core.recall.overall
import org.pocketshelf.core.stages.Where
import org.pocketshelf.core.stages.Wish
import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.core.stages.rerank.AttributeReranker
import org.pocketshelf.core.stages.rerank.Reranker
import org.pocketshelf.core.stages.route.MassRouter
import org.pocketshelf.core.stages.route.Router
import org.pocketshelf.core.stages.route.namedCategories
import org.pocketshelf.core.types.FallbackState
import org.pocketshelf.core.types.Region
import org.pocketshelf.core.types.SearchResult
import org.pocketshelf.core.types.Timings

/**
 * A region's answer.
 *
 * @property encoded what was embedded: the region that was asked about, or one of a print that no box claims.
 * @property fallback what came of asking the server.
 * @property recall the estimate of the local answer; null without a calibration.
 */
class RegionAnswer(val region: Region, val encoded: EncodedRegion, val fallback: FallbackState, val recall: Double?)

/**
 * The facade: a shelf, a bundle's stages, and one [search] that runs every stage; safe to share between threads. Every
 * stage is an object behind a small interface, and can be replaced here.
 *
 * @property encoder detects and embeds; its bundle must be of the shelf's space.
 * @param fallback whom to ask when the estimate does not suffice, or there is none; nobody if null.
 * @param seconds longest time of one search by the wall clock: after it nobody is waited for, and the local hits are
 *   the answer, whatever the server does.
 * @throws SpaceMismatch the shelf is of another space or preprocessing than the bundle.
 */
class Retriever(
    shelf: Shelf,
    val encoder: Encoder,
    router: Router = MassRouter(),
    reranker: Reranker = AttributeReranker(),
    estimator: RecallEstimator? = RecallModel.parseRecall(encoder.bundle.recall),
    fallback: Fallback? = null,
    private val seconds: Double = 10.0,
) {
    private val answering = Answering(
        encoder.shelves, encoder.bundle.groupHead, router, reranker, estimator,
        RecallModel.parseConfidence(encoder.bundle.recall), Asker(fallback),
    )
    private val looking = Looking(encoder, answering)

    /** The generation that is searched. Searches that are under way end in the one they began with. */
    @Volatile
    var shelf: Shelf = accepted(shelf)
        private set

    /**
     * Take up another generation.
     *
     * @throws SpaceMismatch it belongs to other models; the one before stays in use.
     */
    fun reload(fresh: Shelf) {
        shelf = accepted(fresh)
    }

    /**
     * The products in a photo.
     *
     * @param k hits a region, 1 to 1,000.
     * @param categories "auto" routes by the model's, "all" searches everything, names only these.
     * @param whole the frame is the one region, without detection.
     * @param ask true asks the server in any case, false never, null when the local answer does not suffice.
     * @param where only products that state one of the values of each attribute.
     * @param anyWayUp whether to look at the photo turned by quarters, too, where no answer is confident: null where it looks
     *   turned to the bundle, true in any case, false never. An answer of such a look is never confident.
     * @throws UsageError the shelf has no such category.
     * @throws StoreError the store is damaged.
     * @throws IllegalArgumentException [k] is out of range.
     */
    fun search(
        photo: Photo,
        k: Int = 10,
        categories: List<String> = listOf("auto"),
        whole: Boolean = false,
        ask: Boolean? = null,
        name: String = "photo",
        where: Where = emptyMap(),
        anyWayUp: Boolean? = null,
    ): SearchResult {
        val shelf = shelf
        val wish = wish(shelf, k, categories, where)
        val ms = Timings()
        val started = System.nanoTime()
        val look = looking.look(shelf, photo, wish, whole, anyWayUp, ms)
        val searching = System.nanoTime()
        // Every local answer is there before anyone is waited for.
        val answers = look.answers.map { answering.escalated(shelf, it, ask, seconds - millisecondsSince(started) / 1000) }
        ms.search += millisecondsSince(searching)
        ms.total += millisecondsSince(started)
        return SearchResult(
            photo = name,
            width = photo.width,
            height = photo.height,
            regions = answers.map { look.asItCame(answering.region(it)) },
            ms = ms,
            store = shelf.info,
            localRecall = answers.first().recall,
            fallback = overall(answers.map { it.asked }),
        )
    }

    /**
     * The products for a region that is embedded already, as of a camera's box that was tapped: as [search], of which
     * see the arguments.
     *
     * @param photo what the region is of: it is looked at closely, too, where the shelf has prints.
     */
    fun answerRegion(
        region: EncodedRegion,
        k: Int = 10,
        categories: List<String> = listOf("auto"),
        ask: Boolean? = null,
        where: Where = emptyMap(),
        photo: Photo? = null,
    ): RegionAnswer {
        val shelf = shelf
        val local = looking.looked(shelf, photo, answering.answer(shelf, region, wish(shelf, k, categories, where)))
        return told(answering.escalated(shelf, local, ask, seconds))
    }

    /**
     * The products in a [photo], most prominent region first: as [search], of which see the arguments, but that a server is
     * asked for the first alone, and that each region can be asked about again.
     */
    fun answers(
        photo: Photo,
        k: Int = 10,
        categories: List<String> = listOf("auto"),
        whole: Boolean = false,
        ask: Boolean? = null,
        where: Where = emptyMap(),
        anyWayUp: Boolean? = null,
    ): List<RegionAnswer> {
        val shelf = shelf
        val look = looking.look(shelf, photo, wish(shelf, k, categories, where), whole, anyWayUp, Timings())
        return look.answers.mapIndexed { place, each ->
            val answer = told(answering.escalated(shelf, each, if (place > 0) false else ask, seconds))
            RegionAnswer(look.asItCame(answer.region), answer.encoded, answer.fallback, answer.recall)
        }
    }

    private fun told(answer: Answer) =
        RegionAnswer(answering.region(answer), answer.region, answer.asked, answer.recall)

    /**
     * The products for a region, of the shelf alone: another category, without the photo.
     *
     * @param photo that the region is of, if it is still there: it is looked at closely, as [search] does.
     */
    fun searchRegion(
        region: EncodedRegion,
        k: Int = 10,
        categories: List<String> = listOf("auto"),
        where: Where = emptyMap(),
        photo: Photo? = null,
    ): Region {
        val shelf = shelf
        return answering.region(looking.looked(shelf, photo, answering.answer(shelf, region, wish(shelf, k, categories, where))))
    }

    private fun wish(shelf: Shelf, k: Int, categories: List<String>, where: Where): Wish {
        require(k in 1..MAX_HITS) { "k must lie in 1 to $MAX_HITS" }
        val named = namedCategories(categories, shelf.counts.keys)
        return Wish(k, named.categories, named.everything, where)
    }

    private fun accepted(shelf: Shelf): Shelf {
        val bundle = encoder.bundle
        shelf.products.meta.vectorsOf().requireSame(
            bundle.vectorSpace, "the shelf's vectors are", "those of the bundle '${bundle.name}'",
            "sync the shelf again, or take its bundle",
        )
        return shelf
    }

    private companion object {
        const val MAX_HITS = 1000
    }
}
