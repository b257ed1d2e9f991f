/// What the device remembers of its syncs: `sync.json` in the store's folder. Only a memory, no truth.
///
///     {"format": "pocketshelf-sync", "version": 1, "server": "https://…", "shard": "all",
///      "last_attempt": "…", "last_sync": "…", "server_sequence": 42,
///      "away": {"https://…": {"failures": 2, "next_attempt": "…"}}}
struct SyncState {
    static let fileName = "sync.json"
    private static let mostServers = 8

    /// A server that did not answer.
    struct Away {
        /// Attempts in a row in which it was away.
        let failures: Int
        /// Before it, a background sync leaves it alone.
        let nextAttempt: String
    }

    /// Of the last sync that reached its server, as are `shard`, `lastSync` and `serverSequence`.
    var server: String?
    var shard: String?
    var lastAttempt: String?
    var lastSync: String?
    var serverSequence: Int?
    /// By address, the latest last.
    var away: [(server: String, state: Away)] = []

    init() {}

    /// The state stored in `folder`; a fresh one if there is none or it cannot be read.
    init(folder: String) {
        guard let data = try? readPlain("\(folder)/\(Self.fileName)", most: 100_000),
            let document = try? StrictJson.parse(data),
            let top = try? Fields(document, where: Self.fileName, kind: .sync),
            let read = try? SyncState(top)
        else { return }
        self = read
    }

    private init(_ top: Fields) throws {
        guard try top.text("format") == "pocketshelf-sync", try top.integer("version") == 1 else {
            throw top.error("format", "is another")
        }
        server = try top.optionalText("server")
        shard = try top.optionalText("shard")
        lastAttempt = top.has("last_attempt") ? try Self.time(top, "last_attempt") : nil
        lastSync = top.has("last_sync") ? try Self.time(top, "last_sync") : nil
        serverSequence = top.has("server_sequence") ? try top.integer("server_sequence", low: 0) : nil
        let servers = try top.optionalChild("away")
        away = try servers.names.map { name in
            let part = try servers.child(name)
            return (
                name,
                Away(
                    // A damaged memory must not count beyond what can be counted.
                    failures: min(try part.integer("failures", low: 1), 1_000_000),
                    nextAttempt: try Self.time(part, "next_attempt"))
            )
        }
    }

    private static func time(_ part: Fields, _ name: String) throws -> String {
        let text = try part.text(name)
        guard IsoTime.seconds(text) != nil else { throw part.error(name, "is no time of a zone") }
        return text
    }

    /// When a background sync should try `server` again; nil if it should at `moment` (seconds since 1970).
    ///
    /// A time further off than the longest back-off was written by a clock that was wrong.
    func waits(for server: String, at moment: Double) -> String? {
        guard let known = away.first(where: { $0.server == Self.key(server) })?.state,
            let due = IsoTime.seconds(known.nextAttempt)
        else { return nil }
        return due > moment && due - moment <= Backoff.longest ? known.nextAttempt : nil
    }

    /// Attempts in a row in which `server` was away.
    func failures(of server: String) -> Int {
        away.first { $0.server == Self.key(server) }?.state.failures ?? 0
    }

    /// Note that `server` was away at `moment`, to be left alone until `due`.
    mutating func failed(_ server: String, at moment: Double, until due: Double) {
        let failures = failures(of: server) + 1
        away.removeAll { $0.server == Self.key(server) }
        away.append((Self.key(server), Away(failures: failures, nextAttempt: IsoTime.text(due))))
        away.removeFirst(max(0, away.count - Self.mostServers))
        lastAttempt = IsoTime.text(moment)
    }

    /// Note a sync with `server`, which published `sequence`.
    mutating func succeeded(_ server: String, shard: String, at moment: Double, sequence: Int) {
        self.server = server
        self.shard = shard
        lastAttempt = IsoTime.text(moment)
        lastSync = lastAttempt
        serverSequence = sequence
        away.removeAll { $0.server == Self.key(server) }
    }

    /// Replace the stored state, whatever stands in its place.
    func save(to folder: String, _ files: FileSystem) throws {
        let away = JsonObject(
            self.away.map { ($0.server, .object(Self.document($0.state))) })
        let pairs = [("format", .text("pocketshelf-sync")), ("version", .integer(1))] + fields
        let document = JsonObject(pairs + [("away", .object(away))])
        try files.writeOver("\(folder)/\(Self.fileName)", Array("\(Json.object(document).serialized)\n".utf8))
    }

    /// For `status`: with the back-off of the server that is synced with, or was tried last.
    var status: [(String, Json)] {
        let known = away.last { server == nil || $0.server == Self.key(server ?? "") }?.state
        return fields + [
            ("failures", .integer(known?.failures ?? 0)),
            ("next_attempt", known.map { .text($0.nextAttempt) } ?? .null),
        ]
    }

    private var fields: [(String, Json)] {
        [
            ("server", server.map(Json.text) ?? .null), ("shard", shard.map(Json.text) ?? .null),
            ("last_attempt", lastAttempt.map(Json.text) ?? .null),
            ("last_sync", lastSync.map(Json.text) ?? .null),
            ("server_sequence", serverSequence.map(Json.integer) ?? .null),
        ]
    }

    private static func document(_ away: Away) -> JsonObject {
        JsonObject([("failures", .integer(away.failures)), ("next_attempt", .text(away.nextAttempt))])
    }

    private static func key(_ server: String) -> String {
        var text = server[...]
        while text.hasSuffix("/") { text.removeLast() }
        return text.lowercased()
    }
}
