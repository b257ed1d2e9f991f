package org.pocketshelf.core.types

import java.math.BigDecimal
import java.math.RoundingMode

/** What came of asking the server; its JSON is `false`, `true` and `"unavailable"`. */
enum class FallbackState {
    /** Answered by the shelf alone. */
    LOCAL,

    /** The server's hits are merged in. */
    ASKED,

    /** It was asked in vain. */
    UNAVAILABLE;

    /** As `contract/schemas/answer.schema.json` has it. */
    fun toJson(): Any = when (this) {
        LOCAL -> false
        ASKED -> true
        UNAVAILABLE -> "unavailable"
    }
}

/** Where a hit is from. */
enum class Source(val word: String) { LOCAL("local"), SERVER("server") }

/**
 * One product that answers a region; each product once, by its best picture.
 *
 * @property score cosine between the query's and the product's vector, after re-ranking.
 * @property image the product's picture as its catalogue names it.
 * @property attributes the catalogue's further columns.
 * @property inliers how many points of its picture a close look found in the photo; null where none confirmed it.
 */
data class Hit(
    val productId: String,
    val score: Double,
    val title: String,
    val category: String,
    val source: Source = Source.LOCAL,
    val image: String? = null,
    val attributes: Map<String, Any?> = emptyMap(),
    val inliers: Int? = null,
) {
    /** The hit as the answer's schema has it; [full] with image and attributes. */
    fun toJson(full: Boolean = false): Map<String, Any?> {
        val line = linkedMapOf<String, Any?>(
            "product_id" to productId,
            "score" to rounded(score, 5),
            "title" to title,
            "category" to category,
            "source" to source.word,
        )
        if (inliers != null) line["inliers"] = inliers
        if (full) line += linkedMapOf("image" to image, "attributes" to attributes)
        return line
    }
}

/** A name and its probability in [0, 1]. */
data class Named(val name: String, val probability: Double) {
    internal fun toJson(): List<Any> = listOf(name, rounded(probability, 4))
}

/**
 * One group of results: a box, what is in it, and the products that match it.
 *
 * @property categories likeliest first.
 * @property attributes name → likeliest label.
 * @property hits best first; null where nothing was searched.
 * @property vector of length 1, D numbers; null where nothing was embedded.
 * @property confidence probability that the first hit is the right product; null without a calibration.
 * @property confident whether that is enough to trust it. Null as above.
 * @property absent whether it is so little that there is nothing like this here; null as above, and where the bundle's
 *     calibration does not tell. Neither confident nor absent: one of the hits may be it.
 */
data class Region(
    val box: Box,
    val group: String,
    val score: Double,
    val categories: List<Named> = emptyList(),
    val attributes: Map<String, Named> = emptyMap(),
    val hits: List<Hit>? = null,
    val vector: FloatArray? = null,
    val confidence: Double? = null,
    val confident: Boolean? = null,
    val absent: Boolean? = null,
) {
    /** Whether to say "nothing like this here"; a bundle that has one threshold says so below it. */
    val isNothing: Boolean get() = hits.isNullOrEmpty() || (absent ?: (confident == false))

    /** The region as the answer's schema has it. */
    fun toJson(full: Boolean = false): Map<String, Any?> {
        val line = linkedMapOf<String, Any?>(
            "box" to listOf(box.x, box.y, box.width, box.height).map { rounded(it, 1) },
            "group" to group,
            "score" to rounded(score, 4),
            "categories" to categories.map(Named::toJson),
            "attributes" to attributes.mapValues { it.value.toJson() },
        )
        if (hits != null) {
            line["confidence"] = confidence?.let { rounded(it, 4) }
            line["confident"] = confident
            line["absent"] = absent
            line["hits"] = hits.map { it.toJson(full) }
        }
        return line
    }

    // Arrays have no equality of their own; a vector follows from the rest.
    override fun equals(other: Any?): Boolean = other is Region && box == other.box && group == other.group &&
        score == other.score && categories == other.categories && attributes == other.attributes &&
        hits == other.hits && confidence == other.confidence && confident == other.confident &&
        absent == other.absent

    override fun hashCode(): Int = 31 * box.hashCode() + group.hashCode()
}

/** Wall time of each stage in milliseconds. */
data class Timings(
    var decode: Double = 0.0,
    var detect: Double = 0.0,
    var embed: Double = 0.0,
    var search: Double = 0.0,
    var total: Double = 0.0,
) {
    /** Rounded to a hundredth of a millisecond. */
    fun toJson(): Map<String, Double> = linkedMapOf(
        "decode" to rounded(decode, 2), "detect" to rounded(detect, 2), "embed" to rounded(embed, 2),
        "search" to rounded(search, 2), "total" to rounded(total, 2),
    )
}

/** Which state of which store answered. */
data class StoreInfo(val sequence: Long, val space: String, val bundle: String) {
    /** The line's "store" object. */
    fun toJson(): Map<String, Any> = linkedMapOf("sequence" to sequence, "space" to space, "bundle" to bundle)
}

/**
 * The answer to one photo.
 *
 * @property width of the upright photo, in its own pixels.
 * @property height as [width].
 * @property regions most prominent first.
 * @property localRecall estimated probability that the wanted product, if it is in the full catalogue, is among
 *   the local hits; null when the bundle carries no calibration for it.
 */
data class SearchResult(
    val photo: String,
    val width: Int,
    val height: Int,
    val regions: List<Region>,
    val ms: Timings,
    val store: StoreInfo? = null,
    val localRecall: Double? = null,
    val fallback: FallbackState = FallbackState.LOCAL,
) {
    /** The answer of `contract/schemas/answer.schema.json`, without "quality", which this core does not judge. */
    fun toJson(full: Boolean = false): Map<String, Any?> = linkedMapOf(
        "photo" to photo,
        "width" to width,
        "height" to height,
        "local_recall" to localRecall?.let { rounded(it, 4) },
        "fallback" to fallback.toJson(),
        "store" to store?.toJson(),
        "ms" to ms.toJson(),
        "regions" to regions.map { it.toJson(full) },
    )
}

/** [value] to [digits] decimals, halves to the even one, by its exact binary value: as Python's `round`. */
fun rounded(value: Double, digits: Int): Double =
    if (value.isNaN() || value.isInfinite()) value else BigDecimal(value).setScale(digits, RoundingMode.HALF_EVEN).toDouble()
