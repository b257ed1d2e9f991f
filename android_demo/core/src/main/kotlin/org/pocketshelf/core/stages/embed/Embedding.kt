package org.pocketshelf.core.stages.embed

import org.pocketshelf.core.formats.normalised
import org.pocketshelf.core.types.Named
import kotlin.math.exp

/** So many categories of a region are told. */
const val TOP_CATEGORIES = 5

/**
 * What an embedder says about a crop.
 *
 * @property vector D numbers, of length 1.
 * @property categories name → probability, all that the model knows, in the bundle's order.
 * @property attributes name → probabilities in the order of the bundle's labels.
 */
class Embedding(
    val vector: FloatArray,
    val categories: Map<String, Double>,
    val attributes: Map<String, FloatArray>,
) {
    /** The same with other category probabilities. */
    fun withCategories(categories: Map<String, Double>): Embedding = Embedding(vector, categories, attributes)
}

/** Probabilities of logits, which are divided by [temperature] first. */
fun softmax(logits: FloatArray, temperature: Double = 1.0): FloatArray {
    val scale = temperature.toFloat()
    val scaled = FloatArray(logits.size) { logits[it] / scale }
    var top = Float.NEGATIVE_INFINITY
    for (x in scaled) top = maxOf(top, x)
    val powers = DoubleArray(scaled.size) { exp((scaled[it] - top).toDouble()) }
    val sum = powers.sum()
    return FloatArray(scaled.size) { (powers[it] / sum).toFloat() }
}

/** (1 - weight) · crop + weight · frame, for the vector (normalised again) and every probability. */
fun blend(crop: Embedding, frame: Embedding, weight: Double): Embedding = Embedding(
    normalised(mixed(crop.vector, frame.vector, weight)),
    crop.categories.mapValues { (name, p) -> (1 - weight) * p + weight * frame.categories.getValue(name) },
    crop.attributes.mapValues { (name, p) -> mixed(p, frame.attributes.getValue(name), weight) },
)

private fun mixed(a: FloatArray, b: FloatArray, weight: Double): FloatArray {
    val ours = (1 - weight).toFloat()
    val theirs = weight.toFloat()
    return FloatArray(a.size) { ours * a[it] + theirs * b[it] }
}

/** The likeliest categories, likeliest first; equal ones in the order given. */
fun topCategories(probabilities: Map<String, Double>, count: Int = TOP_CATEGORIES): List<Named> =
    probabilities.entries.sortedByDescending { it.value }.take(count).map { Named(it.key, it.value) }
