/// What a vector looks like to be of, by a detector's groups: a linear head in the bundle's space, as the Python SDK
/// describes it (`pocketshelf.formats.group_head`).
public struct GroupHead: Sendable {
    /// A group is among a category's from this share of its likeliest group's probability on.
    private static let share: Float = 0.5

    public let linear: LinearHead

    /// The groups that it tells apart; of another it says nothing.
    public var names: [String] { linear.names }

    /// Which groups the products of one category are of: by the mean of their probabilities.
    ///
    /// - Parameter vectors: n rows of `dimension` signed bytes, n above 0: some products' pictures.
    func groups(_ vectors: [Int8]) -> Set<ExactString> {
        let dimension = linear.dimension
        var sums = [Float](repeating: 0, count: names.count)
        for start in stride(from: 0, to: vectors.count, by: dimension) {
            let each = linear.probabilities(vectors[start..<start + dimension].map(Float.init))
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
        names.firstIndex { exactlyEqual($0, group) }.map { Double(linear.looks(vector)[$0]) }
    }
}

extension GroupHead {
    /// - Parameter known: the detector's groups.
    /// - Throws: the error of `part`: it is no `LinearHead`, or of other groups than `known`.
    init(_ part: Fields, dimension: Int, known: [String]) throws {
        if let stranger = try part.texts("names").first(where: { name in !known.contains { exactlyEqual($0, name) } }) {
            throw part.error("names", "names '\(stranger)', which is none of the detector's groups")
        }
        linear = try LinearHead(part, dimension: dimension)
    }
}
