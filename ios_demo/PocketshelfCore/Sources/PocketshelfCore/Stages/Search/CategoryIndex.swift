/// A product and its cosine to the query.
public struct Match: Equatable, Sendable {
    public let productId: String
    public let score: Double

    public init(productId: String, score: Double) {
        self.productId = productId
        self.score = score
    }

    /// Best first; equal ones by their ids.
    static func ranksBefore(_ a: Match, _ b: Match) -> Bool {
        a.score != b.score ? a.score > b.score : precedes(a.productId, b.productId)
    }
}

/// The pictures of one category.
public protocol CategoryIndex: AnyObject, Sendable {
    /// The best `count` products for a query, best first, each once.
    ///
    /// - Throws: `usage`: the query holds NaN or infinity, or is of another dimension.
    func search(_ vector: [Float], count: Int) throws -> [Match]
}

/// A query, rounded for the first pass and as it was for the last.
struct Query {
    let exact: [Float]
    let rounded: [Int8]
    private let length: Double

    /// - Throws: `usage`: NaN or infinity in it, or another dimension than the shelf's.
    init(_ vector: [Float], dimension: Int) throws {
        guard vector.count == dimension else {
            throw PocketshelfError.usage("a query of \(vector.count) numbers; the shelf's vectors have \(dimension)")
        }
        exact = vector
        rounded = try quantized(vector)
        length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }

    /// The cosine to a stored vector: summed in double precision and rounded once, so that equal vectors have equal
    /// cosines whatever index found them, in every language.
    func cosine(_ vector: UnsafePointer<Int8>) -> Double {
        var dot = 0.0, squares = 0
        for i in exact.indices {
            let number = Int(vector[i])
            dot += Double(number) * Double(exact[i])
            squares += number * number
        }
        return Double(Float(dot / max(Double(squares).squareRoot() * length, 1e-6)))
    }

    /// The cosine to the best of a product's pictures.
    func likeness(_ pictures: [Int8]) -> Double {
        pictures.withUnsafeBufferPointer { bytes in
            stride(from: 0, to: bytes.count, by: exact.count).reduce(-2) { max($0, cosine(bytes.baseAddress! + $1)) }
        }
    }
}
