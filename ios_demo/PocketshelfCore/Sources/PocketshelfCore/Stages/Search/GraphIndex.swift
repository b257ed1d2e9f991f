/// A graph (HNSW; Malkov and Yashunin, TPAMI 2020) of int8 vectors compared by cosine, under keys from 0.
///
/// Calls may come from several threads once the graph is built.
public protocol VectorGraph: AnyObject, Sendable {
    var count: Int { get }
    /// Adds vectors of `dimension` numbers, one after the other, under the next keys; room was reserved before.
    func add(_ vectors: [Int8]) throws
    /// The keys of the nearest, nearest first, with their distances (1 - cosine); of at most `count`.
    func nearest(_ query: [Int8], count: Int) throws -> [(key: Int, distance: Float)]
    /// The vector under a key.
    func vector(_ key: Int) throws -> [Int8]
    /// As bytes that `GraphLibrary.view` takes.
    func serialized() throws -> [UInt8]
}

/// What makes graphs: USearch, through its C API here, through the platform's own binding in an app.
public protocol GraphLibrary: AnyObject, Sendable {
    /// An empty graph with room for `capacity` vectors.
    func empty(dimension: Int, capacity: Int) throws -> any VectorGraph
    /// The graph in bytes that `serialized` gave; they were verified before.
    func view(_ bytes: [UInt8], dimension: Int) throws -> any VectorGraph
}

/// Whether a library computes int8 cosine rightly: a USearch built without NumKong gives distance 0 to an orthogonal
/// vector. Known vectors tell.
public func isSound(_ library: any GraphLibrary) -> Bool {
    let half = [Int8](repeating: 100, count: 32), none = [Int8](repeating: 0, count: 32)
    let opposite = [Int8](repeating: -100, count: 32)
    guard let graph = try? library.empty(dimension: 64, capacity: 3),
        (try? graph.add(half + none + none + half + opposite + none)) != nil,
        let found = try? graph.nearest(half + none, count: 3)
    else { return false }
    return found.map(\.key) == [0, 1, 2] && zip(found, [0, 1, 2]).allSatisfy { abs($0.distance - $1) < 0.02 }
}

/// Approximate search over one large category.
public final class GraphIndex: CategoryIndex {
    private let ids: [String]
    private let owners: [Int32]
    private let dimension: Int
    private let graph: any VectorGraph

    /// - Parameter graph: with the pictures' numbers 0 to n - 1 as keys.
    init(ids: [String], owners: [Int32], dimension: Int, graph: any VectorGraph) {
        self.ids = ids
        self.owners = owners
        self.dimension = dimension
        self.graph = graph
    }

    /// A product with many pictures may fill the nearest: the search widens until `count` differ.
    public func search(_ vector: [Float], count: Int) throws -> [Match] {
        guard count >= 1, !owners.isEmpty else { return [] }
        let query = try Query(vector, dimension: dimension), wanted = min(count, ids.count)
        // USearch answers garbage keys beyond its size.
        var width = min(2 * wanted + 16, owners.count)
        while true {
            let scores = try score(query, pictures(query, width))
            if scores.count >= wanted || width == owners.count {
                let found = scores.map { Match(productId: ids[Int($0)], score: $1) }
                return Array(found.sorted(by: Match.ranksBefore).prefix(wanted))
            }
            width = min(2 * width, owners.count)
        }
    }

    /// The pictures to score; all of them where all are wanted, for a graph may leave one unreachable.
    private func pictures(_ query: Query, _ width: Int) throws -> [Int] {
        guard width < owners.count else { return Array(owners.indices) }
        return try graph.nearest(query.rounded, count: width).map(\.key).filter(owners.indices.contains)
    }

    /// Product → best cosine among the pictures.
    private func score(_ query: Query, _ pictures: [Int]) throws -> [Int32: Double] {
        var scores: [Int32: Double] = [:]
        for picture in pictures {
            let cosine = query.cosine(try graph.vector(picture))
            scores[owners[picture]] = max(scores[owners[picture]] ?? -2, cosine)
        }
        return scores
    }
}
