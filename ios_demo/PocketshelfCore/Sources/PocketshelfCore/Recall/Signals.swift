import Foundation

/// What one local search tells about itself: the features that the recall estimate weighs. What a feature means is
/// fixed by the Python SDK (`pocketshelf.recall.signals`), where the model is fitted.
public struct Signals: Sendable {
    /// Cosines of the local hits, best first, each product once.
    public var scores: [Double]
    /// The categories of the same hits.
    public var hitCategories: [String]
    /// The model's, likeliest first; need not be all of them.
    public var categories: [NamedProbability]
    /// Category → share of the catalogue's products in it that the shelf holds; one that is not named has none. nil: the
    /// shelf is the whole catalogue.
    public var coverage: [ExactString: Double]?
    /// The categories that the shelf has products of; nil: those of the hits.
    public var held: Set<ExactString>?
    /// The detector's score of the region; 1 where the frame was asked for.
    public var detected: Double
    /// How the query's cosines, and the best hit's, spread over the shelf at large.
    public var queryBackground: Neighbourhood.Spread
    public var hitBackground: Neighbourhood.Spread
    /// How near the shelf's products are to each other; nil where that is not known.
    public var nearest: Neighbourhood.Spread?
    /// Share of the shelf's products that are of the best hit's category.
    public var common: Double

    public init(
        scores: [Double], hitCategories: [String] = [], categories: [NamedProbability] = [],
        coverage: [ExactString: Double]? = nil, held: Set<ExactString>? = nil, detected: Double = 1,
        queryBackground: Neighbourhood.Spread = .unknown, hitBackground: Neighbourhood.Spread? = nil,
        nearest: Neighbourhood.Spread? = nil, common: Double = 0
    ) {
        self.scores = scores
        self.hitCategories = hitCategories
        self.categories = categories
        self.coverage = coverage
        self.held = held
        self.detected = detected
        self.queryBackground = queryBackground
        self.hitBackground = hitBackground ?? queryBackground
        self.nearest = nearest
        self.common = common
    }

    // The features, each finite.

    var topScore: Double { scores.first ?? -1 }

    /// How far the best hit is ahead of the one at `rank` (from 0), or of the last.
    func margin(_ rank: Int) -> Double {
        scores.isEmpty ? 0 : scores[0] - scores[min(rank, scores.count - 1)]
    }

    /// Of the routing, in nats; the probability that the categories lack counts as one more category.
    var entropy: Double {
        let shares = categories.map(\.probability).filter { $0 > 0 }
        let rest = 1 - shares.reduce(0, +)
        return -(shares + [rest]).filter { $0 > 1e-9 }.reduce(0) { $0 + $1 * log($1) }
    }

    /// The entropy, of the greatest that so many categories can have.
    var entropyShare: Double { categories.isEmpty ? 1 : entropy / log(Double(categories.count + 1)) }

    /// Expected share of the wanted category that the shelf holds.
    var expectedCoverage: Double { categories.reduce(0) { $0 + $1.probability * covered($1.name) } }

    /// The model's probability for the best hit's category.
    var agreement: Double {
        guard let first = hitCategories.first else { return 0 }
        return categories.last { exactlyEqual($0.name, first) }?.probability ?? 0
    }

    var hitCoverage: Double { hitCategories.first.map(covered) ?? 0 }

    /// How far the best hit is ahead of the second, or of a cosine of 0 where there is none.
    var lead: Double { (scores.first ?? 0) - (scores.dropFirst().first ?? 0) }

    /// How far the best score lies above a mean, in standard deviations.
    func deviations(_ background: Neighbourhood.Spread) -> Double {
        (topScore - background.mean) / background.deviation
    }

    /// The probability of the categories that the shelf has products of.
    var heldProbability: Double {
        let held = held ?? Set(hitCategories.map(ExactString.init))
        return categories.reduce(0) { held.contains(ExactString($1.name)) ? $0 + $1.probability : $0 }
    }

    /// 1 where the model does not know the best hit's category, and so cannot agree.
    var stranger: Double {
        guard let first = hitCategories.first else { return 0 }
        return categories.contains { exactlyEqual($0.name, first) } ? 0 : 1
    }

    /// Share of the next four hits that are of the best hit's category; it says little where most of the shelf is of it.
    var concord: Double {
        let others = hitCategories.dropFirst().prefix(4)
        guard let first = hitCategories.first, !others.isEmpty else { return 0 }
        let agreeing = Double(others.filter { exactlyEqual($0, first) }.count) / Double(others.count)
        return agreeing * min(1, 2 * (1 - common))
    }

    private func covered(_ category: String) -> Double {
        coverage.map { $0[ExactString(category)] ?? 0 } ?? 1
    }
}
