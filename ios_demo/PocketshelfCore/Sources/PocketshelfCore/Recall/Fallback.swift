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

/// Searches the full catalogue.
public protocol Fallback: AnyObject, Sendable {
    /// The best products, of source "server". It is called on a thread of its own and no longer waited for once the
    /// search's time is over.
    ///
    /// - Parameter told: why it is asked, for the header `Pocketshelf-Local`; see `Asker`.
    /// - Throws: `server`: the server is away or refuses.
    func search(_ question: Question, told: String) throws -> [Hit]
}
