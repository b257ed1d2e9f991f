// Signatures of what the core uses of CryptoKit, from its documentation:
// https://developer.apple.com/documentation/cryptokit. Bodies are never run.
import Foundation

public protocol Digest: Sequence, Sendable where Element == UInt8 {}

public protocol HashFunction {
    associatedtype Digest: CryptoKit.Digest
    init()
    mutating func update(bufferPointer: UnsafeRawBufferPointer)
    func finalize() -> Digest
}

extension HashFunction {
    public static func hash<D: DataProtocol>(data: D) -> Digest { fatalError() }
}

public struct SHA256Digest: Digest {
    public func makeIterator() -> AnyIterator<UInt8> { fatalError() }
}

public struct SHA512Digest: Digest {
    public func makeIterator() -> AnyIterator<UInt8> { fatalError() }
}

public struct SHA256: HashFunction {
    public init() {}
    public mutating func update(bufferPointer: UnsafeRawBufferPointer) {}
    public func finalize() -> SHA256Digest { fatalError() }
}

public struct SHA512: HashFunction {
    public init() {}
    public mutating func update(bufferPointer: UnsafeRawBufferPointer) {}
    public func finalize() -> SHA512Digest { fatalError() }
}

public enum Curve25519 {
    public enum Signing {
        public struct PublicKey {
            public init<D: ContiguousBytes>(rawRepresentation: D) throws {}
            public func isValidSignature<S: DataProtocol, D: DataProtocol>(_ signature: S, for data: D) -> Bool {
                fatalError()
            }
        }
    }
}

public enum P256 {
    public enum Signing {
        public struct ECDSASignature {
            public init<D: DataProtocol>(derRepresentation: D) throws {}
        }

        public struct PublicKey {
            public init(pemRepresentation: String) throws {}
            public func isValidSignature<D: DataProtocol>(_ signature: ECDSASignature, for data: D) -> Bool {
                fatalError()
            }
        }
    }
}
