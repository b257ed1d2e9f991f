import Foundation

/// An open store: the generation that was current when it was opened; it stays readable while others replace it.
public final class Store: ShelfReader {
    /// The store's paths.
    public let folder: StoreFolder
    /// Name of the opened generation.
    public let generation: String
    public let digest: String
    /// The products.
    public let shard: Shard
    /// Between reading the pointer and opening its shard, a writer may publish twice and prune.
    private static let attempts = 5

    /// Open one generation; its shard is compared with its digest first.
    ///
    /// - Throws: `store`: it is missing or damaged.
    public init(_ folder: StoreFolder, generation: String) throws {
        self.folder = folder
        self.generation = generation
        digest = try Recorded.checkShard(folder, generation)
        shard = try Shard(folder.shard(generation))
    }

    deinit { close() }

    /// Open the current generation of the store at `path`.
    ///
    /// - Throws: `store`: there is no store, or its current shard is missing or damaged.
    public static func open(_ path: String) throws -> Store {
        let folder = StoreFolder(path)
        var name = try folder.requireCurrent()
        for _ in 0..<attempts {
            do {
                return try Store(folder, generation: name)
            } catch let error as PocketshelfError {
                let failed = name
                name = try folder.requireCurrent()
                if name == failed { throw withRemedy(folder, error) }
            }
        }
        throw PocketshelfError.store("\(path): changes faster than it can be opened")
    }

    public var meta: ShardMeta { shard.meta }
    public func count() throws -> Int { try shard.count() }
    public func categories() throws -> [CategoryCount] { try shard.categories() }
    public func product(_ id: String) throws -> Product? { try shard.product(id) }
    public func vectors(of category: String) throws -> CategoryVectors { try shard.vectors(of: category) }

    public func someVectors(of category: String, most: Int) throws -> [Int8] {
        try shard.someVectors(of: category, most: most)
    }

    public func firstVectors(at places: [Int]) throws -> [Int8] { try shard.firstVectors(at: places) }

    public func states(_ name: String, most: Int) throws -> Bool { try shard.states(name, most: most) }

    public func manifest() -> Manifest? {
        let data = try? Recorded.read(folder, generation, Manifest.fileName, most: Manifest.mostBytes)
        return data.flatMap { try? Manifest(parsing: $0, where: "\(folder.path): \(Manifest.fileName)") }
    }

    public func productIds() throws -> [String] { try shard.productIds() }

    public func features() throws -> FeatureTable? {
        let products = try count()
        return featuresFile.read(most: FeatureTable.mostHeld(products: products)).flatMap {
            FeatureTable($0, products: products)
        }
    }

    public func featuresStamp() -> [UInt8] { featuresFile.stamp() }

    private var featuresFile: DerivedFile { DerivedFile(featuresOf: digest, folder: indexFolder) }

    /// Folder of the indexes derived from this generation; need not exist.
    public var indexFolder: String { folder.index(generation) }

    /// Whether no other generation has replaced this one, of this store or of one put in its place.
    public func isCurrent() -> Bool {
        guard (try? folder.current()) == generation else { return false }
        // Names alone tell nothing of a store that was removed and made again: its generations are counted anew.
        let recorded = try? Recorded.digests(folder, generation)[Recorded.shard]
        return recorded == nil || recorded == digest
    }

    /// Refuse models whose vectors do not compare with the store's.
    ///
    /// - Parameter named: the bundle's name, for the message.
    /// - Throws: `spaceMismatch`: space, dimension or preprocessing differ.
    public func requireSpace(_ space: Space, named name: String) throws {
        try meta.vectorSpace.requireSame(
            as: space, us: "\(folder.path): its vectors are", them: "those of the bundle '\(name)'",
            remedy: "build or sync the store again, or name its bundle with --bundle")
    }

    /// Close the shard.
    public func close() { shard.close() }

    private static func withRemedy(_ folder: StoreFolder, _ error: PocketshelfError) -> PocketshelfError {
        guard let previous = try? folder.previous(), !previous.isEmpty else { return error }
        return PocketshelfError(
            error.kind, "\(error.message); 'rollback' returns to the generation before")
    }
}

/// The sequence of the store at `path`; nil if there is none, or it cannot be opened.
public func currentSequence(_ path: String) -> Int? {
    let folder = StoreFolder(path)
    guard let name = try? folder.requireCurrent(), let shard = try? Shard(folder.shard(name)) else {
        return nil
    }
    defer { shard.close() }
    return shard.meta.sequence
}

/// Check the current generation, and the one kept for rollback: hash, pages, schema, rows.
///
/// - Returns: what is wrong, one line each; empty if all is well.
/// - Throws: `store`: there is no store at all.
public func verifyStore(_ path: String) throws -> [String] {
    let folder = StoreFolder(path)
    let current = try folder.requireCurrent()
    var problems: [String] = []
    for (name, prefix) in [(current, ""), (try folder.previous(), "kept for rollback: ")] {
        guard let name else { continue }
        do {
            let digest = try Recorded.checkAll(folder, name)
            let shard = try Shard(folder.shard(name))
            defer { shard.close() }
            try shard.check()
            let features = DerivedFile(featuresOf: digest, folder: folder.index(name))
            let most = FeatureTable.mostBytes(products: try shard.count())
            if exists(features.path), features.read(most: most) == nil {
                problems.append(
                    "\(prefix)\(features.path): damaged, or of other products; sync or build the store again")
            }
        } catch let error as PocketshelfError {
            problems.append(prefix + error.message)
        }
    }
    return problems
}
