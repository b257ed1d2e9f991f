/// The local features of a shelf's prints. Format, version 2, little-endian:
///
///     uint64 sequence            of the shard that they are all the features of; of one that was changed since,
///                                pictures that came later may lack theirs
///     uint32 products · uint32 features · uint32 words
///     uint16 (products)          features of each product, in the order of the shard's ids
///     uint16 (products)          shape of its picture: 1,024 · width / height
///     uint8 (words, 32)          descriptors that stand for their neighbourhoods
///     features, 40 bytes each    uint16 word · uint16 x · uint16 y (65,535ths of the picture's width and height)
///                                · uint8 size (32nds of an octave, 128 = none) · uint8 angle (256ths of a turn)
///                                · 32 bytes of descriptor
///
/// Changes hold some products alone: behind the head, which counts them, uint32 (products) are their places among the
/// shard's ids, ascending; the rest is as above, without words, since those of the older table go on.
public struct FeatureTable: Sendable {
    static let mostProducts = 100_000, mostFeatures = 150, mostWords = 4096
    static let descriptorBytes = 32, rowBytes = 40
    /// So many parts of a picture's height is its width.
    static let shapeParts = 1024
    private static let headBytes = 20

    /// Of the shard that they are all the features of.
    public let sequence: UInt64
    /// Of each product.
    let counts: [UInt16]
    let shapes: [UInt16]
    /// 32 bytes each.
    let words: ArraySlice<UInt8>
    /// 40 bytes each, product after product.
    let rows: ArraySlice<UInt8>
    /// Where each product's features begin, and at last where they end.
    let starts: [Int]

    private init(
        sequence: UInt64, counts: [UInt16], shapes: [UInt16], words: ArraySlice<UInt8>, rows: ArraySlice<UInt8>
    ) {
        (self.sequence, self.counts, self.shapes, self.words, self.rows) = (sequence, counts, shapes, words, rows)
        var starts = [0]
        starts.reserveCapacity(counts.count + 1)
        for count in counts { starts.append(starts[starts.count - 1] + Int(count)) }
        self.starts = starts
    }

    /// The table of a shard with so many `products`; nil where the bytes are not of this format.
    ///
    /// The words and the features are the bytes themselves: nothing is copied.
    public init?(_ bytes: [UInt8], products: Int) {
        self.init(bytes[...], products: products, words: nil)
    }

    private init?(_ bytes: ArraySlice<UInt8>, products: Int, words known: ArraySlice<UInt8>?) {
        guard let head = Head(bytes), head.products == products, head.words == 0 || known == nil else { return nil }
        let start = bytes.startIndex + Self.headBytes, middle = start + 4 * head.products
        let rows = middle + Self.descriptorBytes * head.words
        guard bytes.endIndex == rows + Self.rowBytes * head.features else { return nil }
        let numbers = bytes[start..<middle].withUnsafeBytes { raw in
            (0..<2 * head.products).map {
                UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self))
            }
        }
        self.init(
            sequence: head.sequence, counts: Array(numbers[..<head.products]),
            shapes: Array(numbers[head.products...]), words: known ?? bytes[middle..<rows], rows: bytes[rows...])
        guard isSound else { return nil }
    }

    private var isSound: Bool {
        let features = rows.count / Self.rowBytes, held = words.count / Self.descriptorBytes
        guard starts[counts.count] == features, counts.allSatisfy({ $0 <= Self.mostFeatures }),
            shapes.allSatisfy({ $0 > 0 })
        else { return false }
        return rows.withUnsafeBytes { raw in
            (0..<features).allSatisfy { Int(Self.word(raw, $0)) < held }
        }
    }

    /// How many products have features.
    public var prints: Int { counts.reduce(0) { $0 + ($1 > 0 ? 1 : 0) } }

    /// How many features there are.
    var features: Int { starts[counts.count] }

    /// The word of a feature among all.
    @inline(__always)
    static func word(_ rows: UnsafeRawBufferPointer, _ feature: Int) -> UInt16 {
        UInt16(littleEndian: rows.loadUnaligned(fromByteOffset: rowBytes * feature, as: UInt16.self))
    }

    /// The features of the product at a place, as they were kept; nil where it has none.
    func print(_ place: Int) -> LocalFeatures? {
        let range = starts[place]..<starts[place + 1]
        guard !range.isEmpty else { return nil }
        var found = LocalFeatures()
        rows.withUnsafeBytes { raw in
            for feature in range {
                let at = Self.rowBytes * feature
                func number(_ offset: Int) -> Float {
                    Float(UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: at + offset, as: UInt16.self)))
                }
                found.points += [number(2) / 65535, number(4) / 65535]
                found.sizes.append((Float(raw[at + 6]) - 128) / 32)
                found.angles.append(Float(raw[at + 7]) / 256)
                found.descriptors += raw[at + 8..<at + Self.rowBytes]
            }
        }
        return found
    }

    /// The file's bytes.
    public var bytes: [UInt8] {
        var out = Self.head(sequence, counts.count, features, words.count / Self.descriptorBytes)
        out.reserveCapacity(out.count + 4 * counts.count + words.count + rows.count)
        for number in counts + shapes { out += [UInt8(number & 0xFF), UInt8(number >> 8)] }
        return out + words + rows
    }

    /// The table that changes lead to; nil where the bytes are none for this one.
    func changed(_ bytes: [UInt8]) -> FeatureTable? {
        guard let head = Head(bytes[...]), head.products <= counts.count else { return nil }
        let end = Self.headBytes + 4 * head.products
        guard bytes.count >= end else { return nil }
        let places = bytes.withUnsafeBytes { raw in
            (0..<head.products).map {
                Int(UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: Self.headBytes + 4 * $0, as: UInt32.self)))
            }
        }
        let rest = bytes[..<Self.headBytes] + bytes[end...]
        guard let found = FeatureTable(rest, products: head.products, words: words),
            zip(places, places.dropFirst()).allSatisfy({ $0 < $1 }), places.allSatisfy({ $0 < counts.count })
        else { return nil }
        let changedAt = Dictionary(uniqueKeysWithValues: places.enumerated().map { ($1, $0) })
        return FeatureTable.assembled(sequence: found.sequence, words: words, products: counts.count) { place in
            changedAt[place].map { (found, $0) } ?? (self, place)
        }
    }

    /// The table of products each of which has the features of one in another table, of the same words, or none.
    static func assembled(
        sequence: UInt64, words: ArraySlice<UInt8>, products: Int, _ source: (Int) -> (FeatureTable, Int)?
    ) -> FeatureTable {
        var counts: [UInt16] = [], shapes: [UInt16] = [], rows: [UInt8] = []
        for place in 0..<products {
            guard let (table, own) = source(place), table.counts[own] > 0 else {
                counts.append(0)
                shapes.append(UInt16(shapeParts))
                continue
            }
            counts.append(table.counts[own])
            shapes.append(table.shapes[own])
            let start = table.rows.startIndex
            rows += table.rows[start + rowBytes * table.starts[own]..<start + rowBytes * table.starts[own + 1]]
        }
        return FeatureTable(sequence: sequence, counts: counts, shapes: shapes, words: words, rows: rows[...])
    }

    /// The longest that the features of so many products can be, and changes of as many.
    static func mostBytes(products: Int) -> Int {
        let each = 8 + mostFeatures * rowBytes
        return headBytes + mostWords * descriptorBytes + min(products, mostProducts) * each
    }

    /// The same, and no more than a phone holds in its memory: those of about 20,000 products.
    static func mostHeld(products: Int) -> Int { min(mostBytes(products: products), 128 << 20) }

    /// What the features at `sequence` are signed as, or their changes from `base`.
    static func targetName(shard: String, sequence: Int, base: UInt64? = nil) -> String {
        "\(shard)/features-\(base.map { "\($0)-" } ?? "")\(sequence).gz"
    }

    private static func head(_ sequence: UInt64, _ numbers: Int...) -> [UInt8] {
        let first = (0..<8).map { UInt8(truncatingIfNeeded: sequence >> (8 * UInt64($0))) }
        return numbers.reduce(into: first) { out, number in
            out += (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        }
    }

    private struct Head {
        let sequence: UInt64
        let products: Int
        let features: Int
        let words: Int

        /// nil where the bytes are too few, or tell of more than there may be.
        init?(_ bytes: ArraySlice<UInt8>) {
            guard bytes.count >= FeatureTable.headBytes else { return nil }
            (sequence, products, features, words) = bytes.withUnsafeBytes { raw in
                func number(_ at: Int) -> Int {
                    Int(UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
                }
                return (
                    UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 0, as: UInt64.self)), number(8), number(12),
                    number(16)
                )
            }
            guard products <= FeatureTable.mostProducts, words <= FeatureTable.mostWords else { return nil }
        }
    }
}
