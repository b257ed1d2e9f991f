/// One product with its int8 vectors: the row that shards, deltas and the server's catalogue share.
///
/// A picture's float vector v is stored as round(v · 127 / max|v|): cosine does not care for the length.
public struct Product: Equatable, Sendable {
    public let productId: String
    /// Number of the change that last touched it.
    public let sequence: Int
    public let category: String
    /// May be empty.
    public let title: String
    /// The picture as the catalogue names it (a path or URL), if it does.
    public let image: String?
    /// Any other column of the imported file.
    public let attributes: JsonObject
    /// One row of `dimension` signed bytes a picture, one after the other.
    public let vectors: [Int8]

    public init(
        productId: String, sequence: Int, category: String, title: String, image: String?,
        attributes: JsonObject, vectors: [Int8]
    ) {
        self.productId = productId
        self.sequence = sequence
        self.category = category
        self.title = title
        self.image = image
        self.attributes = attributes
        self.vectors = vectors
    }

    public static func == (left: Product, right: Product) -> Bool {
        exactlyEqual(left.productId, right.productId) && left.sequence == right.sequence
            && exactlyEqual(left.category, right.category) && exactlyEqual(left.title, right.title)
            && left.image.map { ExactString($0) } == right.image.map { ExactString($0) }
            && left.attributes == right.attributes && left.vectors == right.vectors
    }
}

/// What a shard says of itself.
public struct ShardMeta: Equatable, Sendable {
    public let space: String
    public let preprocessing: String
    public let bundle: String
    /// Of the newest change in it.
    public let sequence: Int
    /// Numbers a vector.
    public let dimension: Int

    public init(space: String, preprocessing: String, bundle: String, sequence: Int, dimension: Int) {
        self.space = space
        self.preprocessing = preprocessing
        self.bundle = bundle
        self.sequence = sequence
        self.dimension = dimension
    }

    /// What its vectors mean.
    public var vectorSpace: Space {
        Space(name: space, preprocessing: preprocessing, bundle: bundle, dimension: dimension)
    }
}

extension Product {
    /// As `dump` prints it: everything but the sequence, each vector as hexadecimal digits.
    ///
    /// - Parameter dimension: numbers a vector.
    public func dumped(dimension: Int) -> Json {
        let rows = stride(from: 0, to: vectors.count, by: dimension).map { start in
            Json.text(hexadecimal(vectors[start..<start + dimension].map { UInt8(bitPattern: $0) }))
        }
        return .object(
            JsonObject([
                ("product_id", .text(productId)), ("title", .text(title)), ("category", .text(category)),
                ("image", image.map(Json.text) ?? .null), ("attributes", .object(attributes)),
                ("vectors", .array(rows)),
            ]))
    }
}
