package org.pocketshelf.core.trust

import org.pocketshelf.core.Reason
import org.pocketshelf.core.formats.Fields
import org.pocketshelf.core.formats.StrictJson

/**
 * A metadata file: what is signed, and by whom.
 *
 * Specification: https://theupdateframework.github.io/specification/latest/#file-formats
 *
 * @property payload the bytes that the signatures are of.
 * @property signatures hexadecimal, by the key's id.
 */
class Metadata<T : Signed>(val signed: T, val payload: ByteArray, val signatures: Map<String, String>) {
    /**
     * Ids of the keys that have signed it, of those that [delegator] wants for [role].
     *
     * @throws MetadataError there is no such role.
     */
    fun signedBy(delegator: Delegator, role: String, verifier: Verifier): List<String> =
        delegator.role(role).keyIds.filter { id ->
            val key = delegator.keys[id]
            val signature = signatures[id]?.unhex()
            key != null && signature != null && verifier.verify(key, signature, payload)
        }

    /**
     * Refuse it unless enough of the keys that [delegator] wants for [role] have signed it.
     *
     * @throws MetadataError too few; one key under two ids counts once.
     */
    fun verify(delegator: Delegator, role: String, verifier: Verifier) {
        val found = signedBy(delegator, role, verifier).distinctBy { delegator.keys.getValue(it).public }.size
        val threshold = delegator.role(role).threshold
        if (found < threshold) throw MetadataError(Reason.SIGNATURE, "$role was signed by $found/$threshold keys")
    }

    companion object {
        /** @throws MetadataError [data] is no root metadata. */
        fun root(data: ByteArray): Metadata<Root> = read(data, "root", ::Root)

        /** @throws MetadataError [data] is no timestamp metadata. */
        fun timestamp(data: ByteArray): Metadata<Timestamp> = read(data, "timestamp", ::Timestamp)

        /** @throws MetadataError [data] is no snapshot metadata. */
        fun snapshot(data: ByteArray): Metadata<Snapshot> = read(data, "snapshot", ::Snapshot)

        /** @throws MetadataError [data] is no targets metadata. */
        fun targets(data: ByteArray): Metadata<Targets> = read(data, "targets", ::Targets)

        private fun <T : Signed> read(data: ByteArray, type: String, make: (Fields) -> T): Metadata<T> {
            val document = try {
                StrictJson.parse(data)
            } catch (error: IllegalArgumentException) {
                throw invalid("$type: it cannot be read as JSON (${error.message})", error)
            }
            val top = Fields(document, type) { invalid(it) }
            val signed = top.child("signed")
            if (signed.text("_type") != type) throw invalid("expected '$type', got '${signed.text("_type")}'")
            return Metadata(make(signed), CanonicalJson.encode(top.mapping("signed")), signatures(top))
        }

        private fun signatures(top: Fields): Map<String, String> {
            val found = LinkedHashMap<String, String>()
            for (part in top.children("signatures")) {
                val signature = part.get("sig") as? String ?: throw part.problem("sig", "must be a text")
                if (found.put(part.text("keyid"), signature) != null) throw invalid("two signatures of one key")
            }
            return found
        }
    }
}
