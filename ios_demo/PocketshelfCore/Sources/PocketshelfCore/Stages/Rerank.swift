/// What the model sees of one attribute.
public struct SeenAttribute: Sendable {
    public let name: String
    public let labels: Probabilities

    public init(name: String, labels: Probabilities) {
        self.name = name
        self.labels = labels
    }
}

/// The stage that puts found products into their final order.
public protocol Reranker: Sendable {
    /// `hits` with their final scores, best first.
    func rerank(_ attributes: [SeenAttribute], _ hits: [Hit]) -> [Hit]
}

/// The default `Reranker`: a product that states another attribute than the model sees falls.
///
/// For each attribute that the catalogue states, the score falls by `weight` · (p1 - p), p being the model's
/// probability of the stated label and p1 that of its likeliest one. So agreement costs nothing, an undecided model
/// changes nothing, and scores stay comparable with those of products that state nothing. Values that are none of the
/// model's labels have no say.
public struct AttributeReranker: Reranker {
    /// Cosine that a certain contradiction costs.
    public var weight = 0.05

    public init() {}

    public func rerank(_ attributes: [SeenAttribute], _ hits: [Hit]) -> [Hit] {
        hits.map { hit in
            var fallen = hit
            fallen.score = hit.score - penalty(attributes, hit)
            return fallen
        }.sortedDescending(by: \.score)
    }

    private func penalty(_ attributes: [SeenAttribute], _ hit: Hit) -> Double {
        attributes.reduce(0) { sum, seen in
            guard let value = hit.attributes[seen.name] else { return sum }
            let stated = described(value).trimmed.folded
            var byLabel: [ExactString: Double] = [:]
            for pair in seen.labels.pairs { byLabel[pair.name.folded] = pair.probability }
            guard let p = byLabel[stated], let top = byLabel.values.max() else { return sum }
            return sum + weight * (top - p)
        }
    }
}
