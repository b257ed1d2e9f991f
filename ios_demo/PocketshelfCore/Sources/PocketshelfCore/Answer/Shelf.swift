import Foundation

/// One generation of a store with what is derived from it; a search keeps to the one it began with.
///
/// Readers serialise their calls, so that searches share it.
final class Shelf: @unchecked Sendable {
    /// Where few products fit `where`, so many times as many are looked at, and again.
    private static let widen = 8
    /// So many products tell what a category holds.
    private static let some = 32
    /// So many products tell whether the shelf has palettes.
    private static let lookedAt = 32

    let store: any ShelfReader
    let counts: [CategoryCount]
    let info: StoreInfo
    /// Which categories belong to which of the detector's groups, by their names.
    let named: Shelves
    /// What tells the groups of categories of other names; nil where the bundle has none.
    private let head: GroupHead?
    private let lock = NSLock()
    /// Held while prints are read: of two that read at a time, the one that ends last may have what is older.
    private let looking = NSLock()
    private var looked: Shelves?
    private var prints: Closely?
    private var stamp: [UInt8] = []
    private var statesColours: Bool?
    private let searcher: any Searcher
    private let coverage: [ExactString: Double]?
    private let held: Set<ExactString>
    private let neighbourhood: Neighbourhood

    init(_ store: any ShelfReader, searcher: any Searcher, named: Shelves, head: GroupHead?) throws {
        self.store = store
        self.named = named
        self.head = head
        self.searcher = searcher
        counts = try store.categories()
        info = StoreInfo(store.meta)
        coverage = shelfCoverage(store)
        held = Set(counts.map { ExactString($0.name) })
        neighbourhood = Neighbourhood(store)
    }

    var names: [String] { counts.map(\.name) }

    /// `named`, knowing the other categories by some products of each; these are looked at once.
    ///
    /// - Throws: `store`: it is damaged.
    func shelves() throws -> Shelves {
        guard let head else { return named }
        return try lock.withLock {
            if let looked { return looked }
            let found = try named.looking(names, head) { try store.someVectors(of: $0, most: Self.some) }
            looked = found
            return found
        }
    }

    /// Its prints; nil where it has none, or they were not taken up.
    var closely: Closely? { lock.withLock { prints } }

    /// Takes up the local features that lie beside its shard now; whether they are others than those it has.
    ///
    /// - Throws: `store`: it is damaged.
    func lookClosely() throws -> Bool {
        try looking.withLock {
            let now = store.featuresStamp()
            guard lock.withLock({ now != stamp }) else { return false }
            let found = try Closely(store)
            lock.withLock { (prints, stamp) = (found, now) }
            return true
        }
    }

    /// The product with this id as a hit; nil if the store has none.
    ///
    /// - Throws: `store`: it is damaged.
    func known(_ id: String, _ vector: [Float]) throws -> Hit? {
        try store.product(id).map { product in
            let query = try Query(vector, dimension: store.meta.dimension)
            return try hit(Match(productId: id, score: query.likeness(product.vectors)))
        }
    }

    /// How far a hit's first picture looks to be of a detector's group, 0 to 1; nil if nothing tells.
    ///
    /// - Throws: `store`: it is damaged.
    func look(_ hit: Hit, group: String) throws -> Double? {
        guard let head, head.names.contains(where: { exactlyEqual($0, group) }) else { return nil }
        return try vector([hit]).flatMap { head.look($0, group: group) }
    }

    /// Whether its products state their colours, as far as the first tell.
    ///
    /// - Throws: `store`: it is damaged.
    func hasPalettes() throws -> Bool {
        try lock.withLock {
            if let statesColours { return statesColours }
            let found = try store.states(paletteAttribute, most: Self.lookedAt)
            statesColours = found
            return found
        }
    }

    /// The `wanted` nearest that fit; where few do, it looks further.
    func nearest(_ vector: [Float], categories: [String], wanted: Int, where filter: Where) throws -> [Hit] {
        let chosen = Set(categories.map(ExactString.init))
        let products = counts.reduce(0) { chosen.contains(ExactString($1.name)) ? $0 + $1.products : $0 }
        var depth = wanted
        while true {
            let hits = try searcher.search(vector, categories: categories, count: depth).map(hit)
            if filter.isEmpty { return hits }
            let fitting = hits.filter { fits($0.attributes, filter) }
            if fitting.count >= wanted || depth >= products { return Array(fitting.prefix(wanted)) }
            depth = min(depth * Self.widen, products)
        }
    }

    /// What the estimates of recall and confidence go by.
    ///
    /// - Parameter told: of the full catalogue, in whose units hits of a server are judged; nil: the shelf's own.
    func signals(_ region: EncodedRegion, _ hits: [Hit], _ told: CatalogueSpread? = nil) throws -> Signals {
        let query = try told?.ofQuery ?? neighbourhood.background(region.embedding.vector)
        let first = told.map { told in hits.first.flatMap { told.ofHits[ExactString($0.productId)] } ?? query }
        return Signals(
            scores: hits.map(\.score), hitCategories: hits.map(\.category),
            categories: region.embedding.categories.pairs.sorted {
                $0.probability != $1.probability ? $0.probability > $1.probability : precedes($0.name, $1.name)
            },
            coverage: coverage, held: held, detected: region.detection.score, queryBackground: query,
            hitBackground: try first ?? vector(hits).map(neighbourhood.background) ?? query,
            nearest: try told?.nearest ?? neighbourhood.nearest(), common: hits.first.map { share(of: $0.category) } ?? 0)
    }

    /// Of the products, those of a category.
    private func share(of category: String) -> Double {
        let own = counts.first { exactlyEqual($0.name, category) }?.products ?? 0
        return Double(own) / Double(max(1, counts.reduce(0) { $0 + $1.products }))
    }

    /// What the store says of a match.
    private func hit(_ match: Match) throws -> Hit {
        // An injected searcher may know more than the store.
        guard let product = try store.product(match.productId) else {
            return Hit(productId: match.productId, score: match.score, title: "", category: "")
        }
        return Hit(
            productId: product.productId, score: match.score, title: product.title, category: product.category,
            image: product.image, attributes: product.attributes)
    }

    /// The first hit's vector, of its first picture; nil of a server's.
    private func vector(_ hits: [Hit]) throws -> [Float]? {
        guard let first = hits.first, first.source == .local else { return nil }
        return try store.product(first.productId)?.vectors.prefix(store.meta.dimension).map(Float.init)
    }
}

/// Category → share of the catalogue's products that the shelf holds; nil without a manifest: a shelf that came from a
/// server has one, one that was built from a file is all there is.
func shelfCoverage(_ store: any ShelfReader) -> [ExactString: Double]? {
    guard let manifest = store.manifest() else { return nil }
    let shares = manifest.categories.map { count in
        (ExactString(count.name), count.catalogue > 0 ? min(1, Double(count.local) / Double(count.catalogue)) : 0)
    }
    return Dictionary(shares, uniquingKeysWith: { $1 })
}
