package org.pocketshelf.demo.results

import org.pocketshelf.core.EncodedRegion
import org.pocketshelf.core.types.FallbackState
import org.pocketshelf.core.types.Hit
import org.pocketshelf.core.types.Region

/**
 * What was found for one box: what the screens after the camera show. In memory alone, and gone with the app.
 *
 * @property encoded embeds the box, so that another category can be searched without the photo.
 * @property tookMs from the frame to the hits.
 */
class Answer(
    val region: Region,
    val encoded: EncodedRegion,
    val fallback: FallbackState,
    val tookMs: Double,
) {
    /** Best first. */
    val hits: List<Hit> get() = region.hits.orEmpty()

    /** There is nothing like this here: no hit, or the model's own judgement. */
    val nothing: Boolean get() = region.isNothing
}

/**
 * The chips over the results: everything, then what the box may be, likeliest first, as far as the shelf has it, then
 * the categories of the hits.
 *
 * @param counts the shelf's categories and how many products each has.
 * @param most chips besides everything.
 */
fun chips(answer: Answer, counts: Map<String, Int>, most: Int = 6): List<String> {
    val likely = answer.region.categories.filter { it.probability >= 0.02 }.map { it.name }
    return (likely + answer.hits.map { it.category }).distinct().filter { (counts[it] ?: 0) > 0 }.take(most)
}

/** A cosine as a person reads it: percent, never above 100 nor below 0. */
fun percentAlike(score: Double): Int = Math.round(score.coerceIn(0.0, 1.0) * 100).toInt()
