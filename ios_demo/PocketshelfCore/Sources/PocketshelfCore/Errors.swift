import Foundation

/// The one error that this module throws on purpose.
///
/// Its message is one line that says what is wrong and, where there is one, the remedy. Errors of other
/// libraries are wrapped at the border. The kinds are those of the Python SDK (`pocketshelf.errors`).
public struct PocketshelfError: Error, Equatable, CustomStringConvertible {
    /// What failed.
    public enum Kind: String, Sendable {
        /// A photo cannot be read, or is too large to decode safely.
        case photo
        /// A model bundle is missing, malformed, of an unknown version, or fails its hashes.
        case bundle
        /// What runs a model file is not there.
        case runtimeUnavailable
        /// A store is missing, damaged, locked, or cannot be written.
        case store
        /// Vectors of another embedding space or preprocessing. It is a kind of `store`.
        case spaceMismatch
        /// The server could not be reached, or answered with an error.
        case server
        /// The server is away for now: later may help. It is a kind of `server`.
        case unreachable
        /// A sync was refused or could not be completed; the store is as before.
        case sync
        /// The call asks for what does not exist.
        case usage
    }

    public let kind: Kind
    public let message: String
    /// Which rule a sync was refused by, where one was.
    public let refusal: Refusal?
    /// Seconds for which a server that is away asks to be left alone; nil if it did not say.
    public let retryAfter: Double?

    public init(_ kind: Kind, _ message: String, _ refusal: Refusal? = nil, retryAfter: Double? = nil) {
        self.kind = kind
        self.message = withoutPasswords(message)
        self.refusal = refusal
        self.retryAfter = retryAfter
    }

    public var description: String { message }

    /// Whether this is a `store` error, a mismatch of spaces included.
    public var isStore: Bool { kind == .store || kind == .spaceMismatch }
    /// Whether this is a `server` error, an unreachable server included.
    public var isServer: Bool { kind == .server || kind == .unreachable }

    public static func photo(_ message: String) -> Self { Self(.photo, message) }
    public static func bundle(_ message: String) -> Self { Self(.bundle, message) }
    public static func runtimeUnavailable(_ message: String) -> Self { Self(.runtimeUnavailable, message) }
    public static func store(_ message: String, _ refusal: Refusal? = nil) -> Self {
        Self(.store, message, refusal)
    }
    public static func spaceMismatch(_ message: String, _ refusal: Refusal? = nil) -> Self {
        Self(.spaceMismatch, message, refusal)
    }
    public static func server(_ message: String, _ refusal: Refusal? = nil) -> Self {
        Self(.server, message, refusal)
    }
    public static func unreachable(_ message: String, retryAfter: Double? = nil) -> Self {
        Self(.unreachable, message, retryAfter: retryAfter)
    }
    public static func sync(_ message: String, _ refusal: Refusal? = nil) -> Self {
        Self(.sync, message, refusal)
    }
    public static func usage(_ message: String) -> Self { Self(.usage, message) }
}

/// What a foreign error, or a reason from outside, says: on one line, cut to `limit` characters.
public func oneLine(_ cause: Any, limit: Int = 160) -> String {
    let words = String(describing: cause).split(whereSeparator: \.isWhitespace)
    return String(words.joined(separator: " ").prefix(limit))
}

/// `text` with the passwords of all addresses in it as `***`. It may hold what a server says: word by word, so that the
/// time grows with its length alone, and without recursion.
public func withoutPasswords(_ text: String) -> String {
    guard text.contains("@") else { return text }
    func ends(_ word: Character) -> Bool { word.isWhitespace || word == "'" || word == "\"" }
    var shown = "", rest = text[...]
    while !rest.isEmpty {
        let word = rest.prefix { !ends($0) }
        let between = rest[word.endIndex...].prefix(while: ends)
        shown += withoutUserinfo(word) + between
        rest = rest[between.endIndex...]
    }
    return shown
}

/// Up to the last @ of a word all may be the password.
private func withoutUserinfo(_ word: Substring) -> String {
    guard let at = word.lastIndex(of: "@"), let scheme = word[..<at].range(of: "://") else { return String(word) }
    let user = word[scheme.upperBound..<at].prefix { $0 != ":" && $0 != "/" && $0 != "@" }
    let hidden = user.endIndex < at && word[user.endIndex] == ":" ? "\(user):***" : "***"
    return String(word[..<scheme.upperBound]) + hidden + String(word[at...])
}
