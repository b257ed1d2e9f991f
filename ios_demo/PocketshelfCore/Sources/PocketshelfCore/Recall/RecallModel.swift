import Foundation

/// Estimates the probability that the wanted product is among the local hits; `RecallModel` is one.
public protocol RecallEstimator: Sendable {
    /// The probability, or nil where there is no calibration to say.
    func estimate(_ signals: Signals) -> Double?
    /// Whether an estimate is good enough to answer locally.
    func suffices(_ recall: Double) -> Bool
}

/// A parsed "recall" block of `bundle.json`: a logistic model over standardised features,
/// p = 1 / (1 + exp(-(bias + Σ weight · (x - mean) / scale))). Below `threshold` the app asks the server, or, of the
/// model of confidence, does not trust what it found; below `absent` it says "nothing like this here". See the Python
/// SDK (`pocketshelf.recall.model`).
public struct RecallModel: RecallEstimator {
    /// One term.
    struct Term: Sendable {
        let feature: RecallFeature
        let mean: Double
        let scale: Double
        let weight: Double
    }

    let terms: [Term]
    let bias: Double
    public let threshold: Double
    /// nil where the bundle does not tell.
    public let absent: Double?

    public func estimate(_ signals: Signals) -> Double? { probability(signals) }

    /// In (0, 1).
    public func probability(_ signals: Signals) -> Double {
        let sum = terms.reduce(0) { $0 + $1.weight * ($1.feature.value(signals) - $1.mean) / $1.scale }
        // Beyond this the exponential overflows, and nothing that matters changes.
        return 1 / (1 + exp(-max(-40, min(40, bias + sum))))
    }

    public func suffices(_ recall: Double) -> Bool { recall >= threshold }

    /// Whether it is so low that the shop has nothing like it; nil where the bundle does not tell.
    public func saysAbsent(_ confidence: Double) -> Bool? { absent.map { confidence < $0 } }

    /// The estimate of local recall; nil if the block describes none.
    ///
    /// - Throws: `bundle`: malformed, of an unknown version, or with a feature that is unknown here.
    public static func ofRecall(_ block: JsonObject?) throws -> RecallModel? {
        guard let block else { return nil }
        guard block["features"] != nil else { return old(block) }
        let top = try Fields(.object(block), where: place, kind: .bundle)
        let known = try version(top) == 1 ? RecallFeature.ofVersion1 : RecallFeature.ofVersion2
        return try RecallModel(top, known)
    }

    /// The model of an answer's confidence; nil where the bundle has none, as before version 2.
    ///
    /// - Throws: as `ofRecall`.
    public static func ofConfidence(_ block: JsonObject?) throws -> RecallModel? {
        guard let block, block["confidence"] != nil, block["features"] != nil else { return nil }
        let top = try Fields(.object(block), where: place, kind: .bundle)
        return try version(top) > 1 ? RecallModel(top.child("confidence"), RecallFeature.ofConfidence) : nil
    }

    private static let place = "bundle.json: recall"

    private static func version(_ top: Fields) throws -> Int {
        let version = try top.integer("version")
        guard version == 1 || version == 2 else { throw top.error("version", "is none of 1, 2; update pocketshelf") }
        _ = try top.integer("k", low: 1)
        return version
    }

    private init(_ model: Fields, _ known: [RecallFeature]) throws {
        let part = try model.child("features")
        terms = try part.names.map { name in
            guard let feature = known.first(where: { exactlyEqual($0.name, name) }) else {
                let names = known.map(\.name).joined(separator: ", ")
                throw part.error(name, "is no feature known here (\(names)); update pocketshelf")
            }
            let entry = try part.child(name), scale = try entry.number("scale")
            guard scale > 0 else { throw entry.error("scale", "must be above 0") }
            return Term(
                feature: feature, mean: try entry.number("mean"), scale: scale, weight: try entry.number("weight"))
        }
        bias = try model.number("bias")
        threshold = try model.number("threshold", low: 0, high: 1)
        let tells = model.names.contains { exactlyEqual($0, "absent") }
        absent = tells ? try model.child("absent").number("threshold", low: 0, high: 1) : nil
    }

    private init(terms: [Term], bias: Double, threshold: Double) {
        (self.terms, self.bias, self.threshold, absent) = (terms, bias, threshold, nil)
    }

    /// A block from before version 1: p = 1 / (1 + exp(-(b + s · s1 + m · (s1 - s2)))), 0 without a hit.
    private static func old(_ block: JsonObject) -> RecallModel? {
        func number(_ name: String) -> Double? {
            switch block[name] {
            case .integer(let value)?: return Double(value)
            case .number(let value)?: return value
            case .bool(let value)?: return value ? 1 : 0
            default: return nil
            }
        }
        guard let bias = number("bias"), let score = number("score"), let margin = number("margin") else { return nil }
        // Without a hit the probability is as good as 0.
        let weights: [(mean: Double, weight: Double)] = [(0, score), (0, margin), (1, 1e6)]
        let terms = zip(RecallFeature.before, weights).map {
            Term(feature: $0, mean: $1.mean, scale: 1, weight: $1.weight)
        }
        return RecallModel(terms: terms, bias: bias, threshold: number("threshold") ?? 0.5)
    }
}
