package org.pocketshelf.core.trust

import java.security.KeyPairGenerator
import java.security.PrivateKey
import java.security.Signature
import java.security.spec.ECGenParameterSpec
import java.security.spec.MGF1ParameterSpec
import java.security.spec.PSSParameterSpec
import java.util.Base64
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertNull
import kotlin.test.assertTrue
import org.junit.jupiter.api.Test
import org.pocketshelf.core.Reason
import org.pocketshelf.core.formats.StrictJson
import org.pocketshelf.signatures.BouncyCastleVerifier

/** The small parts of the client workflow; the whole is held by the recorded syncs and by tuf-conformance. */
class TrustTest {
    private val verifier = BouncyCastleVerifier()

    @Test
    fun canonicalJsonEscapesOnlyQuoteAndBackslash() {
        val document = StrictJson.parse("""{"b": [1, true, null], "a": "é\n\"\\/"}""")
        assertEquals("{\"a\":\"é\n\\\"\\\\/\",\"b\":[1,true,null]}", CanonicalJson.encode(document).toString(Charsets.UTF_8))
    }

    @Test
    fun canonicalJsonHasNoFractions() {
        assertFailsWith<MetadataError> { CanonicalJson.encode(mapOf("a" to 1.5)) }
    }

    @Test
    fun ed25519OfRfc8032() {
        // RFC 8032, section 7.1, test 2.
        val key = key("ed25519", "ed25519", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
        val signature = ("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00").unhex()!!
        assertTrue(verifier.verify(key, signature, byteArrayOf(0x72)))
        assertFalse(verifier.verify(key, signature, byteArrayOf(0x73)))
        assertFalse(verifier.verify(key, signature.copyOf(63), byteArrayOf(0x72)))
        assertFalse(verifier.verify(key("ed25519", "ed25519", "3d40"), signature, byteArrayOf(0x72)))
        assertFalse(verifier.verify(key("ed25519", "another", key.public), signature, byteArrayOf(0x72)))
    }

    @Test
    fun ecdsaOverBothCurves() {
        for ((bits, curve) in listOf(256 to "secp256r1", 384 to "secp384r1")) {
            val pair = KeyPairGenerator.getInstance("EC").apply { initialize(ECGenParameterSpec(curve)) }.generateKeyPair()
            val key = key("ecdsa", "ecdsa-sha2-nistp$bits", pem(pair.public.encoded))
            assertVerifies(key, Signature.getInstance("SHA${bits}withECDSA"), pair.private)
        }
    }

    @Test
    fun rsaWithPss() {
        val pair = KeyPairGenerator.getInstance("RSA").apply { initialize(2048) }.generateKeyPair()
        val signer = Signature.getInstance("RSASSA-PSS")
        signer.setParameter(PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1))
        assertVerifies(key("rsa", "rsassa-pss-sha256", pem(pair.public.encoded)), signer, pair.private)
    }

    @Test
    fun anUnknownKeyVerifiesNothing() {
        assertFalse(verifier.verify(key("mldsa", "ml-dsa-65/1", "x"), ByteArray(64), ByteArray(1)))
        assertFalse(verifier.verify(key("ecdsa", "ecdsa-sha2-nistp256", "no PEM"), ByteArray(64), ByteArray(1)))
    }

    @Test
    fun patternsOfDelegations() {
        assertTrue(Glob.matches("a/b.txt", "a/*.txt"))
        assertTrue(Glob.matches("a/b.txt", "?/[a-c].txt"))
        assertTrue(Glob.matches("a[b", "a[b"))
        assertFalse(Glob.matches("a/b/c.txt", "a/*.txt"))
        assertFalse(Glob.matches("a/d.txt", "a/[!d].txt"))
        assertFalse(Glob.matches("axb", "a.b"))
    }

    @Test
    fun succinctRolesShareTheFiles() {
        val roles = SuccinctRoles(listOf("k"), 1, 8, "bin")
        val name = roles.roleFor("some/target")
        assertEquals("bin-" + sha256("some/target").hex().take(2), name)
        assertTrue(roles.has(name))
        assertFalse(roles.has("bin-fff"))
        assertFalse(roles.has("other-00"))
    }

    @Test
    fun aRoleOfNoKeysOrOfTwiceTheSameIsNone() {
        assertFailsWith<MetadataError> { Role(listOf("a", "a"), 1) }
        assertFailsWith<MetadataError> { Role(listOf("a"), 0) }
    }

    @Test
    fun hexadecimalBothWays() {
        assertEquals("00ff7f80", byteArrayOf(0, -1, 127, -128).hex())
        assertContentEquals(byteArrayOf(0, -1, 127, -128), "00FF7f80".unhex())
        assertNull("0g".unhex())
        assertNull("012".unhex())
    }

    @Test
    fun rolesNamesAreSafeInUrlsAndFileNames() {
        assertEquals("..%2Fa%20b%C3%A9%3F", Updater.quoted("../a bé?"))
    }

    @Test
    fun metadataOfAnotherTypeIsRefused() {
        val root = """{"signed": {"_type": "targets"}, "signatures": []}""".toByteArray()
        assertEquals(Reason.METADATA, assertFailsWith<MetadataError> { Metadata.root(root) }.reason)
    }

    @Test
    fun twoSignaturesOfOneKeyAreRefused() {
        val data = """{"signed": {"_type": "timestamp", "version": 1, "spec_version": "1.0.31",
            "expires": "2030-01-01T00:00:00Z", "meta": {"snapshot.json": {"version": 1}}},
            "signatures": [{"keyid": "a", "sig": ""}, {"keyid": "a", "sig": ""}]}"""
        assertFailsWith<MetadataError> { Metadata.timestamp(data.toByteArray()) }
        val once = data.replaceFirst(", {\"keyid\": \"a\", \"sig\": \"\"}", "").toByteArray()
        assertEquals(1L, Metadata.timestamp(once).signed.version)
    }

    private fun key(type: String, scheme: String, public: String) = Key("id", type, scheme, public)

    private fun pem(der: ByteArray): String {
        val body = Base64.getMimeEncoder(64, byteArrayOf(10)).encodeToString(der)
        return "-----BEGIN PUBLIC KEY-----\n$body\n-----END PUBLIC KEY-----\n"
    }

    private fun assertVerifies(key: Key, signer: Signature, private: PrivateKey) {
        val data = "signed".toByteArray()
        val signature = signer.run {
            initSign(private)
            update(data)
            sign()
        }
        assertTrue(verifier.verify(key, signature, data))
        assertFalse(verifier.verify(key, signature, "other".toByteArray()))
        assertFalse(verifier.verify(key, signature.copyOf(10), data))
    }
}
