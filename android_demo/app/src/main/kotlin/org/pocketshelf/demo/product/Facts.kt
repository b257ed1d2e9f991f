package org.pocketshelf.demo.product

import org.pocketshelf.core.stages.PALETTE
import java.net.URI
import java.net.URISyntaxException

/** What a product's page tells of its attributes; they come from a shop's catalogue, so nothing of them is trusted. */
object Facts {
    private val LINKS = listOf("link", "url", "product_url", "product_link")

    /** Name and value of what a person can read: texts, numbers, yes and no, lists of these; in the catalogue's order. A palette is read by searches alone. */
    fun of(attributes: Map<String, Any?>): List<Pair<String, String>> = attributes.entries
        .filter { (name, _) -> name != PALETTE && name.lowercase() !in LINKS }
        .mapNotNull { (name, value) -> readable(value)?.let { Pair(name.replace('_', ' '), it) } }

    /** Where the product can be bought: an https address without a password in it; null where there is none. */
    fun link(attributes: Map<String, Any?>): String? = attributes.entries
        .filter { it.key.lowercase() in LINKS }
        .mapNotNull { it.value as? String }
        .firstOrNull(::isLink)

    private fun isLink(text: String): Boolean = try {
        val uri = URI(text)
        uri.scheme.equals("https", ignoreCase = true) && !uri.host.isNullOrEmpty() && uri.userInfo == null
    } catch (_: URISyntaxException) {
        false
    }

    private fun readable(value: Any?): String? = when (value) {
        is String -> value.ifBlank { null }?.take(LONGEST)
        is Boolean, is Long -> value.toString()
        is Double -> if (value == Math.rint(value) && Math.abs(value) < 1e15) value.toLong().toString() else value.toString()
        is List<*> -> value.mapNotNull(::readable).take(20).joinToString(", ").ifEmpty { null }
        else -> null
    }

    private const val LONGEST = 2_000
}
