import Foundation

/// The stage that finds products by vector.
public protocol Searcher: Sendable {
    /// The best `count` products of `categories` for a query, best first, each once.
    func search(_ vector: [Float], categories: [String], count: Int) throws -> [Match]
}

/// The default `Searcher`: exact below a number of pictures a category, a graph from there on, each index opened when it
/// is first asked for.
public final class StoreSearcher: Searcher, @unchecked Sendable {
    /// An exact scan of so many pictures is faster than a graph, and misses nothing.
    public static let exactLimit = 20_000

    private let shelf: any ShelfReader
    private let graphs: Graphs?
    private let exactLimit: Int
    private let lock = NSLock()
    private var indexes: [ExactString: any CategoryIndex] = [:]

    /// - Parameter graphs: what makes graphs of large categories; nil: they are scanned, too.
    public init(_ shelf: any ShelfReader, graphs: Graphs? = nil, exactLimit: Int = exactLimit) {
        self.shelf = shelf
        self.graphs = graphs
        self.exactLimit = exactLimit
    }

    /// - Throws: `store`: the shard is damaged; `usage`: the query is none.
    public func search(_ vector: [Float], categories: [String], count: Int) throws -> [Match] {
        let found = try categories.flatMap { try index($0).search(vector, count: count) }
        return Array(found.sorted(by: Match.ranksBefore).prefix(max(count, 0)))
    }

    /// The category's index, opened or built now if it was not yet.
    func index(_ category: String) throws -> any CategoryIndex {
        try lock.withLock {
            let key = ExactString(category)
            if let known = indexes[key] { return known }
            let opened = try open(category)
            indexes[key] = opened
            return opened
        }
    }

    private func open(_ category: String) throws -> any CategoryIndex {
        let pictures = try shelf.vectors(of: category)
        guard pictures.owners.count >= exactLimit, let graphs,
            let graph = graphs.index(of: pictures, category: category, shard: shelf.digest)
        else { return ExactIndex(pictures) }
        return graph
    }
}
