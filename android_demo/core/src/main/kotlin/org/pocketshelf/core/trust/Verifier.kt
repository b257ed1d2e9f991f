package org.pocketshelf.core.trust

/**
 * Verifies signatures: the platform's cryptography behind one interface.
 *
 * Ed25519 comes from BouncyCastle (Android has its own from API 33 on only), ECDSA and RSA from the platform.
 */
interface Verifier {
    /**
     * Whether [signature] is that of [data] by [key]. False, too, for a key or a scheme that cannot be read.
     *
     * @param key type, scheme and public part as TUF's metadata has them.
     */
    fun verify(key: Key, signature: ByteArray, data: ByteArray): Boolean
}

/**
 * A public key of TUF's metadata.
 *
 * @property id as the metadata names it; the SHA-256 of the key by convention, which TUF does not check.
 * @property public hexadecimal for ed25519, PEM for ecdsa and rsa.
 */
data class Key(val id: String, val type: String, val scheme: String, val public: String)
