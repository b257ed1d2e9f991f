/// Names with their probabilities, in the order of the bundle that names them.
public struct Probabilities: Sendable {
    public let names: [String]
    public let values: [Double]
    private let places: [ExactString: Int]

    /// - Precondition: as many values as names, no name twice.
    public init(names: [String], values: [Double]) {
        precondition(names.count == values.count, "every name has one probability")
        self.names = names
        self.values = values
        places = Dictionary(names.enumerated().map { (ExactString($1), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The same names with other values.
    func with(_ values: [Double]) -> Probabilities { Probabilities(self, values) }

    private init(_ other: Probabilities, _ values: [Double]) {
        precondition(other.names.count == values.count, "every name has one probability")
        names = other.names
        places = other.places
        self.values = values
    }

    /// The probability of a name; nil where the model does not know it.
    public subscript(name: String) -> Double? { places[ExactString(name)].map { values[$0] } }

    /// Name and probability, in order.
    public var pairs: [NamedProbability] { zip(names, values).map { NamedProbability($0, $1) } }

    /// The likeliest, likeliest first; equal ones in the bundle's order.
    public func top(_ count: Int) -> [NamedProbability] {
        Array(pairs.sortedDescending(by: \.probability).prefix(count))
    }
}

/// A category or label, and how likely it is.
public struct NamedProbability: Hashable, Sendable {
    public let name: String
    /// In [0, 1].
    public let probability: Double

    public init(_ name: String, _ probability: Double) {
        self.name = name
        self.probability = probability
    }
}
