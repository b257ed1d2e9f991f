/// By whose keys a generation was signed: `signed.json` beside its shard.
///
/// A device does not go back in its shelf's numbers. But a number that a thief signed with a stolen key counts
/// no more once that key is rotated; nor does the content.
///
///     {"format": "pocketshelf-signed", "version": 1, "keys": ["…"], "snapshot": "<sha256>" or null}
struct SignedBy: Equatable {
    static let fileName = "signed.json"

    /// Ids of the keys of *targets* that signed it.
    var keys: [String]
    /// SHA-256 of the snapshot as it travelled; nil for a generation made of changes.
    let snapshot: String?

    init(keys: [String], snapshot: String?) {
        self.keys = keys
        self.snapshot = snapshot
    }

    /// What the generation in `folder` says; nil where it says nothing: built here, or by an earlier version.
    init?(folder: String) {
        guard let data = try? readPlain("\(folder)/\(Self.fileName)", most: 10_000),
            case .object(let top)? = try? StrictJson.parse(data),
            top["format"] == .text("pocketshelf-signed"), top["version"] == .integer(1),
            case .array(let named)? = top["keys"], let snapshot = top["snapshot"]
        else { return nil }
        keys = named.compactMap { if case .text(let key) = $0 { return key } else { return nil } }
        if case .text(let sha256) = snapshot { self.snapshot = sha256 } else { self.snapshot = nil }
    }

    /// The file's content.
    var data: [UInt8] {
        let document = JsonObject([
            ("format", .text("pocketshelf-signed")), ("version", .integer(1)),
            ("keys", .array(keys.map(Json.text))), ("snapshot", snapshot.map(Json.text) ?? .null),
        ])
        return Array("\(Json.object(document).serialized)\n".utf8)
    }
}
