package org.pocketshelf.core.trust

import org.pocketshelf.core.formats.ByCodePoint

/**
 * The form of a JSON document that is signed: OLPC's canonical JSON, http://wiki.laptop.org/go/Canonical_JSON.
 *
 * Keys sorted by code point, no blanks, no numbers with a fraction, only the quote and the backslash escaped.
 */
object CanonicalJson {
    /**
     * The bytes that are signed.
     *
     * @throws MetadataError there is a number with a fraction in it.
     */
    fun encode(document: Any?): ByteArray =
        StringBuilder().also { write(document, it) }.toString().toByteArray(Charsets.UTF_8)

    private fun write(value: Any?, out: StringBuilder) {
        when (value) {
            null -> out.append("null")
            is String -> string(value, out)
            is Boolean, is Long, is Int -> out.append(value.toString())
            is List<*> -> joined(value, '[', ']', out) { write(it, out) }
            is Map<*, *> -> joined(value.keys.map { it as String }.sortedWith(ByCodePoint), '{', '}', out) {
                string(it, out)
                out.append(':')
                write(value[it], out)
            }
            else -> throw invalid("a number with a fraction is no part of canonical JSON")
        }
    }

    private fun <T> joined(parts: List<T>, first: Char, last: Char, out: StringBuilder, each: (T) -> Unit) {
        out.append(first)
        parts.forEachIndexed { i, part ->
            if (i > 0) out.append(',')
            each(part)
        }
        out.append(last)
    }

    private fun string(text: String, out: StringBuilder) {
        out.append('"')
        for (letter in text) {
            if (letter == '"' || letter == '\\') out.append('\\')
            out.append(letter)
        }
        out.append('"')
    }
}
