/// Why metadata of The Update Framework was refused.
public struct TufError: Error, CustomStringConvertible {
    public enum Kind: Sendable {
        /// The server has no such file, or answered with another status: `status` says which.
        case http
        /// Longer than allowed: endless data.
        case tooLong
        case expired
        /// Too few signatures by keys that count.
        case unsigned
        /// An older version than was seen (rollback), or another than is signed (mixed).
        case badVersion
        /// The version that is trusted already: no fault.
        case equalVersion
        case lengthOrHash
        /// Of no shape that the specification knows.
        case invalid
    }

    public let kind: Kind
    public let message: String
    /// Of kind `http`.
    public let status: Int

    public init(_ kind: Kind, _ message: String, status: Int = 0) {
        self.kind = kind
        self.message = message
        self.status = status
    }

    public var description: String { message }

    static func invalid(_ message: String) -> Self { Self(.invalid, message) }
}
