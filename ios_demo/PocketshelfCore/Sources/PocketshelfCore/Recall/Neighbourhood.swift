import Foundation

/// A shelf's own distances: in their units a query's cosines mean the same in every shop.
///
/// A cosine of 0.6 is far in a shop of alike shirts and near in one of groceries. Speaker verification solves the same
/// problem by score normalisation (Auckenthaler, Carey and Lloyd-Thomas, "Score normalization for text-independent
/// speaker verification systems", 2000): a score is measured in standard deviations of what a cohort scores. The cohort
/// here is a sample of the shelf's own products, the same in every session. Read at the first question.
public final class Neighbourhood: @unchecked Sendable {
    /// A mean and a standard deviation.
    public struct Spread: Equatable, Sendable {
        public let mean: Double
        public let deviation: Double

        public static let unknown = Spread(mean: 0, deviation: 1)

        public init(mean: Double, deviation: Double) {
            self.mean = mean
            self.deviation = deviation
        }

        /// Of numbers; a spread below `least` says nothing, as of a shelf with one product.
        init(of values: [Float], least: Double = Neighbourhood.leastSpread) {
            let count = Double(values.count)
            let mean = values.reduce(0.0) { $0 + Double($1) } / count
            let squares = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
            self.init(mean: mean, deviation: max(least, (squares / count).squareRoot()))
        }
    }

    /// Of the products; a shelf with fewer is its own cohort.
    static let cohortSize = 2048
    /// Of the cohort, to take nearest neighbours of.
    static let probes = 512
    static let leastSpread = 0.02

    private let shelf: any ShelfReader
    private let lock = NSLock()
    private var known: (vectors: [[Float]], nearest: Spread?)?

    public init(_ shelf: any ShelfReader) {
        self.shelf = shelf
    }

    /// Of length 1 each: the first picture of each of at most `cohortSize` products.
    func cohort() throws -> [[Float]] {
        try lock.withLock { try loaded().vectors }
    }

    /// Of a product's cosine to the nearest other product.
    public func nearest() throws -> Spread {
        try lock.withLock {
            let current = try loaded()
            if let nearest = current.nearest { return nearest }
            let nearest = Self.nearest(current.vectors)
            known = (current.vectors, nearest)
            return nearest
        }
    }

    /// Of the cosines of a vector to the cohort.
    ///
    /// - Throws: `usage`: the vector is of another dimension than the shelf's.
    public func background(_ vector: [Float]) throws -> Spread {
        guard vector.count == shelf.meta.dimension else {
            throw PocketshelfError.usage(
                "a vector of \(vector.count) numbers; the shelf's have \(shelf.meta.dimension)")
        }
        let cohort = try cohort()
        guard !cohort.isEmpty else { return .unknown }
        let length = Float(max(vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot(), 1e-6))
        let unit = vector.map { $0 / length }
        return Spread(of: cohort.map { dot($0, unit) })
    }

    private func loaded() throws -> (vectors: [[Float]], nearest: Spread?) {
        if let known { return known }
        let places = sampledPlaces(of: try shelf.count(), size: Self.cohortSize)
        let block = try shelf.firstVectors(at: places), dimension = shelf.meta.dimension
        let vectors = stride(from: 0, to: block.count, by: dimension).map { start -> [Float] in
            let row = block[start..<start + dimension]
            let squares = row.reduce(0) { $0 + Int($1) * Int($1) }
            let length = Float(max(Double(squares).squareRoot(), 1e-6))
            return row.map { Float($0) / length }
        }
        known = (vectors, nil)
        return (vectors, nil)
    }

    private static func nearest(_ cohort: [[Float]]) -> Spread {
        guard cohort.count >= 2 else { return .unknown }
        let best = cohort.prefix(probes).enumerated().map { i, probe in
            cohort.indices.reduce(Float(-1)) { $1 == i ? $0 : max($0, dot(probe, cohort[$1])) }
        }
        return Spread(of: best)
    }
}

/// The dot product of two vectors of one length.
func dot(_ a: [Float], _ b: [Float]) -> Float {
    a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
            var sums = SIMD8<Float>.zero
            var i = 0
            while i + 8 <= a.count {
                let left = UnsafeRawPointer(a.baseAddress! + i).loadUnaligned(as: SIMD8<Float>.self)
                let right = UnsafeRawPointer(b.baseAddress! + i).loadUnaligned(as: SIMD8<Float>.self)
                sums += left * right
                i += 8
            }
            var sum = sums.sum()
            while i < a.count {
                sum += a[i] * b[i]
                i += 1
            }
            return sum
        }
    }
}
