import Foundation

#if canImport(CryptoKit)
import CryptoKit
#else
import CSodium
#endif

/// A public key as metadata names it.
public struct PublicKey: Equatable, Sendable {
    /// Such as "ed25519".
    public let type: String
    /// Such as "ed25519".
    public let scheme: String
    /// Hexadecimal digits, or PEM.
    public let value: String

    public init(type: String, scheme: String, value: String) {
        self.type = type
        self.scheme = scheme
        self.value = value
    }
}

/// Checks signatures.
public protocol Verifier {
    /// Whether `signature` is one of `message` by `key`; false also for keys of a kind that is not known.
    func verifies(_ signature: [UInt8], of message: [UInt8], by key: PublicKey) -> Bool
}

/// The platform's own verifier of Ed25519 (RFC 8032), which this shop signs with, and of ECDSA over P-256.
///
/// CryptoKit on Apple's systems. On Linux, where the tests run, libsodium, which has no ECDSA: that is asked of
/// OpenSSL where it is installed. RSA keys never verify.
public struct PlatformVerifier: Verifier {
    public init() {}

    public func verifies(_ signature: [UInt8], of message: [UInt8], by key: PublicKey) -> Bool {
        switch (key.type, key.scheme) {
        case ("ed25519", "ed25519"): return ed25519(signature, message, key)
        case ("ecdsa", "ecdsa-sha2-nistp256"), ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"):
            return p256(signature, message, key)
        default: return false
        }
    }

    private func ed25519(_ signature: [UInt8], _ message: [UInt8], _ key: PublicKey) -> Bool {
        guard signature.count == 64, let raw = bytes(hexadecimal: key.value), raw.count == 32 else {
            return false
        }
        #if canImport(CryptoKit)
        let parsed = try? Curve25519.Signing.PublicKey(rawRepresentation: raw)
        return parsed?.isValidSignature(Data(signature), for: Data(message)) ?? false
        #else
        return crypto_sign_verify_detached(signature, message, UInt64(message.count), raw) == 0
        #endif
    }

    private func p256(_ signature: [UInt8], _ message: [UInt8], _ key: PublicKey) -> Bool {
        #if canImport(CryptoKit)
        guard let parsed = try? P256.Signing.PublicKey(pemRepresentation: key.value),
            let read = try? P256.Signing.ECDSASignature(derRepresentation: Data(signature))
        else { return false }
        return parsed.isValidSignature(read, for: Data(message))
        #else
        return OpenSsl.shared.verifiesP256(signature, of: message, pem: key.value)
        #endif
    }
}
