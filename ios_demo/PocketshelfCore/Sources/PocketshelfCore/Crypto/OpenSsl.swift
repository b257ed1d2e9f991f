#if !canImport(CryptoKit)
import Foundation

/// ECDSA over P-256 where there is no CryptoKit, by OpenSSL's libcrypto: for the tests on Linux.
///
/// It is looked for when a key first asks for it, and nothing is linked: without it such keys never verify.
/// Functions: https://docs.openssl.org/3.0/man3/EVP_DigestVerifyInit/
final class OpenSsl {
    static let shared = OpenSsl()

    private typealias Handle = OpaquePointer
    private typealias ReadKey = @convention(c) (
        UnsafeMutableRawPointer?, UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int
    ) -> Handle?
    private typealias Make = @convention(c) () -> Handle?
    private typealias Free = @convention(c) (Handle?) -> Void
    private typealias Begin = @convention(c) (
        Handle?, UnsafeMutableRawPointer?, Handle?, UnsafeMutableRawPointer?, Handle?
    ) -> Int32
    private typealias Verify = @convention(c) (
        Handle?, UnsafePointer<UInt8>, Int, UnsafePointer<UInt8>, Int
    ) -> Int32

    private struct Functions {
        let readKey: ReadKey
        let freeKey: Free
        let makeContext: Make
        let freeContext: Free
        let sha256: Make
        let begin: Begin
        let verify: Verify
    }

    private let functions: Functions?

    private init() {
        let library = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL)
        func find<T>(_ name: String, _ type: T.Type) -> T? {
            dlsym(library, name).map { unsafeBitCast($0, to: type) }
        }
        if library != nil, let readKey = find("d2i_PUBKEY", ReadKey.self),
            let freeKey = find("EVP_PKEY_free", Free.self), let make = find("EVP_MD_CTX_new", Make.self),
            let free = find("EVP_MD_CTX_free", Free.self), let sha256 = find("EVP_sha256", Make.self),
            let begin = find("EVP_DigestVerifyInit", Begin.self),
            let verify = find("EVP_DigestVerify", Verify.self)
        {
            functions = Functions(
                readKey: readKey, freeKey: freeKey, makeContext: make, freeContext: free, sha256: sha256,
                begin: begin, verify: verify)
        } else {
            functions = nil
        }
    }

    /// What the SubjectPublicKeyInfo of a point on P-256 begins with (RFC 5480).
    private static let prefix: [UInt8] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86,
        0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    ]

    /// Whether `signature` (DER) is one of SHA-256 of `message` by the key `pem`; false for any other key.
    func verifiesP256(_ signature: [UInt8], of message: [UInt8], pem: String) -> Bool {
        guard let functions, let der = Self.der(pem), der.count == 91, der.starts(with: Self.prefix) else {
            return false
        }
        let key = der.withUnsafeBufferPointer { bytes -> Handle? in
            var at = bytes.baseAddress
            return functions.readKey(nil, &at, bytes.count)
        }
        let context = functions.makeContext()
        defer {
            functions.freeContext(context)
            functions.freeKey(key)
        }
        guard key != nil, functions.begin(context, nil, functions.sha256(), nil, key) == 1 else { return false }
        return functions.verify(context, signature, signature.count, message, message.count) == 1
    }

    private static func der(_ pem: String) -> [UInt8]? {
        let lines = pem.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        guard lines.first == "-----BEGIN PUBLIC KEY-----", lines.last == "-----END PUBLIC KEY-----" else {
            return nil
        }
        return Data(base64Encoded: lines.dropFirst().dropLast().joined()).map { Array($0) }
    }
}
#endif
