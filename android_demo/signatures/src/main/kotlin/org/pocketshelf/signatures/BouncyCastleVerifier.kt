package org.pocketshelf.signatures

import java.security.GeneralSecurityException
import java.security.KeyFactory
import java.security.PublicKey
import java.security.Signature
import java.security.spec.MGF1ParameterSpec
import java.security.spec.PSSParameterSpec
import java.security.spec.X509EncodedKeySpec
import org.bouncycastle.math.ec.rfc8032.Ed25519
import org.pocketshelf.core.trust.Key
import org.pocketshelf.core.trust.Verifier
import org.pocketshelf.core.trust.unhex

/**
 * Ed25519 by BouncyCastle's lightweight API, the same on every phone and JVM; ECDSA and RSA by the platform.
 *
 * Key types and schemes are those of TUF's specification, and ECDSA over P-384 besides.
 */
class BouncyCastleVerifier : Verifier {
    override fun verify(key: Key, signature: ByteArray, data: ByteArray): Boolean = try {
        when (key.type) {
            "ed25519" -> key.scheme == "ed25519" && ed25519(key.public, signature, data)
            "ecdsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384" -> ecdsa(key, signature, data)
            "rsa" -> rsa(key, signature, data)
            else -> false
        }
    } catch (_: GeneralSecurityException) { // Not a key, or not a signature, of this kind.
        false
    } catch (_: IllegalArgumentException) {
        false
    }

    private fun ed25519(public: String, signature: ByteArray, data: ByteArray): Boolean {
        val point = public.unhex() ?: return false
        if (point.size != Ed25519.PUBLIC_KEY_SIZE || signature.size != Ed25519.SIGNATURE_SIZE) return false
        return Ed25519.verify(signature, 0, point, 0, data, 0, data.size)
    }

    private fun ecdsa(key: Key, signature: ByteArray, data: ByteArray): Boolean {
        val algorithm = ECDSA[key.scheme] ?: return false
        return verified(Signature.getInstance(algorithm), public(key.public, "EC"), signature, data)
    }

    private fun rsa(key: Key, signature: ByteArray, data: ByteArray): Boolean {
        val bits = RSA_PSS[key.scheme] ?: return false
        val checker = pss(bits)
        checker.setParameter(PSSParameterSpec("SHA-$bits", "MGF1", MGF1ParameterSpec("SHA-$bits"), bits / 8, 1))
        return verified(checker, public(key.public, "RSA"), signature, data)
    }

    /** Java and Android have different names for it. */
    private fun pss(bits: Int): Signature = try {
        Signature.getInstance("RSASSA-PSS")
    } catch (_: GeneralSecurityException) {
        Signature.getInstance("SHA${bits}withRSA/PSS")
    }

    private fun verified(checker: Signature, key: PublicKey, signature: ByteArray, data: ByteArray): Boolean {
        checker.initVerify(key)
        checker.update(data)
        return checker.verify(signature)
    }

    /** A key in PEM, RFC 7468. */
    private fun public(pem: String, algorithm: String): PublicKey {
        val body = pem.substringAfter("-----BEGIN PUBLIC KEY-----", "").substringBefore("-----END PUBLIC KEY-----", "")
        val der = java.util.Base64.getMimeDecoder().decode(body)
        return KeyFactory.getInstance(algorithm).generatePublic(X509EncodedKeySpec(der))
    }

    private companion object {
        val ECDSA = mapOf("ecdsa-sha2-nistp256" to "SHA256withECDSA", "ecdsa-sha2-nistp384" to "SHA384withECDSA")
        val RSA_PSS = mapOf("rsassa-pss-sha256" to 256, "rsassa-pss-sha384" to 384, "rsassa-pss-sha512" to 512)
    }
}
