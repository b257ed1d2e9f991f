package org.pocketshelf.core.sync

import org.pocketshelf.core.Reason
import org.pocketshelf.core.SyncError
import org.pocketshelf.core.formats.Fields
import org.pocketshelf.core.formats.StrictJson

/**
 * What metadata of The Update Framework may say at all, looked at before the workflow reads it.
 *
 * A signature proves who said something, not that it makes sense; and a thief signs as well as the shop does. So every
 * number, length, name and list has a bound here, whoever signed it, and one line says which was passed.
 */
object MetadataRules {
    /** Bytes of a metadata file, whatever the file that points to it says. */
    const val LONGEST = 5_000_000L

    /** What a number of JSON holds exactly in every language. */
    const val MAX_VERSION = (1L shl 53) - 1
    private const val LAST_DAY = "2200-01-01T00:00:00Z"
    private const val MOST_KEYS = 32
    private val HASH_DIGITS = mapOf("sha256" to 64, "sha512" to 128)

    /**
     * Check a metadata file.
     *
     * @param where begins what an error says.
     * @throws SyncError something in it is out of bounds.
     */
    fun check(data: ByteArray, where: String) {
        val document = try {
            StrictJson.parse(data)
        } catch (error: IllegalArgumentException) {
            throw refused("$where: it cannot be read as JSON (${error.message})")
        }
        val signed = Fields(document, where, ::refused).child("signed")
        val kind = signed.text("_type")
        number(signed, "version", 1, MAX_VERSION)
        // A signature that holds for longer is no promise any more; as text, since the format fixes its order.
        if (signed.text("expires") > LAST_DAY) throw signed.problem("expires", "must be before 2200")
        when (kind) {
            "root" -> root(signed)
            "timestamp", "snapshot" -> meta(signed)
            "targets" -> targets(signed)
            else -> throw signed.problem("_type", "must be one of root, timestamp, snapshot, targets")
        }
    }

    private fun root(signed: Fields) {
        val keys = signed.child("keys")
        val values = keys.names.map { keys.child(it).child("keyval").text("public") }
        if (values.toSet().size != values.size) throw signed.problem("keys", "has a key under two ids")
        val roles = signed.child("roles")
        for (name in roles.names) {
            val role = roles.child(name)
            val ids = role.texts("keyids")
            if (ids.size > MOST_KEYS) throw role.problem("keyids", "must be at most $MOST_KEYS")
            if (ids.any { !keys.has(it) }) throw role.problem("keyids", "names a key that is not there")
            number(role, "threshold", 1, ids.size.toLong())
        }
    }

    private fun meta(signed: Fields) {
        val meta = signed.child("meta")
        for (name in meta.names) {
            val entry = meta.child(name)
            number(entry, "version", 1, MAX_VERSION)
            if (entry.has("length")) number(entry, "length", 1, LONGEST)
            if (entry.has("hashes")) hashes(entry.child("hashes"))
        }
    }

    private fun targets(signed: Fields) {
        if (signed.has("delegations")) {
            throw signed.problem("delegations", "must not be there: this shop's files have one signer")
        }
        val targets = signed.child("targets")
        for (name in targets.names) {
            val entry = targets.child(name)
            number(entry, "length", 1, MAX_VERSION)
            hashes(entry.child("hashes"))
        }
    }

    private fun number(part: Fields, key: String, low: Long, high: Long) {
        if (part.integer(key) !in low..high) throw part.problem(key, "must lie in [$low, $high]")
    }

    /** A file is named by its hash: anything but digits could name another place. */
    private fun hashes(part: Fields) {
        for (name in part.names) {
            val length = HASH_DIGITS[name] ?: throw part.problem(name, "must be one of ${HASH_DIGITS.keys.joinToString()}")
            val digits = part.text(name)
            if (digits.length != length || !digits.all { it in '0'..'9' || it in 'a'..'f' }) {
                throw part.problem(name, "must be $length hexadecimal digits")
            }
        }
    }

    private fun refused(message: String) = SyncError(message, reason = Reason.METADATA)
}
