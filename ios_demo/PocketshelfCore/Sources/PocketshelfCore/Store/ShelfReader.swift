/// One generation of a store, as searches read it. `Store` is one; tests may have their own.
///
/// Calls may come from several threads: implementations serialise them.
public protocol ShelfReader: AnyObject {
    /// What the shard says of itself: space, dimension, sequence.
    var meta: ShardMeta { get }
    /// The shard's SHA-256, 64 lower-case digits: derived index files name it.
    var digest: String { get }
    /// How many products there are.
    func count() throws -> Int
    /// Categories by their bytes, with their numbers of products.
    func categories() throws -> [CategoryCount]
    /// The product with this id.
    func product(_ id: String) throws -> Product?
    /// All pictures of a category; none where there is no such category.
    func vectors(of category: String) throws -> CategoryVectors
    /// The first picture of `most` products of a category, or of all it has: `dimension` bytes each. They are evenly apart
    /// in the order of their rows: of c products those at ⌊i · c / most⌋.
    func someVectors(of category: String, most: Int) throws -> [Int8]
    /// The first picture of the products at these places, in the order of all ids: `dimension` bytes each.
    ///
    /// - Parameter places: ascending, from 0.
    func firstVectors(at places: [Int]) throws -> [Int8]
    /// Whether one of the first `most` products, by their rows, states the attribute `name`.
    func states(_ name: String, most: Int) throws -> Bool
    /// What the server's manifest says of this generation; nil for one that has none or a damaged one.
    func manifest() -> Manifest?
    /// The ids of all products, ascending by their bytes.
    func productIds() throws -> [String]
    /// The local features of its covers and cartons; nil where it has none that are sound.
    func features() throws -> FeatureTable?
    /// What tells these features from those that take their place; empty where there are none.
    func featuresStamp() -> [UInt8]
}

/// A shelf without local features.
extension ShelfReader {
    public func productIds() throws -> [String] { [] }
    public func features() throws -> FeatureTable? { nil }
    public func featuresStamp() -> [UInt8] { [] }
}

/// A category and how many products are in it.
public struct CategoryCount: Equatable, Sendable {
    public let name: String
    public let products: Int

    public init(name: String, products: Int) {
        self.name = name
        self.products = products
    }
}

/// A category's pictures as one block.
public struct CategoryVectors: Sendable {
    /// The products' ids, ascending by their bytes.
    public let productIds: [String]
    /// For each picture the place of its product among `productIds`; ascending.
    public let owners: [Int32]
    /// owners.count × dimension signed bytes, row by row.
    public let block: [Int8]
    public let dimension: Int

    public init(productIds: [String], owners: [Int32], block: [Int8], dimension: Int) {
        self.productIds = productIds
        self.owners = owners
        self.block = block
        self.dimension = dimension
    }
}
