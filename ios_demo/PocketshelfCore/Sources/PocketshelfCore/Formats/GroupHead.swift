import Foundation

/// What a vector looks like to be of, by a detector's groups: a linear head in the bundle's space, as the Python SDK
/// describes it (`pocketshelf.formats.group_head`).
public struct GroupHead: Sendable {
    /// A group is among a category's from this share of its likeliest group's probability on.
    private static let share = 0.5

    /// The groups that it tells apart; of another it says nothing.
    public let names: [String]
    /// A row of `dimension` numbers for each group.
    let weights: [[Float]]
    let bias: [Float]

    /// Which groups the products of one category are of: by the mean of their probabilities.
    ///
    /// - Parameter vectors: n rows of `dimension` signed bytes, n above 0: some products' pictures.
    func groups(_ vectors: [Int8]) -> Set<ExactString> {
        let dimension = weights[0].count
        var sums = [Double](repeating: 0, count: names.count)
        for start in stride(from: 0, to: vectors.count, by: dimension) {
            let row = normalised(vectors[start..<start + dimension].map(Float.init))
            let each = softmax(zip(weights, bias).map { dot(row, $0) + $1 })
            for (group, probability) in each.enumerated() { sums[group] += probability }
        }
        let least = Self.share * (sums.max() ?? 0)
        return Set(zip(names, sums).filter { $1 >= least }.map { ExactString($0.0) })
    }

    /// How likely `group` is beside the likeliest one of a product's picture, 1 for that; nil of a group that is none
    /// of `names`.
    ///
    /// - Parameter vector: `dimension` numbers, of any length.
    func look(_ vector: [Float], group: String) -> Double? {
        guard let index = names.firstIndex(where: { exactlyEqual($0, group) }) else { return nil }
        let row = normalised(vector)
        let logits = zip(weights, bias).map { dot(row, $0) + $1 }
        return Double(exp(logits[index] - (logits.max() ?? 0)))
    }
}

extension GroupHead {
    /// - Parameter known: the detector's groups.
    /// - Throws: the error of `part`: it is not the format, or of other groups than `known`.
    init(_ part: Fields, dimension: Int, known: [String]) throws {
        let names = try part.texts("names")
        if let stranger = names.first(where: { name in !known.contains { exactlyEqual($0, name) } }) {
            throw part.error("names", "names '\(stranger)', which is none of the detector's groups")
        }
        let scales = try part.numbers("scales"), bias = try part.numbers("bias")
        guard let rounded = Data(base64Encoded: try part.text("weights")).map(Array.init) else {
            throw part.error("weights", "is no base64")
        }
        // Divided: the product of two numbers from outside may be beyond 63 bits.
        guard scales.count == names.count, bias.count == names.count, rounded.count % names.count == 0,
            rounded.count / names.count == dimension
        else { throw part.error("weights", "is not \(dimension) numbers, a scale and a bias for each name") }
        self.names = names
        weights = scales.enumerated().map { group, scale in
            rounded[group * dimension..<(group + 1) * dimension].map { Float(Int8(bitPattern: $0)) * Float(scale) }
        }
        self.bias = bias.map { Float($0) }
    }
}
