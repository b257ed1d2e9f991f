/// One product that answers a region; each product once, by its best picture.
public struct Hit: Equatable, Sendable {
    /// Where a hit comes from.
    public enum Source: String, Sendable {
        case local
        case server
    }

    public let productId: String
    /// Cosine between the query's and the product's vector, less what re-ranking took.
    public var score: Double
    public let title: String
    public let category: String
    public var source: Source
    /// Local features of its picture that lie in the photo as a camera would see them; nil where it was not found so.
    public var inliers: Int?
    /// The product's picture as its catalogue names it.
    public let image: String?
    /// The catalogue's further columns.
    public let attributes: JsonObject

    public init(
        productId: String, score: Double, title: String, category: String, source: Source = .local,
        image: String? = nil, attributes: JsonObject = JsonObject()
    ) {
        self.productId = productId
        self.score = score
        self.title = title
        self.category = category
        self.source = source
        self.image = image
        self.attributes = attributes
    }

    /// As `contract/schemas/answer.schema.json` has it; `full` with image and attributes.
    public func json(full: Bool = false) -> Json {
        var pairs: [(String, Json)] = [
            ("product_id", .text(productId)), ("score", .number(rounded(score, 5))), ("title", .text(title)),
            ("category", .text(category)), ("source", .text(source.rawValue)),
        ]
        if let inliers { pairs.append(("inliers", .integer(inliers))) }
        if full { pairs += [("image", image.map(Json.text) ?? .null), ("attributes", .object(attributes))] }
        return .object(JsonObject(pairs))
    }
}
