import CScan

/// The query is rounded to int8 for the scan; so many more candidates make up for it before the rescoring.
private let spareCandidates = 16

/// The exact scan: every picture of a category, by int8 dot products.
public final class ExactIndex: CategoryIndex {
    private let ids: [String]
    private let vectors: [Int8]
    private let dimension: Int
    /// Where each product's pictures begin, and after them their number.
    private let starts: [Int]
    private let lengths: [Float]
    /// Whether every product has one picture.
    private let isFlat: Bool

    public init(_ pictures: CategoryVectors) {
        ids = pictures.productIds
        vectors = pictures.block
        dimension = pictures.dimension
        var starts: [Int] = []
        for (picture, owner) in pictures.owners.enumerated() where starts.count <= Int(owner) {
            starts.append(picture)
        }
        starts.append(pictures.owners.count)
        self.starts = starts
        isFlat = pictures.owners.count == ids.count
        lengths = vectors.withUnsafeBufferPointer { bytes in
            (0..<pictures.owners.count).map { picture in
                let row = bytes[picture * pictures.dimension..<(picture + 1) * pictures.dimension]
                return max(Float(row.reduce(0) { $0 + Int($1) * Int($1) }).squareRoot(), 1e-6)
            }
        }
    }

    /// Which instructions scan here, as `cscan_instructions` says.
    public static var instructions: String { String(cString: cscan_instructions()) }

    public func search(_ vector: [Float], count: Int) throws -> [Match] {
        guard !ids.isEmpty, count >= 1 else { return [] }
        let query = try Query(vector, dimension: dimension)
        let rounded = scan(query.rounded)
        let wanted = min(count, ids.count - min(ids.count, spareCandidates)) + min(ids.count, spareCandidates)
        let least = Self.greatest(rounded, place: wanted)
        // Whoever ties with the last one enters, too: which of equals are found depends on their ids alone.
        let found = rounded.indices.filter { rounded[$0] >= least }
            .map { Match(productId: ids[$0], score: score(query, product: $0)) }
        return Array(found.sorted(by: Match.ranksBefore).prefix(count))
    }

    /// The best rounded cosine of each product.
    private func scan(_ query: [Int8]) -> [Double] {
        let pictures = lengths.count
        let cosines = [Double](unsafeUninitializedCapacity: pictures) { cosines, filled in
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: pictures) { dots in
                vectors.withUnsafeBufferPointer { vectors in
                    cscan_dots(query, vectors.baseAddress, pictures, dimension, dots.baseAddress)
                }
                lengths.withUnsafeBufferPointer { lengths in
                    for i in 0..<pictures { cosines[i] = Double(dots[i]) / Double(lengths[i]) }
                }
            }
            filled = pictures
        }
        guard !isFlat else { return cosines }
        return ids.indices.map { product in cosines[starts[product]..<starts[product + 1]].max() ?? -1 }
    }

    /// The cosine of a product's best picture.
    private func score(_ query: Query, product: Int) -> Double {
        vectors.withUnsafeBufferPointer { bytes in
            (starts[product]..<starts[product + 1]).reduce(-2) {
                max($0, query.cosine(bytes.baseAddress! + $1 * dimension))
            }
        }
    }

    /// The number at `place` (from 1) of the greatest, by a heap of that size whose top is the least in it.
    private static func greatest(_ values: [Double], place: Int) -> Double {
        values.withUnsafeBufferPointer { values in
            withUnsafeTemporaryAllocation(of: Double.self, capacity: place) { heap in
                heap.baseAddress!.initialize(from: values.baseAddress!, count: place)
                for i in stride(from: place / 2 - 1, through: 0, by: -1) { sift(heap, i) }
                for i in place..<values.count where values[i] > heap[0] {
                    heap[0] = values[i]
                    sift(heap, 0)
                }
                return heap[0]
            }
        }
    }

    private static func sift(_ heap: UnsafeMutableBufferPointer<Double>, _ from: Int) {
        var at = from
        while true {
            var least = at
            for child in [2 * at + 1, 2 * at + 2] where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            if least == at { return }
            heap.swapAt(at, least)
            at = least
        }
    }
}
