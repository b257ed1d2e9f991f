import Foundation

/// A linear classifier of vectors in a bundle's space, as the Python SDK describes it
/// (`pocketshelf.formats.linear_head`).
public struct LinearHead: Sendable {
    /// Of a scale and a bias: more than any head needs. Beyond what a float holds there would be no classes at all.
    private static let largest = 1e6

    /// The classes that it tells apart; of another it says nothing.
    public let names: [String]
    /// A row of `dimension` numbers for each class.
    let weights: [[Float]]
    let bias: [Float]

    var dimension: Int { weights[0].count }

    /// How likely each class is beside the likeliest one: 1 for that, above 0 for others.
    ///
    /// - Parameter vector: `dimension` numbers, of any length.
    func looks(_ vector: [Float]) -> [Float] {
        let row = normalised(vector)
        let logits = zip(weights, bias).map { dot(row, $0) + $1 }
        let top = logits.max() ?? 0
        return logits.map { exp($0 - top) }
    }

    /// The softmax of a vector's logits.
    ///
    /// - Parameter vector: `dimension` numbers, of any length.
    func probabilities(_ vector: [Float]) -> [Float] {
        let looks = looks(vector)
        let total = looks.reduce(0, +)
        return looks.map { $0 / total }
    }
}

extension LinearHead {
    /// - Throws: the error of `part`: it is not the format.
    init(_ part: Fields, dimension: Int) throws {
        let names = try part.texts("names")
        let scales = try part.numbers("scales", low: -Self.largest, high: Self.largest)
        let bias = try part.numbers("bias", low: -Self.largest, high: Self.largest)
        guard let rounded = Data(base64Encoded: try part.text("weights")).map(Array.init) else {
            throw part.error("weights", "is no base64")
        }
        // Divided: the product of two numbers from outside may be beyond 63 bits.
        guard scales.count == names.count, bias.count == names.count, rounded.count % names.count == 0,
            rounded.count / names.count == dimension
        else { throw part.error("weights", "is not \(dimension) numbers, a scale and a bias for each name") }
        self.names = names
        weights = scales.enumerated().map { name, scale in
            rounded[name * dimension..<(name + 1) * dimension].map { Float(Int8(bitPattern: $0)) * Float(scale) }
        }
        self.bias = bias.map { Float($0) }
    }
}
