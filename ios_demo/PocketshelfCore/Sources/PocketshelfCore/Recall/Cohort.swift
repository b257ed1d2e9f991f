/// Which products of a shelf are its sample: the same in every session and in every language.
///
/// numpy's `default_rng(0).permutation(n)[:size]`, sorted: a PCG64 (O'Neill, "PCG: A Family of Simple Fast
/// Space-Efficient Statistically Good Algorithms for Random Number Generation", 2014) seeded with 0, whose 32-bit
/// halves drive a Fisher-Yates shuffle.
func sampledPlaces(of count: Int, size: Int) -> [Int] {
    guard count > size else { return Array(0..<count) }
    var places = Array(0..<count)
    var generator = Pcg64SeededWithZero()
    for i in stride(from: count - 1, to: 0, by: -1) {
        places.swapAt(i, Int(generator.next(atMost: UInt32(i))))
    }
    return places.prefix(size).sorted()
}

/// A 128-bit linear congruential generator with permuted output (XSL RR 128/64), in the state that numpy's seed 0 gives.
struct Pcg64SeededWithZero {
    private var high: UInt64 = 0x1AA1_B534_5996_452D
    private var low: UInt64 = 0x0958_5EB7_A695_61E3
    private var spare: UInt32?

    private static let multiplier: (high: UInt64, low: UInt64) = (0x2360_ED05_1FC6_5DA4, 0x4385_DF64_9FCC_F645)
    private static let increment: (high: UInt64, low: UInt64) = (0x418D_DADB_3AF7_1A82, 0x5881_33BC_4478_73A9)

    init() {}

    /// A number in [0, most], by masked rejection.
    mutating func next(atMost most: UInt32) -> UInt32 {
        let mask = most == 0 ? 0 : UInt32.max >> UInt32(most.leadingZeroBitCount)
        while true {
            let value = next32() & mask
            if value <= most { return value }
        }
    }

    /// The lower half of a 64-bit number first, then its upper half.
    private mutating func next32() -> UInt32 {
        if let value = spare {
            spare = nil
            return value
        }
        let value = next64()
        spare = UInt32(truncatingIfNeeded: value >> 32)
        return UInt32(truncatingIfNeeded: value)
    }

    private mutating func next64() -> UInt64 {
        let product = low.multipliedFullWidth(by: Self.multiplier.low)
        let upper = product.high &+ high &* Self.multiplier.low &+ low &* Self.multiplier.high
        let (sum, carry) = product.low.addingReportingOverflow(Self.increment.low)
        low = sum
        high = upper &+ Self.increment.high &+ (carry ? 1 : 0)
        let mixed = high ^ low, turn = high >> 58
        return mixed >> turn | mixed << ((64 &- turn) & 63)
    }
}
