import Foundation

/// One group of results: a box, what is in it, and the products that match it.
public struct Region: Sendable {
    /// Pixels of the upright photo.
    public var box: Box
    public var group: String
    /// The detector's, a probability.
    public var score: Double
    /// The model's, likeliest first.
    public let categories: [NamedProbability]
    /// Attribute → its likeliest label.
    public let attributes: [(name: String, label: NamedProbability)]
    /// Best first; nil where nothing was searched.
    public let hits: [Hit]?
    /// The query, of length 1; nil where nothing was embedded.
    public let vector: [Float]?
    /// The probability that the first hit is the right product; nil without a calibration of it.
    public let confidence: Double?
    /// Whether that is enough to trust it. nil as above.
    public let isConfident: Bool?
    /// Whether it is so little that there is nothing like this here; nil as above, and where the bundle's calibration does
    /// not tell. Neither confident nor absent: one of the hits may be it.
    public let isAbsent: Bool?

    public init(
        box: Box, group: String, score: Double, categories: [NamedProbability] = [],
        attributes: [(name: String, label: NamedProbability)] = [], hits: [Hit]? = nil, vector: [Float]? = nil,
        confidence: Double? = nil, isConfident: Bool? = nil, isAbsent: Bool? = nil
    ) {
        self.box = box
        self.group = group
        self.score = score
        self.categories = categories
        self.attributes = attributes
        self.hits = hits
        self.vector = vector
        self.confidence = confidence
        self.isConfident = isConfident
        self.isAbsent = isAbsent
    }

    /// Whether to say "nothing like this here"; a bundle that has one threshold says so below it.
    public var isNothing: Bool { (hits ?? []).isEmpty || (isAbsent ?? (isConfident == false)) }

    /// As `contract/schemas/answer.schema.json` has it; without "hits" where nothing was searched.
    public func json(full: Bool = false) -> Json {
        func pair(_ named: NamedProbability) -> Json {
            .array([.text(named.name), .number(rounded(named.probability, 4))])
        }
        let sides = [box.x, box.y, box.width, box.height].map { Json.number(rounded($0, 1)) }
        var pairs: [(String, Json)] = [
            ("box", .array(sides)), ("group", .text(group)), ("score", .number(rounded(score, 4))),
            ("categories", .array(categories.map(pair))),
            ("attributes", .object(JsonObject(attributes.map { ($0.name, pair($0.label)) }))),
        ]
        if let hits {
            pairs += [
                ("confidence", confidence.map { .number(rounded($0, 4)) } ?? .null),
                ("confident", isConfident.map(Json.bool) ?? .null),
                ("absent", isAbsent.map(Json.bool) ?? .null),
                ("hits", .array(hits.map { $0.json(full: full) })),
            ]
        }
        return .object(JsonObject(pairs))
    }
}

/// To so many digits after the point, half to even by the exact value, as Python's `round`.
func rounded(_ value: Double, _ digits: Int) -> Double {
    Double(String(format: "%.\(digits)f", value)) ?? value
}
