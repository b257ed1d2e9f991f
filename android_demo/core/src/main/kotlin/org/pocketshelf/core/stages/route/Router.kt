package org.pocketshelf.core.stages.route

import org.pocketshelf.core.UsageError
import org.pocketshelf.core.formats.ByCodePoint
import org.pocketshelf.core.text.caseFolded

/** The stage that chooses the categories to search. */
interface Router {
    /** Those of the [available] categories to search, likeliest first. */
    fun route(probabilities: Map<String, Double>, available: Collection<String>): List<String>
}

/**
 * The default [Router]: the likeliest categories until they hold enough of the probability.
 *
 * The mass is measured among the categories that store and model share. Categories of the store that the model does
 * not know are always searched: nothing speaks against them. Where the model is unsure, because it puts most of its
 * probability on categories that the store lacks, or none stands out, everything is searched.
 *
 * @property mass share of the probability to cover.
 * @property atLeast bound on the number of known categories searched; [atMost] likewise.
 * @property sure share of all probability that the shared categories must have, and the likeliest of them of theirs.
 */
data class MassRouter(
    val mass: Double = 0.9,
    val atLeast: Int = 3,
    val atMost: Int = 8,
    val sure: Double = 0.3,
) : Router {
    override fun route(probabilities: Map<String, Double>, available: Collection<String>): List<String> {
        val known = likeliestFirst(available.filter { it in probabilities }, probabilities)
        val strangers = available.filter { it !in probabilities }
        val total = known.sumOf { probabilities.getValue(it) }
        if (known.isEmpty() || total < sure || probabilities.getValue(known[0]) < sure * total) {
            return known + strangers
        }
        val chosen = ArrayList<String>()
        var covered = 0.0
        for (name in known.take(atMost)) {
            if (chosen.size >= atLeast && covered >= mass * total) break
            chosen += name
            covered += probabilities.getValue(name)
        }
        return chosen + strangers
    }
}

/**
 * The routed categories, and the next likely ones until they hold [wanted] products together: who asks for ten hits
 * gets ten, also where the likely categories are small.
 *
 * @param counts category → number of its products.
 */
fun filled(
    routed: List<String>,
    probabilities: Map<String, Double>,
    counts: Map<String, Int>,
    wanted: Int,
): List<String> {
    val chosen = ArrayList(routed)
    var held = routed.sumOf { counts[it] ?: 0 }
    for (name in likeliestFirst(counts.keys.filter { it !in routed }, probabilities)) {
        if (held >= wanted) break
        chosen += name
        held += counts.getValue(name)
    }
    return chosen
}

private fun likeliestFirst(names: List<String>, probabilities: Map<String, Double>): List<String> =
    names.sortedWith { a, b ->
        val order = (probabilities[b] ?: 0.0).compareTo(probabilities[a] ?: 0.0)
        if (order != 0) order else ByCodePoint.compare(a, b)
    }

/**
 * What was asked for by name.
 *
 * @property categories none where the search is to choose.
 * @property everything it was "all".
 */
data class Asked(val categories: List<String>, val everything: Boolean)

/**
 * The categories that were [asked] for; "auto" and "all" are none.
 *
 * @throws UsageError there is none of a name, or a name stands beside "auto" or "all".
 */
fun namedCategories(asked: List<String>, available: Collection<String>): Asked {
    if (asked.size > 1 && ("auto" in asked || "all" in asked)) {
        throw UsageError("the categories 'auto' and 'all' stand alone; leave out the others, or these")
    }
    if (asked.isEmpty() || asked[0] == "auto" || asked[0] == "all") return Asked(emptyList(), asked == listOf("all"))
    return Asked(asked.map { namedCategory(it, available) }.distinct(), false)
}

/**
 * The category that [name] means: exactly, else whatever its letters' case.
 *
 * @throws UsageError there is none, or several; the message lists those there are.
 */
fun namedCategory(name: String, available: Collection<String>): String {
    if (name in available) return name
    val alike = available.filter { caseFolded(it) == caseFolded(name) }
    if (alike.size == 1) return alike[0]
    val known = available.joinToString().ifEmpty { "none" }
    throw UsageError("unknown category '$name'; this store has $known (or 'auto', 'all')")
}
