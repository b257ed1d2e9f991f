/// A picture's vector as shards store it: round(v · 127 / max|v|), half to even, in single precision.
///
/// - Throws: `usage`: it holds NaN or infinity.
public func quantized(_ vector: [Float]) throws -> [Int8] {
    guard vector.allSatisfy(\.isFinite) else {
        throw PocketshelfError.usage("a vector holds NaN or infinity")
    }
    let top = vector.reduce(Float(0)) { max($0, abs($1)) }
    // Divided first: 127 / top would overflow for vectors of nearly no length.
    let scale = top > 0 ? top : 1
    return vector.map { Int8(($0 / scale * 127).rounded(.toNearestOrEven)) }
}
