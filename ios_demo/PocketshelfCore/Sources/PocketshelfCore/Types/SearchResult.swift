/// What came of asking a server.
public enum FallbackState: Equatable, Sendable {
    /// Answered here alone.
    case local
    /// A server's hits are merged in.
    case server
    /// It was asked in vain.
    case unavailable

    var json: Json {
        switch self {
        case .local: return .bool(false)
        case .server: return .bool(true)
        case .unavailable: return .text("unavailable")
        }
    }

    /// One word for all regions: a server's where one was answered, "unavailable" where one was asked in vain.
    static func overall(_ states: [FallbackState]) -> FallbackState {
        if states.contains(.server) { return .server }
        return states.contains(.unavailable) ? .unavailable : .local
    }
}

/// Wall time of each stage in milliseconds.
public struct Timings: Equatable, Sendable {
    public var decode = 0.0
    public var detect = 0.0
    public var embed = 0.0
    public var search = 0.0
    public var total = 0.0

    public init() {}

    var json: Json {
        let pairs = [("decode", decode), ("detect", detect), ("embed", embed), ("search", search), ("total", total)]
        return .object(JsonObject(pairs.map { ($0.0, .number(rounded($0.1, 2))) }))
    }
}

/// Which state of which store answered.
public struct StoreInfo: Equatable, Sendable {
    public let sequence: Int
    public let space: String
    public let bundle: String

    init(_ meta: ShardMeta) {
        (sequence, space, bundle) = (meta.sequence, meta.space, meta.bundle)
    }

    var json: Json {
        .object(JsonObject([("sequence", .integer(sequence)), ("space", .text(space)), ("bundle", .text(bundle))]))
    }
}

/// The answer to one photo.
public struct SearchResult: Sendable {
    /// What the caller calls the photo.
    public let photo: String
    /// Of the upright photo, in its own pixels.
    public let width: Int
    public let height: Int
    /// Most prominent first.
    public let regions: [Region]
    public let timings: Timings
    public let store: StoreInfo?
    /// Estimated probability that the wanted product, if it is in the full catalogue, is among the local hits of the
    /// first region; nil where the bundle carries no calibration for it.
    public let localRecall: Double?
    public let fallback: FallbackState

    /// The answer of `contract/schemas/answer.schema.json`; its `serialized` is the line.
    public func json(full: Bool = false) -> Json {
        .object(
            JsonObject([
                ("photo", .text(photo)), ("width", .integer(width)), ("height", .integer(height)),
                ("local_recall", localRecall.map { .number(rounded($0, 4)) } ?? .null),
                ("fallback", fallback.json), ("store", store?.json ?? .null), ("ms", timings.json),
                ("regions", .array(regions.map { $0.json(full: full) })),
            ]))
    }
}
