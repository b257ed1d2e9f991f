/// A shard's manifest: what the server has published and how to get there from an older sequence.
///
/// The format is described in the Python SDK (`pocketshelf.sync.manifest`) and in
/// `contract/schemas/manifest.schema.json`. Unknown keys are ignored.
public struct Manifest: Sendable {
    public static let format = "pocketshelf-manifest"
    public static let version = 1
    /// Beside a generation's shard: the counts belong to that generation, also after a rollback.
    public static let fileName = "manifest.json"
    /// The longest that is read, in bytes.
    public static let mostBytes = 4_000_000

    /// The whole shard: its target name and compressed length in bytes.
    public struct Snapshot: Equatable, Sendable {
        public let target: String
        public let length: Int
    }

    /// The changes between two sequence numbers: target name and compressed length in bytes.
    public struct Delta: Equatable, Sendable {
        public let base: Int
        public let to: Int
        public let target: String
        public let length: Int
    }

    /// Products of one category in the shard and in the whole catalogue.
    public struct Count: Equatable, Sendable {
        public let name: String
        public let local: Int
        public let catalogue: Int
    }

    public let shard: String
    public let space: String
    public let preprocessing: String
    public let sequence: Int
    public let snapshot: Snapshot
    public let deltas: [Delta]
    /// In the file's order, each name once.
    public let categories: [Count]
    /// Its bytes as they were signed.
    public let data: [UInt8]

    /// Read a manifest's bytes.
    ///
    /// - Throws: `sync`: it is not JSON, or not a manifest of a known version.
    public init(parsing data: [UInt8], where place: String = fileName) throws {
        let document: Json
        do {
            document = try StrictJson.parse(data)
        } catch {
            throw PocketshelfError.sync(
                "\(place): the server's manifest cannot be read as JSON (\(oneLine(error)))", .manifest)
        }
        let top = try Fields(document, where: place, kind: .sync, refusal: .manifest)
        guard try top.text("format") == Self.format, try top.integer("version") == Self.version else {
            throw PocketshelfError.sync(
                "\(place): not a manifest of version \(Self.version); update pocketshelf", .manifest)
        }
        let whole = try top.child("snapshot")
        shard = try top.text("shard")
        space = try top.text("space")
        preprocessing = try top.text("preprocessing")
        sequence = try top.integer("sequence", low: 0)
        snapshot = Snapshot(target: try Self.target(whole), length: try whole.integer("length", low: 1))
        deltas = try top.children("deltas").map { part in
            Delta(
                base: try part.integer("from", low: 0), to: try part.integer("to", low: 0),
                target: try Self.target(part), length: try part.integer("length", low: 1))
        }
        let counts = try top.child("categories")
        categories = try counts.names.map { name in
            let entry = try counts.child(name)
            return Count(
                name: name, local: try entry.integer("local", low: 0),
                catalogue: try entry.integer("catalogue", low: 0))
        }
        self.data = data
    }

    /// How many products the shard holds.
    public var products: Int { categories.reduce(0) { $0 &+ $1.local } }

    /// A name becomes part of a URL and of a file name: `<folder>/<file>` in plain characters.
    private static func target(_ part: Fields) throws -> String {
        let name = try part.text("target")
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy(isPlain) else {
            throw part.error(
                "target", "must be <folder>/<file> in plain letters, digits, '.', '_' and '-'")
        }
        return name
    }

    private static func isPlain(_ name: Substring) -> Bool {
        guard let first = name.utf8.first, isLetterOrDigit(first) else { return false }
        return name.utf8.allSatisfy { isLetterOrDigit($0) || [0x2E, 0x5F, 0x2D].contains($0) }
    }
}

/// Whether `byte` is an ASCII letter or digit.
func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
}
