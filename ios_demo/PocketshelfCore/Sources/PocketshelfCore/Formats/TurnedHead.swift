/// Whether a vector looks like that of a turned picture: a linear head in the bundle's space, as the Python SDK
/// describes it (`pocketshelf.formats.turned_head`).
///
/// It does not say which side is up: a picture turned to the left is one turned to the right in the mirror.
public struct TurnedHead: Sendable {
    /// Its classes, in this order.
    static let names = ["upright", "sideways", "upside down"]
    /// Quarter turns, anticlockwise, that put a picture of each right.
    private static let turns = [[], [1, 3], [2]]

    /// Of `names`.
    public let linear: LinearHead
    /// The probability from which on a class is believed.
    public let threshold: Double

    /// By how many quarters, anticlockwise, a picture should be turned to be looked at again, fewest first; none where
    /// it looks upright, or nothing is believed.
    ///
    /// - Parameter vector: `dimension` numbers, of any length.
    func turns(_ vector: [Float]) -> [Int] {
        let least = Float(threshold)
        return zip(linear.probabilities(vector), Self.turns).flatMap { $0 >= least ? $1 : [] }.sorted()
    }
}

extension TurnedHead {
    /// - Throws: the error of `part`: it is no `LinearHead`, of other classes than `names`, or its threshold is no
    ///   probability.
    init(_ part: Fields, dimension: Int) throws {
        guard try part.texts("names").elementsEqual(Self.names, by: exactlyEqual) else {
            throw part.error("names", "is not \(Self.names.joined(separator: ", "))")
        }
        linear = try LinearHead(part, dimension: dimension)
        threshold = try part.number("threshold", low: 0, high: 1)
    }
}
