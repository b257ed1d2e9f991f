package org.pocketshelf.core.trust

import java.security.MessageDigest
import org.pocketshelf.core.formats.Fields

/**
 * Which keys must sign a role's metadata.
 *
 * @property threshold how many of [keyIds] at least.
 */
open class Role(val keyIds: List<String>, val threshold: Long) {
    init {
        if (keyIds.toSet().size != keyIds.size) throw invalid("a role names a key twice")
        if (threshold < 1) throw invalid("a role's threshold must be at least 1")
    }

    internal companion object {
        fun keyIdsOf(part: Fields): List<String> = strings(part, "keyids")

        fun of(part: Fields) = Role(keyIdsOf(part), part.integer("threshold"))

        fun strings(part: Fields, key: String): List<String> {
            val values = part.get(key) as? List<*> ?: throw part.problem(key, "must be a list")
            return values.map { it as? String ?: throw part.problem(key, "must be a list of texts") }
        }
    }
}

/**
 * A role that a targets role delegates some of its files to.
 *
 * @property terminating whether no later role is asked for the files that fit here.
 * @property paths patterns of target names, in the style of a shell; or null, then [hashPrefixes] are given.
 * @property hashPrefixes what the hexadecimal SHA-256 of a target's name begins with.
 */
class DelegatedRole(
    val name: String,
    keyIds: List<String>,
    threshold: Long,
    val terminating: Boolean,
    private val paths: List<String>?,
    private val hashPrefixes: List<String>?,
) : Role(keyIds, threshold) {
    /** Whether [target] may be described by this role. */
    fun covers(target: String): Boolean = when {
        hashPrefixes != null -> sha256(target).hex().let { digest -> hashPrefixes.any(digest::startsWith) }
        else -> paths.orEmpty().any { Glob.matches(target, it) }
    }

    internal companion object {
        fun of(part: Fields): DelegatedRole {
            val paths = if (part.has("paths")) strings(part, "paths") else null
            val prefixes = if (part.has("path_hash_prefixes")) strings(part, "path_hash_prefixes") else null
            if ((paths == null) == (prefixes == null)) {
                throw invalid("a delegation needs either paths or path_hash_prefixes")
            }
            val terminating = part.get("terminating") as? Boolean ?: throw part.problem("terminating", "must be true or false")
            val name = part.text("name")
            if (name in TOP_LEVEL) throw invalid("a delegated role has the name of a top-level one, $name")
            return DelegatedRole(name, keyIdsOf(part), part.integer("threshold"), terminating, paths, prefixes)
        }
    }
}

/**
 * Roles that share all files evenly among them, by the hash of their names (TAP 15).
 *
 * @property bits number of leading bits of a name's SHA-256 that choose the role, 1 to 32.
 */
class SuccinctRoles(keyIds: List<String>, threshold: Long, private val bits: Int, private val prefix: String) :
    Role(keyIds, threshold) {
    private val digits = java.lang.Long.toHexString((1L shl bits) - 1).length

    /** The role that describes [target]. */
    fun roleFor(target: String): String {
        val start = sha256(target).take(4).fold(0L) { number, byte -> (number shl 8) or (byte.toLong() and 0xff) }
        return named(start ushr (32 - bits))
    }

    /** Whether [name] is one of these roles. */
    fun has(name: String): Boolean {
        val number = name.removePrefix("$prefix-").takeIf { it.length == digits }?.toLongOrNull(16) ?: return false
        return number in 0 until (1L shl bits) && named(number) == name
    }

    private fun named(number: Long) = "$prefix-" + java.lang.Long.toHexString(number).padStart(digits, '0')

    internal companion object {
        fun of(part: Fields): SuccinctRoles {
            val bits = part.integer("bit_length")
            if (bits !in 1..32) throw part.problem("bit_length", "must lie in [1, 32]")
            return SuccinctRoles(keyIdsOf(part), part.integer("threshold"), bits.toInt(), part.text("name_prefix"))
        }
    }
}

/** Patterns in the style of a shell, as TUF's delegations have them: `*` and `?` never cross a slash. */
internal object Glob {
    fun matches(name: String, pattern: String): Boolean {
        val names = name.split('/')
        val patterns = pattern.split('/')
        return names.size == patterns.size && names.indices.all { regex(patterns[it]).matches(names[it]) }
    }

    private fun regex(pattern: String): Regex {
        val out = StringBuilder()
        var i = 0
        while (i < pattern.length) {
            val letter = pattern[i++]
            when (letter) {
                '*' -> out.append("[\\s\\S]*")
                '?' -> out.append("[\\s\\S]")
                '[' -> i = set(pattern, i, out)
                else -> out.append(Regex.escape(letter.toString()))
            }
        }
        return Regex(out.toString())
    }

    /** Add the set that begins at [start], after its bracket; where it goes on. A lone bracket is itself. */
    private fun set(pattern: String, start: Int, out: StringBuilder): Int {
        var first = start
        if (first < pattern.length && pattern[first] == '!') first++
        val end = pattern.indexOf(']', first + 1)
        if (end < 0 || first >= pattern.length) {
            out.append("\\[")
            return start
        }
        val inside = pattern.substring(first, end).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
            .replace("&&", "&\\&").replace("^", "\\^")
        out.append(if (first > start) "[^" else "[").append(inside).append(']')
        return end + 1
    }
}

internal val TOP_LEVEL = setOf("root", "timestamp", "snapshot", "targets")

internal fun sha256(text: String): ByteArray = MessageDigest.getInstance("SHA-256").digest(text.toByteArray(Charsets.UTF_8))

private const val HEX = "0123456789abcdef"

/** Hexadecimal, in small letters. */
fun ByteArray.hex(): String {
    val out = StringBuilder(size * 2)
    for (byte in this) out.append(HEX[(byte.toInt() shr 4) and 15]).append(HEX[byte.toInt() and 15])
    return out.toString()
}

/** The bytes that hexadecimal digits stand for; null where they are none. */
fun String.unhex(): ByteArray? {
    if (length % 2 != 0 || any { Character.digit(it, 16) < 0 || it > 'f' }) return null
    return ByteArray(length / 2) { ((Character.digit(this[2 * it], 16) shl 4) or Character.digit(this[2 * it + 1], 16)).toByte() }
}
