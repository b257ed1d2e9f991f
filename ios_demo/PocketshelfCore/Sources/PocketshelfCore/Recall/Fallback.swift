/// What a server is asked: the vector, never the photo.
public struct Question: Sendable {
    public let vector: [Float]
    /// Id of the vector's space.
    public let space: String
    /// Only these categories; all if empty.
    public let categories: [String]
    /// Hits wanted.
    public let count: Int

    public init(vector: [Float], space: String, categories: [String] = [], count: Int) {
        self.vector = vector
        self.space = space
        self.categories = categories
        self.count = count
    }
}

/// What a server tells of its full catalogue, for one query: in its units its hits are judged. In those of a shelf that
/// holds little of it a stranger would seem near.
public struct CatalogueSpread: Sendable {
    /// Of a product's cosine to the nearest other product.
    public let nearest: Neighbourhood.Spread
    /// Of the query's cosines to the products, and of some products' own, by their ids.
    public let ofQuery: Neighbourhood.Spread
    public let ofHits: [ExactString: Neighbourhood.Spread]

    public init(
        nearest: Neighbourhood.Spread, ofQuery: Neighbourhood.Spread,
        ofHits: [ExactString: Neighbourhood.Spread] = [:]
    ) {
        self.nearest = nearest
        self.ofQuery = ofQuery
        self.ofHits = ofHits
    }
}

/// A server's hits, best first.
public struct Found: ExpressibleByArrayLiteral, Sendable {
    public let hits: [Hit]
    /// How near its products are to each other and to the query; nil where it does not tell.
    public let catalogue: CatalogueSpread?

    public init(_ hits: [Hit], catalogue: CatalogueSpread? = nil) {
        self.hits = hits
        self.catalogue = catalogue
    }

    public init(arrayLiteral hits: Hit...) { self.init(hits) }
}

/// Searches the full catalogue.
public protocol Fallback: AnyObject, Sendable {
    /// The best products, of source "server". It is called on a thread of its own and no longer waited for once the
    /// search's time is over. They are judged in the shelf's own units, unless it tells of its catalogue.
    ///
    /// - Parameter told: why it is asked, for the header `Pocketshelf-Local`; see `Asker`.
    /// - Throws: `server`: the server is away or refuses.
    func search(_ question: Question, told: String) throws -> Found
}
