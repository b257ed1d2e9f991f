package org.pocketshelf.core.trust

import org.pocketshelf.core.Reason
import java.security.MessageDigest
import java.time.DateTimeException
import java.time.Instant
import org.pocketshelf.core.formats.Fields

/**
 * What is signed in a metadata file.
 *
 * @property expires from this moment on it no longer counts.
 */
sealed class Signed(part: Fields) {
    val version: Long = part.integer("version", low = 1)
    val expires: Instant = moment(part.text("expires"))

    init {
        val spec = part.text("spec_version").split('.')
        if (spec.size !in 2..3 || spec[0] != "1" || !spec.all { it.isNotEmpty() && it.all(Char::isDigit) }) {
            throw part.problem("spec_version", "is not 1.x")
        }
    }

    /** Whether it counts no longer at [now]. */
    fun isExpired(now: Instant): Boolean = !now.isBefore(expires)

    private companion object {
        val MOMENT = Regex("\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}Z")

        fun moment(text: String): Instant = try {
            if (!MOMENT.matches(text)) throw invalid("'$text' is no moment in UTC")
            Instant.parse(text)
        } catch (error: DateTimeException) {
            throw invalid("'$text' is no moment in UTC", error)
        }
    }
}

/** Whoever says which keys sign another's metadata. */
interface Delegator {
    /** @throws MetadataError there is no such role. */
    fun role(name: String): Role

    /** Keys by id. */
    val keys: Map<String, Key>
}

/**
 * The root of trust.
 *
 * @property consistentSnapshot whether files are named by version or hash.
 */
class Root(part: Fields) : Signed(part), Delegator {
    override val keys = keysOf(part)
    val consistentSnapshot = part.has("consistent_snapshot") && part.get("consistent_snapshot") == true
    private val roles = part.child("roles").let { roles -> roles.names.associateWith { Role.of(roles.child(it)) } }

    init {
        if (roles.keys != TOP_LEVEL) throw part.problem("roles", "must be the four top-level ones")
    }

    override fun role(name: String): Role = roles[name] ?: throw invalid("no delegation to $name")
}

/**
 * What a pointing file says of a metadata file.
 *
 * @property length in bytes; null where it is not said.
 */
class MetaFile(part: Fields) {
    val version: Long = part.integer("version", low = 1)
    val length: Long? = if (part.has("length")) part.integer("length", low = 0) else null
    private val hashes = if (part.has("hashes")) hashesOf(part) else emptyMap()

    /** @throws MetadataError [data] is of another length or hash. */
    fun check(data: ByteArray) = checkLengthAndHashes(data, length, hashes)
}

/** Says which snapshot is the newest. */
class Timestamp(part: Fields) : Signed(part) {
    val snapshot = MetaFile(part.child("meta").child("snapshot.json"))
}

/** Says which targets files belong together. */
class Snapshot(part: Fields) : Signed(part) {
    /** By file name, such as `targets.json`. */
    val meta: Map<String, MetaFile> = part.child("meta").let { meta -> meta.names.associateWith { MetaFile(meta.child(it)) } }
}

/**
 * A file that is published.
 *
 * @property custom what the publisher signed along with it.
 */
class TargetFile(val path: String, part: Fields) {
    val length: Long = part.integer("length", low = 0)
    val hashes: Map<String, String> = hashesOf(part)
    val custom: Map<String, Any?> =
        if (part.has("custom") && part.get("custom") is Map<*, *>) part.mapping("custom") else emptyMap()

    /** Its name as the server has it: by the first of its hashes with [consistent] snapshots. */
    fun servedAs(consistent: Boolean): String {
        val slash = path.lastIndexOf('/') + 1
        return if (consistent) path.substring(0, slash) + hashes.values.first() + "." + path.substring(slash) else path
    }

    /** @throws MetadataError [data] is of another length or hash. */
    fun check(data: ByteArray) = checkLengthAndHashes(data, length, hashes)
}

/** Describes files, and delegates some of them. */
class Targets(part: Fields) : Signed(part), Delegator {
    /** By name. */
    val files: Map<String, TargetFile> =
        part.child("targets").let { targets -> targets.names.associateWith { TargetFile(it, targets.child(it)) } }
    private val delegations = if (part.has("delegations")) part.child("delegations") else null
    override val keys = delegations?.let(::keysOf).orEmpty()
    private val roles = delegations?.takeIf { it.has("roles") }?.children("roles")?.map(DelegatedRole::of)
    private val succinct = delegations?.takeIf { it.has("succinct_roles") }?.let { SuccinctRoles.of(it.child("succinct_roles")) }

    init {
        if (delegations != null && (roles == null) == (succinct == null)) {
            throw invalid("delegations need either roles or succinct_roles")
        }
        if (roles != null && roles.map { it.name }.toSet().size != roles.size) throw invalid("a role is delegated twice")
    }

    override fun role(name: String): Role =
        roles?.find { it.name == name } ?: succinct?.takeIf { it.has(name) } ?: throw invalid("no delegation to $name")

    /** (role, whether it is terminating) of those that may describe [target], the most trusted first. */
    fun rolesFor(target: String): List<Pair<String, Boolean>> =
        roles?.filter { it.covers(target) }?.map { it.name to it.terminating }
            ?: listOfNotNull(succinct?.let { it.roleFor(target) to true })
}

private fun keysOf(part: Fields): Map<String, Key> {
    val keys = part.child("keys")
    return keys.names.associateWith { id ->
        val key = keys.child(id)
        Key(id, key.text("keytype"), key.text("scheme"), key.child("keyval").text("public"))
    }
}

private fun hashesOf(part: Fields): Map<String, String> {
    val hashes = part.child("hashes")
    if (hashes.names.isEmpty()) throw part.problem("hashes", "must not be empty")
    return hashes.names.associateWith(hashes::text)
}

private val ALGORITHMS = mapOf("sha256" to "SHA-256", "sha384" to "SHA-384", "sha512" to "SHA-512", "sha224" to "SHA-224")

private fun checkLengthAndHashes(data: ByteArray, length: Long?, hashes: Map<String, String>) {
    if (length != null && data.size.toLong() != length) {
        throw MetadataError(Reason.MIXED, "${data.size} bytes instead of $length")
    }
    for ((name, digits) in hashes) {
        val algorithm = ALGORITHMS[name] ?: throw MetadataError(Reason.MIXED, "unknown hash '$name'")
        val found = MessageDigest.getInstance(algorithm).digest(data).hex()
        if (found != digits) throw MetadataError(Reason.MIXED, "$name $found instead of ${digits.take(128)}")
    }
}
