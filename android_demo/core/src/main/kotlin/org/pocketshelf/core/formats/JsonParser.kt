package org.pocketshelf.core.formats

/** A recursive-descent reader of one JSON text; see [StrictJson]. */
internal class JsonParser(private val text: String, private val depth: Int) {
    private var at = 0

    fun document(): Any? {
        blanks()
        val value = value(depth)
        blanks()
        require(at == text.length) { "more than one JSON value, at character $at" }
        return value
    }

    private fun value(left: Int): Any? {
        require(at < text.length) { "the JSON text ends too early" }
        return when (val letter = text[at]) {
            '{' -> obj(left)
            '[' -> list(left)
            '"' -> string()
            't' -> word("true", true)
            'f' -> word("false", false)
            'n' -> word("null", null)
            else -> {
                require(letter == '-' || letter in '0'..'9') { "no JSON value at character $at" }
                number()
            }
        }
    }

    private fun obj(left: Int): Map<String, Any?> {
        require(left > 0) { "nested too deeply (deeper than $depth)" }
        val found = LinkedHashMap<String, Any?>()
        at++
        blanks()
        if (take('}')) return found
        do {
            blanks()
            require(at < text.length && text[at] == '"') { "no name at character $at" }
            val name = string()
            blanks()
            require(take(':')) { "no ':' at character $at" }
            blanks()
            found[name] = value(left - 1)
            blanks()
        } while (take(','))
        require(take('}')) { "no ',' or '}' at character $at" }
        return found
    }

    private fun list(left: Int): List<Any?> {
        require(left > 0) { "nested too deeply (deeper than $depth)" }
        val found = ArrayList<Any?>()
        at++
        blanks()
        if (take(']')) return found
        do {
            blanks()
            found.add(value(left - 1))
            blanks()
        } while (take(','))
        require(take(']')) { "no ',' or ']' at character $at" }
        return found
    }

    private fun string(): String {
        val start = ++at
        while (at < text.length && text[at] != '"' && text[at] != '\\' && text[at] >= ' ') at++
        if (at < text.length && text[at] == '"') return whole(text.substring(start, at++))
        val gathered = StringBuilder(text.substring(start, at))
        while (true) {
            require(at < text.length) { "a text does not end" }
            val letter = text[at++]
            require(letter >= ' ') { "a control character in a text, at character ${at - 1}" }
            if (letter == '"') return whole(gathered.toString())
            gathered.append(if (letter == '\\') escape() else letter)
        }
    }

    private fun escape(): Char {
        require(at < text.length) { "a text does not end" }
        return when (val letter = text[at++]) {
            '"', '\\', '/' -> letter
            'b' -> '\b'
            'f' -> '\u000c'
            'n' -> '\n'
            'r' -> '\r'
            't' -> '\t'
            'u' -> unit()
            else -> throw IllegalArgumentException("an unknown escape at character ${at - 1}")
        }
    }

    private fun unit(): Char {
        require(at + 4 <= text.length) { "a text does not end" }
        var code = 0
        repeat(4) {
            val digit = Character.digit(text[at], 16)
            require(digit >= 0 && text[at] < '\u0080') { "no hexadecimal digit at character $at" }
            code = code * 16 + digit
            at++
        }
        return code.toChar()
    }

    private fun whole(found: String): String {
        require(StrictJson.isUnicode(found)) { "a text is no Unicode (a lone surrogate)" }
        return found
    }

    private fun number(): Any {
        val start = at
        take('-')
        require(at < text.length && text[at] in '0'..'9') { "no JSON number at character $start" }
        if (!take('0')) digits()
        val isWhole = !(at < text.length && text[at] in ".eE")
        if (take('.')) digits()
        if (at < text.length && text[at] in "eE") {
            at++
            if (!take('+')) take('-')
            digits()
        }
        val found = text.substring(start, at)
        return if (isWhole) integer(found) else real(found)
    }

    private fun integer(found: String): Long {
        val value = found.toLongOrNull()
        // Both ends alike: -2^63 has no positive twin.
        require(value != null && value != Long.MIN_VALUE) { "the number ${found.take(12)}… has more than 63 bits" }
        return value
    }

    private fun real(found: String): Double {
        val value = found.toDouble()
        require(!value.isInfinite()) { "the number ${found.take(12)} is too large" }
        return value
    }

    private fun digits() {
        val start = at
        while (at < text.length && text[at] in '0'..'9') at++
        require(at > start) { "no digit at character $at" }
    }

    private fun word(name: String, value: Any?): Any? {
        require(text.startsWith(name, at)) { "no JSON value at character $at" }
        at += name.length
        return value
    }

    private fun take(letter: Char): Boolean {
        if (at >= text.length || text[at] != letter) return false
        at++
        return true
    }

    private fun blanks() {
        while (at < text.length && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t')) at++
    }
}

/** Writes JSON compactly; see [StrictJson.write]. */
internal class JsonWriter(private val out: StringBuilder, private val sorted: Boolean) {
    fun write(value: Any?) {
        when (value) {
            null -> out.append("null")
            is String -> string(value)
            is Boolean, is Int, is Long -> out.append(value.toString())
            is Double, is Float -> number((value as Number).toDouble(), value.toString())
            is Map<*, *> -> obj(value)
            is List<*> -> list(value)
            else -> throw IllegalArgumentException("${value.javaClass.simpleName} is nothing that JSON has")
        }
    }

    private fun number(value: Double, text: String) {
        require(!value.isNaN() && !value.isInfinite()) { "a number is not finite" }
        out.append(text)
    }

    private fun obj(value: Map<*, *>) {
        val names = value.keys.map { it as String }
        out.append('{')
        (if (sorted) names.sortedWith(ByCodePoint) else names).forEachIndexed { i, name ->
            if (i > 0) out.append(',')
            string(name)
            out.append(':')
            write(value[name])
        }
        out.append('}')
    }

    private fun list(value: List<*>) {
        out.append('[')
        value.forEachIndexed { i, part ->
            if (i > 0) out.append(',')
            write(part)
        }
        out.append(']')
    }

    private fun string(value: String) {
        out.append('"')
        for (letter in value) {
            when {
                letter == '"' || letter == '\\' -> out.append('\\').append(letter)
                letter == '\n' -> out.append("\\n")
                letter < ' ' || letter == '\u007f' || letter.isUnseen() -> out.append("\\u%04x".format(letter.code))
                else -> out.append(letter)
            }
        }
        out.append('"')
    }

    /** What ends a line for some readers, and halves of pairs, is escaped; whole pairs stay. */
    private fun Char.isUnseen() = this == '\u2028' || this == '\u2029' || this in '\u0080'..'\u009f'
}
