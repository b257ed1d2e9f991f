package org.pocketshelf.core.stages

import org.pocketshelf.core.text.caseFolded

/**
 * Which products are wanted, by what the catalogue states: attribute → the values of which it must have one, letters'
 * case aside. Every attribute named must fit.
 */
typealias Where = Map<String, List<String>>

/** So many hits the calibrations saw of every answer. */
private const val JUDGED = 10

/**
 * What a search asks for.
 *
 * @property k hits of a region that are shown.
 * @property categories only these; all that the search chooses to look into if empty.
 * @property everything it chooses all.
 */
data class Wish(
    val k: Int,
    val categories: List<String> = emptyList(),
    val everything: Boolean = false,
    val where: Where = emptyMap(),
) {
    /** Hits that are looked for: what stands first is judged by those behind it, however few are shown. */
    val depth: Int get() = maxOf(k, JUDGED)

    /** Whether no category was named. */
    val isOpen: Boolean get() = categories.isEmpty()
}

/** Whether a product with [attributes] is wanted; one that states nothing of what is asked is not. */
fun fits(attributes: Map<String, Any?>, where: Where): Boolean = where.all { (name, wanted) ->
    val folded = wanted.map(::caseFolded)
    stated(attributes[name]).any { it in folded }
}

/** An attribute's values as they would be typed: one, or those of a list; 42.0 is 42, and "XS, S, M" is M as well. */
private fun stated(value: Any?): List<String> = when (value) {
    null -> emptyList()
    is List<*> -> value.flatMap(::each)
    else -> each(value)
}

private fun each(value: Any?): List<String> = listOf(typed(value)) + if (value is String) listed(value) else emptyList()

/** A text of more characters lists no values. */
private const val LONGEST_LIST = 400

/** How exports write several values into one text: "XS, S, M" of a style, "Basic|Snug" of a choice. */
private val SEVERAL = Regex("\\||,[ \t\n\r]")

/** The values that a text lists, letters' case aside. */
private fun listed(text: String): List<String> {
    if (text.codePointCount(0, text.length) > LONGEST_LIST) return emptyList()
    return text.split(SEVERAL).map { caseFolded(it.trim(' ', '\t', '\n', '\r')) }.filter { it.isNotEmpty() }
}

private fun typed(value: Any?): String = when {
    value is Double && value == Math.rint(value) && Math.abs(value) < 9e15 -> value.toLong().toString()
    else -> caseFolded(value.toString())
}
