import Foundation

/// What is asked of a sync.
public struct SyncRequest {
    /// The address below which `/v1/metadata` and `/v1/targets` lie.
    public var server: String
    /// Which of the server's shards this device carries.
    public var shard = "all"
    /// Bytes of the root.json to trust. Needed once; else `<store>/root.json` is taken.
    public var root: [UInt8]?
    /// With no root at all, trust whoever answers the first sync.
    public var trustOnFirstUse = false
    /// What the app's models need; a shelf that they cannot search is refused.
    public var bundle: Space?
    /// For background syncs: do nothing while backing off from a server that was away.
    public var ifDue = false
    /// Accept a published state older than the device's (a restored server).
    public var allowOlder = false
    /// Bring the local features of covers and cartons that the server publishes, too: about 6 kB a product that has
    /// them. They come last, and what goes wrong with them is `problem` in the report.
    public var closely = true

    public init(server: String) { self.server = server }
}

/// Everything outside that a sync touches; tests replace it.
public struct SyncEnvironment {
    public var fetcher: Fetcher
    public var files = FileSystem()
    public var verifier: Verifier = PlatformVerifier()
    public var limits = Limits()
    /// How often one sync tries while the server is away.
    public var attempts = 3
    /// Seconds that only go forward.
    public var clock: () -> Double = monotonicSeconds
    /// Seconds since 1970.
    public var now: () -> Double = { Date().timeIntervalSince1970 }
    public var sleep: (Double) -> Void = { Thread.sleep(forTimeInterval: $0) }
    /// A number in [0, 1).
    public var jitter: () -> Double = { Double.random(in: 0..<1) }
    /// How much room in bytes the volume of a folder has.
    public var freeBytes: (String) -> Int = freeBytesOfVolume
    /// Told (what is going on, bytes so far, bytes in all).
    public var progress: (String, Int, Int) -> Void = { _, _, _ in }
    /// Called with the staged generation's folder before it is published: derive indexes, warm the models up
    /// and compare them with a golden vector there. What it throws refuses the generation.
    public var prepare: (String) throws -> Void = { _ in }

    public init(fetcher: Fetcher) { self.fetcher = fetcher }
}

/// What a sync did.
public struct SyncReport: Equatable, Sendable {
    public enum Outcome: String, Sendable {
        case updated
        /// There was nothing to do, or nothing newer than what a rollback left.
        case current
        /// The server was away; the shelf is as before.
        case offline
        /// A background sync that is not due yet.
        case deferred
    }

    public var outcome: Outcome
    /// "changes" or "snapshot" if updated.
    public var how: String?
    /// What decided between them, or why the server was away.
    public var why: String?
    /// Of the shelf before; nil without one.
    public var fromSequence: Int?
    /// Of the shelf after; nil without one.
    public var sequence: Int?
    /// Bytes downloaded, metadata left out.
    public var received = 0
    public var seconds = 0.0
    /// When a background sync is due again, if the server was away.
    public var nextAttempt: String?
    /// The shelf's local features are those published: they were ("current"), or came as "changes" or whole
    /// ("snapshot"); nil where none are published, or wanted.
    public var features: String?
    /// Why they are not, though they should be. The shelf is as `outcome` says, all the same.
    public var problem: String?
    /// The same by the name that every client has for it.
    public var refusal: Refusal?

    /// By the names of the Python SDK.
    public var fields: [(String, Json)] {
        [
            ("outcome", .text(outcome.rawValue)), ("how", how.map(Json.text) ?? .null),
            ("why", why.map(Json.text) ?? .null),
            ("from_sequence", fromSequence.map(Json.integer) ?? .null),
            ("sequence", sequence.map(Json.integer) ?? .null), ("received", .integer(received)),
            ("seconds", .number((seconds * 1000).rounded() / 1000)),
            ("next_attempt", nextAttempt.map(Json.text) ?? .null),
            ("features", features.map(Json.text) ?? .null), ("problem", problem.map(Json.text) ?? .null),
        ]
    }
}

/// Bring the store at `path` to the state that the server published last.
///
/// Searches go on in the old generation meanwhile. A server that is away is no error: the outcome is
/// `offline`. Blocks: call it from a thread of its own.
///
/// - Throws: `usage`: the server's address is none. `sync`: the server lied, went back, is too slow, or there
///   is no room. `spaceMismatch`: its shelf belongs to other models. `server`: there is no signed repository
///   there. `store`: the folder cannot be written, or another sync is running. After any of these the store
///   is as it was before.
public func sync(
    store path: String, _ request: SyncRequest, _ environment: SyncEnvironment
) throws -> SyncReport {
    try Syncer(path, request, environment).run()
}

/// What the device knows of its server: for `status`.
public func syncStatus(_ store: String) -> [(String, Json)] {
    SyncState(folder: store).status + describeTrust("\(store)/trust")
}

/// When a sync last reached its server, in seconds since 1970; nil where none has.
public func lastSync(_ store: String) -> Double? {
    SyncState(folder: store).lastSync.flatMap(IsoTime.seconds)
}

/// Bytes that the volume of `folder` has left; no bound where it does not say.
public func freeBytesOfVolume(_ folder: String) -> Int {
    let found = try? FileManager.default.attributesOfFileSystem(forPath: folder)
    return (found?[.systemFreeSize] as? NSNumber)?.intValue ?? Int.max
}
