import Foundation

/// The models that belong together, and the space that their vectors live in: a folder with `bundle.json`.
///
/// The format is described in the Python SDK (`pocketshelf.formats.bundle`) and in
/// `contract/schemas/bundle.schema.json`. Unknown keys are ignored.
public struct ModelBundle: Sendable {
    public static let format = "pocketshelf-bundle"
    public static let version = 1
    public static let fileName = "bundle.json"
    /// The longest `bundle.json` that is read, in bytes.
    static let mostBytes = 4_000_000

    /// Where the files are.
    public let folder: String
    public let name: String
    /// Id of the embedding space; stores of another one are refused.
    public let space: String
    public let embedder: EmbedderSpec
    public let detector: DetectorSpec?
    /// Calibration of the local-recall estimate; see `RecallModel`.
    public let recall: JsonObject?
    /// What tells a category's groups from its products, if anything of this space does.
    public let groupHead: GroupHead?
    /// What tells a photo that is not the right way up, if anything of this space does.
    public let turnedHead: TurnedHead?
    /// Further files (enrolment, outfit, quality), which this core checks and does not use.
    public let others: [FileSpec]

    /// Every file but the card.
    public var files: [FileSpec] { [embedder.file] + (detector.map { [$0.file] } ?? []) + others }

    /// What the vectors of its embedder mean.
    public var vectorSpace: Space {
        Space(
            name: space, preprocessing: embedder.preprocessing.hash, bundle: name, dimension: embedder.dimension)
    }

    /// Where a file of it lies.
    public func path(_ file: FileSpec) -> String { "\(folder)/\(file.name)" }

    /// Reads and validates the bundle in `folder`.
    ///
    /// - Parameter checkHashes: compare every file with its recorded length and SHA-256.
    /// - Throws: `bundle`: missing, malformed, of an unknown version, or its files are not those recorded.
    public init(folder: String, checkHashes: Bool = true) throws {
        let path = "\(folder)/\(Self.fileName)"
        guard FileManager.default.fileExists(atPath: path) else {
            throw PocketshelfError.bundle("\(folder): no bundle here (\(Self.fileName) is missing)")
        }
        let document: Json
        do {
            document = try StrictJson.parse(BundleFile.contents(path, most: Self.mostBytes))
        } catch {
            throw PocketshelfError.bundle("\(path): cannot be read as JSON (\(oneLine(error)))")
        }
        try self.init(parsing: Fields(document, where: path, kind: .bundle), folder: folder)
        for file in files { try BundleFile.check(self.path(file), file, hashes: checkHashes) }
    }

    /// Reads a bundle's document, without a look at its files.
    ///
    /// - Throws: `bundle`: malformed, or of an unknown version.
    init(parsing top: Fields, folder: String) throws {
        guard exactlyEqual(try top.text("format"), Self.format) else {
            throw top.error("format", "is not '\(Self.format)'")
        }
        let version = try top.integer("version")
        guard version == Self.version else {
            throw PocketshelfError.bundle(
                "\(top.place): bundle version \(version) is not known here (only \(Self.version)); "
                    + "update pocketshelf, or export the bundle again")
        }
        self.folder = folder
        name = try top.text("name")
        space = try top.text("space")
        embedder = try EmbedderSpec(top.child("embedder"))
        detector = try top.has("detector") ? DetectorSpec(top.child("detector")) : nil
        if let groups = try Self.part(top, "groups", space: space), let detector {
            groupHead = try GroupHead(groups, dimension: embedder.dimension, known: detector.groups)
        } else {
            groupHead = nil
        }
        turnedHead = try Self.part(top, "turned", space: space).map { [embedder] part in
            try TurnedHead(part, dimension: embedder.dimension)
        }
        recall = try top.has("recall") ? Self.object(top, "recall") : nil
        others = try ["enrolment", "outfit", "quality"].filter(top.has).map { try FileSpec(top.child($0)) }
    }

    /// The part at `key`; nil where there is none of this space.
    private static func part(_ top: Fields, _ key: String, space: String) throws -> Fields? {
        guard top.has(key) else { return nil }
        let part = try top.child(key)
        return exactlyEqual(try part.text("space"), space) ? part : nil
    }

    private static func object(_ part: Fields, _ key: String) throws -> JsonObject {
        guard case .object(let object) = try part.value(key) else { throw part.error(key, "must be a JSON object") }
        return object
    }
}
