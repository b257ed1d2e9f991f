// Which products' features a photo's features are like, without comparing all with all: some of the shelf's descriptors
// stand for their neighbourhoods ("words", an inverted file: Sivic and Zisserman, ICCV 2003); a photo's feature is
// compared with the features of the nearest words alone.

/// 256 bits that describe a corner.
struct Descriptor: Equatable, Sendable {
    let bits: SIMD4<UInt64>

    /// - Parameter from: 32 bytes.
    @inline(__always)
    init(_ from: UnsafeRawPointer) { bits = from.loadUnaligned(as: SIMD4<UInt64>.self) }

    /// In how many bits the two differ.
    @inline(__always)
    func distance(_ other: Descriptor) -> Int {
        let apart = bits ^ other.bits
        return apart[0].nonzeroBitCount &+ apart[1].nonzeroBitCount &+ apart[2].nonzeroBitCount
            &+ apart[3].nonzeroBitCount
    }

    /// Those of so many bytes.
    static func each(_ bytes: some Collection<UInt8>) -> [Descriptor] {
        let bytes = ContiguousArray(bytes)
        return bytes.withUnsafeBytes { raw in
            (0..<raw.count / 32).map { Descriptor(raw.baseAddress! + 32 * $0) }
        }
    }
}

/// Places of the `probes` nearest words of each descriptor, nearest first; of several as near the first.
func assigned(_ descriptors: [Descriptor], words: [Descriptor], probes: Int) -> [[Int]] {
    let probes = min(probes, words.count)
    return descriptors.map { descriptor in
        var near: [(distance: Int, word: Int)] = []
        for (place, word) in words.enumerated() {
            let distance = descriptor.distance(word)
            if near.count == probes {
                guard let last = near.last, distance < last.distance else { continue }
                near.removeLast()
            }
            let at = near.lastIndex { $0.distance <= distance }.map { $0 + 1 } ?? 0
            near.insert((distance, place), at: at)
        }
        return near.map(\.word)
    }
}

/// The features of a shelf by their words.
struct Inverted: Sendable {
    static let probes = 6
    /// Farther apart than so many of 256 bits, two features are of different corners.
    private static let nearBits = 64
    /// A photo's feature may be compared with so many of the shelf's: a bomb of equal features costs no more.
    private static let mostPairs = 4_000_000

    private let table: FeatureTable
    private let words: [Descriptor]
    /// The features word by word; of a word in their order.
    private let order: [Int32]
    /// Where each word's begin, and at last where they end.
    private let starts: [Int32]
    /// The place of each feature's product.
    private let owners: [Int32]

    init(_ table: FeatureTable) {
        let words = Descriptor.each(table.words)
        var starts = [Int32](repeating: 0, count: words.count + 1)
        var order = [Int32](repeating: 0, count: table.features)
        table.rows.withUnsafeBytes { raw in
            for feature in 0..<table.features { starts[Int(FeatureTable.word(raw, feature)) + 1] += 1 }
            for word in 0..<words.count { starts[word + 1] += starts[word] }
            var next = starts
            for feature in 0..<table.features {
                let word = Int(FeatureTable.word(raw, feature))
                order[Int(next[word])] = Int32(feature)
                next[word] += 1
            }
        }
        var owners: [Int32] = []
        owners.reserveCapacity(table.features)
        for (product, count) in table.counts.enumerated() {
            for _ in 0..<count { owners.append(Int32(product)) }
        }
        (self.table, self.words, self.order) = (table, words, order)
        (self.starts, self.owners) = (starts, owners)
    }

    /// Places of at most `most` products that the features of a photo speak for, loudest first.
    ///
    /// Each feature has for a product as much of a voice as they are alike, and less where many products have such a
    /// corner.
    func votes(_ photo: [Descriptor], most: Int) -> [Int] {
        guard !words.isEmpty, !photo.isEmpty else { return [] }
        let probed = assigned(photo, words: words, probes: Self.probes)
        let share = max(1, Self.mostPairs / max(1, photo.count * probed[0].count))
        var total = [Double](repeating: 0, count: table.counts.count)
        var likest = [Int](repeating: -1, count: table.counts.count), heard: [Int] = []
        table.rows.withUnsafeBytes { raw in
            for (descriptor, near) in zip(photo, probed) {
                for word in near {
                    let from = Int(starts[word]), to = min(Int(starts[word + 1]), from + share)
                    for at in from..<to {
                        let feature = Int(order[at])
                        let own = Descriptor(raw.baseAddress! + FeatureTable.rowBytes * feature + 8)
                        let bits = descriptor.distance(own)
                        if bits > Self.nearBits { continue }
                        // Of a product's corners, the likest one speaks for the photo's.
                        let owner = Int(owners[feature]), voice = Self.nearBits + 1 - bits
                        if likest[owner] < 0 { heard.append(owner) }
                        likest[owner] = max(likest[owner], voice)
                    }
                }
                let shared = Double(heard.count).squareRoot()
                for owner in heard {
                    total[owner] += Double(likest[owner]) / shared
                    likest[owner] = -1
                }
                heard.removeAll(keepingCapacity: true)
            }
        }
        let loudest = total.indices.filter { total[$0] > 0 }.sorted {
            total[$0] != total[$1] ? total[$0] > total[$1] : $0 < $1
        }
        return Array(loudest.prefix(most))
    }
}
