import Foundation

#if canImport(CryptoKit)
import CryptoKit
#else
import CSodium
#endif

/// SHA-256, piece by piece (FIPS 180-4): CryptoKit's on Apple's systems, libsodium's elsewhere.
public struct Sha256 {
    #if canImport(CryptoKit)
    private var state = SHA256()
    #else
    private var state = crypto_hash_sha256_state()
    #endif

    public init() {
        #if !canImport(CryptoKit)
        crypto_hash_sha256_init(&state)
        #endif
    }

    public mutating func update(_ bytes: some Collection<UInt8>) {
        if bytes.withContiguousStorageIfAvailable({ update(UnsafeRawBufferPointer($0)) }) == nil {
            Array(bytes).withUnsafeBytes { update($0) }
        }
    }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        #if canImport(CryptoKit)
        state.update(bufferPointer: bytes)
        #else
        let start = bytes.bindMemory(to: UInt8.self).baseAddress
        if let start { crypto_hash_sha256_update(&state, start, UInt64(bytes.count)) }
        #endif
    }

    /// The digest as 64 lower-case digits; nothing may be added afterwards.
    public mutating func hex() -> String {
        #if canImport(CryptoKit)
        return hexadecimal(Array(state.finalize()))
        #else
        var out = [UInt8](repeating: 0, count: 32)
        crypto_hash_sha256_final(&state, &out)
        return hexadecimal(out)
        #endif
    }

    /// The digest of `bytes`.
    public static func hex(_ bytes: some Collection<UInt8>) -> String {
        var digest = Sha256()
        digest.update(bytes)
        return digest.hex()
    }
}

/// SHA-512 of `bytes`, as 128 lower-case digits.
public func sha512Hex(_ bytes: [UInt8]) -> String {
    #if canImport(CryptoKit)
    return hexadecimal(Array(SHA512.hash(data: bytes)))
    #else
    var out = [UInt8](repeating: 0, count: 64)
    crypto_hash_sha512(&out, bytes, UInt64(bytes.count))
    return hexadecimal(out)
    #endif
}

/// `bytes` as lower-case digits.
public func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var out: [UInt8] = []
    for byte in bytes {
        out.append(digits[Int(byte >> 4)])
        out.append(digits[Int(byte & 15)])
    }
    return String(decoding: out, as: UTF8.self)
}

/// The bytes that an even number of hexadecimal digits says; nil where `text` is anything else.
public func bytes(hexadecimal text: String) -> [UInt8]? {
    var out: [UInt8] = []
    var half: UInt8?
    for byte in text.utf8 {
        guard byte < 0x80, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
        if let high = half {
            out.append(high << 4 | UInt8(digit))
            half = nil
        } else {
            half = UInt8(digit)
        }
    }
    return half == nil ? out : nil
}

/// Whether `text` is `digits` lower-case hexadecimal digits.
func isHexadecimal(_ text: String, digits: Int) -> Bool {
    text.utf8.count == digits
        && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
}
