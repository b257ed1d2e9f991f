/// A corner in a picture's own pixels.
struct Corner {
    let x: Int
    let y: Int
    /// How much it is one: FAST's score, then Harris's.
    var strength: Float
}

/// Corners by FAST-9/16 (Rosten and Drummond, ECCV 2006): of the 16 pixels of a circle nine in a row are all brighter
/// than the middle by more than `threshold`, or all darker. Of neighbours the strongest stays.
///
/// - Parameter edge: none is closer to the picture's edge than so many pixels.
/// - Returns: row by row.
func fastCorners(_ image: GreyImage, threshold: Int, edge: Int) -> [Corner] {
    let width = image.width, height = image.height
    guard width > 2 * edge, height > 2 * edge else { return [] }
    var scores = [UInt8](repeating: 0, count: width * height), found: [Int] = []
    image.pixels.withUnsafeBufferPointer { pixels in
        scores.withUnsafeMutableBufferPointer { scores in
            Circle.offsets(stride: width).withUnsafeBufferPointer { offsets in
                let circle = Circle(offsets: offsets.baseAddress!, threshold: UInt8(threshold))
                // One further, since what lies there may be stronger than what lies within.
                for y in edge - 1...height - edge {
                    var x = edge - 1
                    while x <= width - edge {
                        let from = pixels.baseAddress! + y * width + x
                        var candidates = circle.candidates(from)
                        while candidates != 0 {
                            let lane = candidates.trailingZeroBitCount
                            candidates &= candidates - 1
                            guard x + lane <= width - edge, let score = circle.score(from + lane) else { continue }
                            scores[y * width + x + lane] = score
                            found.append(y * width + x + lane)
                        }
                        x += 16
                    }
                }
            }
        }
    }
    return scores.withUnsafeBufferPointer { scores in
        found.compactMap { at -> Corner? in
            let x = at % width, y = at / width, score = scores[at]
            guard x >= edge, x < width - edge, y >= edge, y < height - edge else { return nil }
            let above = at - width, below = at + width
            guard scores[at - 1] < score, scores[at + 1] < score, scores[above - 1] < score, scores[above] < score,
                scores[above + 1] < score, scores[below - 1] < score, scores[below] < score,
                scores[below + 1] < score
            else { return nil }
            return Corner(x: x, y: y, strength: Float(score))
        }
    }
}

/// The 16 pixels about a middle one, in a picture with rows of `stride`.
private struct Circle {
    private static let around: [(x: Int, y: Int)] = [
        (0, 3), (1, 3), (2, 2), (3, 1), (3, 0), (3, -1), (2, -2), (1, -3), (0, -3), (-1, -3), (-2, -2), (-3, -1),
        (-3, 0), (-3, 1), (-2, 2), (-1, 3),
    ]
    private typealias Bytes = SIMD16<UInt8>

    /// Sixteen, from the middle.
    let offsets: UnsafePointer<Int>
    let threshold: UInt8

    static func offsets(stride: Int) -> [Int] { around.map { $0.x + $0.y * stride } }

    /// Which of 16 pixels in a row may be corners, a bit each.
    ///
    /// Nine in a row hold one of every two that lie opposite, so that most pixels are told by eight of their circle.
    @inline(__always)
    func candidates(_ from: UnsafePointer<UInt8>) -> UInt32 {
        let middle = load(from), by = Bytes(repeating: threshold)
        let high = pointwiseMin(middle, Bytes(repeating: 255 - threshold)) &+ by
        let low = pointwiseMax(middle, by) &- by
        var brighter = SIMDMask<SIMD16<Int8>>(repeating: true), darker = brighter
        for k in stride(from: 0, to: 8, by: 2) {
            let one = load(from + offsets[k]), other = load(from + offsets[k + 8])
            brighter .&= (one .> high) .| (other .> high)
            darker .&= (one .< low) .| (other .< low)
        }
        let both = Bytes(repeating: 0).replacing(with: 1, where: brighter .| darker)
        let halves = unsafeBitCast(both, to: SIMD2<UInt64>.self)
        if halves[0] | halves[1] == 0 { return 0 }
        return gathered(halves[0]) | gathered(halves[1]) << 8
    }

    /// The largest threshold by which the pixel is a corner; nil where it is none.
    @inline(__always)
    func score(_ middle: UnsafePointer<UInt8>) -> UInt8? {
        let value = Int16(middle[0])
        return withUnsafeTemporaryAllocation(of: Int16.self, capacity: 32) { apart -> UInt8? in
            for k in 0..<16 {
                let difference = value &- Int16(middle[offsets[k]])
                apart[k] = difference
                apart[k + 16] = difference
            }
            // Of every arc of nine at once: by how much all of it is darker, or brighter.
            let raw = UnsafeRawPointer(apart.baseAddress!)
            var lowest = raw.loadUnaligned(as: SIMD16<Int16>.self), highest = lowest
            for k in 1..<9 {
                let next = raw.loadUnaligned(fromByteOffset: 2 * k, as: SIMD16<Int16>.self)
                lowest = pointwiseMin(lowest, next)
                highest = pointwiseMax(highest, next)
            }
            let best = greatest(pointwiseMax(lowest, SIMD16<Int16>(repeating: 0) &- highest))
            return best > Int16(threshold) ? UInt8(best - 1) : nil
        }
    }

    @inline(__always)
    private func greatest(_ values: SIMD16<Int16>) -> Int16 {
        let eight = pointwiseMax(values.lowHalf, values.highHalf)
        let four = pointwiseMax(eight.lowHalf, eight.highHalf)
        let two = pointwiseMax(four.lowHalf, four.highHalf)
        return max(two[0], two[1])
    }

    @inline(__always)
    private func load(_ from: UnsafePointer<UInt8>) -> Bytes {
        UnsafeRawPointer(from).loadUnaligned(as: Bytes.self)
    }

    /// The lowest bits of eight bytes as one byte.
    @inline(__always)
    private func gathered(_ bytes: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: (bytes &* 0x0102_0408_1020_4080) >> 56)
    }
}
