package org.pocketshelf.core.formats

import java.nio.ByteBuffer
import java.nio.charset.CharacterCodingException
import java.nio.charset.CodingErrorAction

/**
 * JSON from outside, read by strict rules: what it gives can be stored, signed and sent on.
 *
 * Objects come as [Map] in their order, lists as [List], numbers as [Long] or [Double], and texts, booleans and
 * null as themselves. RFC 8259, sections 6, 8.2 and 9, leaves limits to each reader: 63 bits and a sign, finite
 * numbers, whole Unicode, [MAX_DEPTH] lists and objects within each other.
 */
object StrictJson {
    const val MAX_DEPTH = 64

    /**
     * The document in [data] (UTF-8).
     *
     * @param depth how deep lists and objects may lie in each other.
     * @throws IllegalArgumentException it is no JSON, or beyond the limits; one line says what is wrong.
     */
    fun parse(data: ByteArray, depth: Int = MAX_DEPTH): Any? = parse(decode(data), depth)

    /** The same of a text. */
    fun parse(text: String, depth: Int = MAX_DEPTH): Any? = JsonParser(text, depth).document()

    /** [document] as JSON: compact, keys as they come or [sorted] by code point, nothing escaped that need not be. */
    fun write(document: Any?, sorted: Boolean = false): String =
        StringBuilder().also { JsonWriter(it, sorted).write(document) }.toString()

    /**
     * [data] as text.
     *
     * @throws IllegalArgumentException it is no UTF-8.
     */
    fun decode(data: ByteArray): String = try {
        Charsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT).decode(ByteBuffer.wrap(data)).toString()
    } catch (error: CharacterCodingException) {
        throw IllegalArgumentException("it is no UTF-8", error)
    }

    /** Whether every surrogate in [text] has its other half. */
    fun isUnicode(text: String): Boolean {
        var i = 0
        while (i < text.length) {
            val letter = text[i]
            if (letter.isSurrogate()) {
                if (!letter.isHighSurrogate() || i + 1 == text.length || !text[i + 1].isLowSurrogate()) return false
                i++
            }
            i++
        }
        return true
    }
}

/** Compares texts by code point, as Python and UTF-8's bytes order them; UTF-16's own order differs. */
object ByCodePoint : Comparator<String> {
    override fun compare(a: String, b: String): Int {
        val end = minOf(a.length, b.length)
        for (i in 0 until end) {
            val x = a[i]
            val y = b[i]
            if (x != y) {
                if (x.isSurrogate() != y.isSurrogate()) return if (x.isSurrogate()) 1 else -1
                return x.compareTo(y)
            }
        }
        return a.length - b.length
    }
}
