import Foundation

/// ORB (Rublee et al., ICCV 2011) as OpenCV computes it (features2d, orb.cpp): corners of eight octaves of 1.2, turned
/// by their brightness's centroid, described by 256 comparisons. What a shelf holds was computed by OpenCV, and a
/// photo's descriptors must compare with that bit for bit.
struct Orb {
    private static let levels = 8, factor: Float = 1.2
    private static let edge = 20, threshold = 12, halfPatch = 15

    /// A corner with its turn.
    struct Keypoint {
        let level: Int
        let corner: Corner
        /// Degrees in [0, 360), clockwise.
        let angle: Float
    }

    /// Level by level; of a level row by row.
    let points: [Keypoint]
    private let pyramid: [GreyImage]

    /// - Parameter wanted: about so many points.
    init(_ image: GreyImage, wanted: Int) {
        pyramid = Self.pyramid(image)
        points = zip(pyramid, Self.shares(wanted)).enumerated().flatMap { level, of -> [Keypoint] in
            let (picture, wanted) = of
            // More than are wanted, since FAST's own strength says little.
            let fast = retained(fastCorners(picture, threshold: Self.threshold, edge: Self.edge), 2 * wanted)
            return retained(fast.map(picture.withHarris), wanted).map {
                Keypoint(level: level, corner: $0, angle: picture.turn($0, Self.halfPatch, Self.rowEnds))
            }
        }
    }

    /// How many times smaller a level is than the picture.
    static func scale(_ level: Int) -> Float { Float(pow(Double(factor), Double(level))) }

    /// Where a point lies in the picture.
    func place(_ point: Keypoint) -> (x: Float, y: Float) {
        let scale = Self.scale(point.level)
        return (Float(point.corner.x) * scale, Float(point.corner.y) * scale)
    }

    /// 32 bytes of each of `chosen`, some of `points`, in their order.
    func descriptors(_ chosen: [Keypoint]) -> [UInt8] {
        var found = [UInt8](repeating: 0, count: 32 * chosen.count)
        for level in 0..<pyramid.count {
            let places = chosen.indices.filter { chosen[$0].level == level }
            if places.isEmpty { continue }
            let blurred = pyramid[level].blurred()
            found.withUnsafeMutableBufferPointer { out in
                for place in places { blurred.describe(chosen[place], out.baseAddress! + 32 * place) }
            }
        }
        return found
    }

    private static func pyramid(_ image: GreyImage) -> [GreyImage] {
        var levels = [image]
        for level in 1..<Self.levels {
            let share = 1 / scale(level)
            let width = roundedInt(Float(image.width) * share), height = roundedInt(Float(image.height) * share)
            levels.append(levels[level - 1].shrunk(width: width, height: height))
        }
        return levels
    }

    /// How many points of each level are wanted: as its pixels are fewer.
    private static func shares(_ wanted: Int) -> [Int] {
        let less = Float(1 / Double(factor))
        var each = Float(wanted) * (1 - less) / (1 - Float(pow(Double(less), Double(levels))))
        var shares: [Int] = []
        for _ in 1..<levels {
            shares.append(roundedInt(each))
            each *= less
        }
        return shares + [max(wanted - shares.reduce(0, +), 0)]
    }

    /// How far each row of a round patch reaches, by its distance from the middle one.
    private static let rowEnds: [Int] = {
        let half = Double(halfPatch)
        let most = Int((half * 2.0.squareRoot() / 2 + 1).rounded(.down))
        let least = Int((half * 2.0.squareRoot() / 2).rounded(.up))
        var ends = [Int](repeating: 0, count: halfPatch + 2)
        for row in 0...most { ends[row] = Int((half * half - Double(row * row)).squareRoot().rounded()) }
        // The same across as down.
        var first = 0
        for row in stride(from: halfPatch, through: least, by: -1) {
            while ends[first] == ends[first + 1] { first += 1 }
            ends[row] = first
            first += 1
        }
        return ends
    }()
}

/// The strongest `wanted`, and those as strong as the last of them, in their order.
private func retained(_ corners: [Corner], _ wanted: Int) -> [Corner] {
    guard corners.count > wanted else { return corners }
    guard wanted > 0 else { return [] }
    let least = corners.map(\.strength).sorted(by: >)[wanted - 1]
    return corners.filter { $0.strength >= least }
}

extension GreyImage {
    /// The corner with Harris's strength, over 7 x 7 pixels.
    fileprivate func withHarris(_ corner: Corner) -> Corner {
        let (xx, yy, xy) = pixels.withUnsafeBufferPointer { pixels -> (Int32, Int32, Int32) in
            var sums: (Int32, Int32, Int32) = (0, 0, 0)
            for y in corner.y - 3...corner.y + 3 {
                for x in corner.x - 3...corner.x + 3 {
                    let p = pixels.baseAddress! + y * width + x
                    @inline(__always) func at(_ offset: Int) -> Int32 { Int32(p[offset]) }
                    let across =
                        (at(1) &- at(-1)) &* 2 &+ at(1 - width) &- at(-1 - width) &+ at(width + 1) &- at(width - 1)
                    let down =
                        (at(width) &- at(-width)) &* 2 &+ at(width - 1) &- at(-1 - width) &+ at(width + 1)
                        &- at(1 - width)
                    sums.0 &+= across &* across
                    sums.1 &+= down &* down
                    sums.2 &+= across &* down
                }
            }
            return sums
        }
        let scale: Float = 1 / (4 * 7 * 255)
        let a = Float(xx), b = Float(yy), c = Float(xy)
        let strength = (a * b - c * c - 0.04 * (a + b) * (a + b)) * (scale * scale * scale * scale)
        return Corner(x: corner.x, y: corner.y, strength: strength)
    }

    /// The direction of the centroid of a round patch's brightness, in degrees.
    fileprivate func turn(_ corner: Corner, _ half: Int, _ rowEnds: [Int]) -> Float {
        pixels.withUnsafeBufferPointer { pixels in
            let middle = pixels.baseAddress! + corner.y * width + corner.x
            var down: Int32 = 0, across: Int32 = 0
            for x in -half...half { across &+= Int32(x) &* Int32(middle[x]) }
            for y in 1...half {
                var sum: Int32 = 0
                for x in -rowEnds[y]...rowEnds[y] {
                    let below = Int32(middle[x + y * width]), above = Int32(middle[x - y * width])
                    sum &+= below &- above
                    across &+= Int32(x) &* (below &+ above)
                }
                down &+= Int32(y) &* sum
            }
            return degrees(Float(down), Float(across))
        }
    }

    /// 32 bytes: which of the pattern's pairs are darker first, the pattern turned with the point.
    fileprivate func describe(_ point: Orb.Keypoint, _ out: UnsafeMutablePointer<UInt8>) {
        let turn = point.angle * Float(Double.pi / 180), cosine = cos(turn), sine = sin(turn)
        pixels.withUnsafeBufferPointer { pixels in
            let middle = pixels.baseAddress! + point.corner.y * width + point.corner.x
            orbPattern.withUnsafeBufferPointer { pattern in
                @inline(__always) func value(_ at: Int) -> UInt8 {
                    let x = Float(pattern[at]), y = Float(pattern[at + 1])
                    return middle[roundedInt(x * sine + y * cosine) * width + roundedInt(x * cosine - y * sine)]
                }
                for byte in 0..<32 {
                    var bits: UInt8 = 0
                    for bit in 0..<8 {
                        let at = (byte * 8 + bit) * 4
                        if value(at) < value(at + 2) { bits |= 1 << UInt8(bit) }
                    }
                    out[byte] = bits
                }
            }
        }
    }

    /// By a Gauss of sigma 2 over 7 x 7 pixels, mirrored at the edges, in single precision.
    fileprivate func blurred() -> GreyImage {
        let kernel = GreyImage.kernel, reach = 3
        return GreyImage(width: width, height: height) { out in
            pixels.withUnsafeBufferPointer { pixels in
                withUnsafeTemporaryAllocation(of: Float.self, capacity: 8 * (width + 2 * reach)) { room in
                    // Seven rows that were blurred across, and one that is being read, with its mirrored ends.
                    let row = room.baseAddress! + 7 * width
                    func across(_ y: Int) {
                        let from = pixels.baseAddress! + mirrored(y, height) * width
                        for x in 0..<width { row[x + reach] = Float(from[x]) }
                        for x in 1...reach {
                            row[reach - x] = Float(from[x])
                            row[reach + width - 1 + x] = Float(from[width - 1 - x])
                        }
                        let target = room.baseAddress! + (y + 7) % 7 * width
                        for x in 0..<width {
                            var sum = row[x + 3] * kernel.0
                            sum += (row[x + 2] + row[x + 4]) * kernel.1
                            sum += (row[x + 1] + row[x + 5]) * kernel.2
                            target[x] = sum + (row[x] + row[x + 6]) * kernel.3
                        }
                    }
                    for y in -reach..<reach { across(y) }
                    for y in 0..<height {
                        across(y + reach)
                        let lines = (0..<7).map { UnsafePointer(room.baseAddress! + (y + 4 + $0) % 7 * width) }
                        let (a, b, c, d, e, f, g) =
                            (lines[0], lines[1], lines[2], lines[3], lines[4], lines[5], lines[6])
                        let target = out.baseAddress! + y * width
                        for x in 0..<width {
                            var sum = d[x] * kernel.0
                            sum += (c[x] + e[x]) * kernel.1
                            sum += (b[x] + f[x]) * kernel.2
                            sum += (a[x] + g[x]) * kernel.3
                            // A mean of bytes is one: it needs no bounds.
                            target[x] = UInt8(truncatingIfNeeded: roundedInt(sum))
                        }
                    }
                }
            }
        }
    }

    /// exp(-d²/8) of the distances 0 to 3, so that all seven sum to 1.
    private static let kernel: (Float, Float, Float, Float) = {
        let values = (0..<4).map { exp(-Double($0 * $0) / 8) }
        let sum = values[0] + 2 * (values[1] + values[2] + values[3])
        return (Float(values[0] / sum), Float(values[1] / sum), Float(values[2] / sum), Float(values[3] / sum))
    }()
}

/// A place beyond an edge seen in it as in a mirror that stands on the outermost pixel.
private func mirrored(_ place: Int, _ size: Int) -> Int {
    place < 0 ? -place : place >= size ? 2 * size - 2 - place : place
}

/// OpenCV's `fastAtan2`: by a polynomial, to 0.3 degrees.
private func degrees(_ y: Float, _ x: Float) -> Float {
    let turn = Float(180 / Double.pi), least = Float(Double.ulpOfOne)
    let p1 = 0.9997878412794807 * turn, p3 = -0.3258083974640975 * turn
    let p5 = 0.1555786518463281 * turn, p7 = -0.04432655554792128 * turn
    let isFlat = abs(x) >= abs(y)
    let share = isFlat ? abs(y) / (abs(x) + least) : abs(x) / (abs(y) + least)
    let square = share * share
    let within = (((p7 * square + p5) * square + p3) * square + p1) * share
    var angle = isFlat ? within : 90 - within
    if x < 0 { angle = 180 - angle }
    return y < 0 ? 360 - angle : angle
}
