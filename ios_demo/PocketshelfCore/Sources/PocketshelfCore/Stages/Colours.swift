import Foundation

/// The attribute of a product that holds the palettes of its pictures: `2b2f3a:41 e9e5df:22; …`.
public let paletteAttribute = "palette"

/// Cosine that wholly other colours cost.
private let weight = 0.3
private let mostColours = 8
private let mostPalettes = 8

/// What is looked at: the crop squashed to so many pixels a side, its middle more than its edge.
private let side = 48
private let middle = 20.0
private let crop = Preprocessing(height: side, width: side, maxAspect: 1e6)

/// A ground: so much of the frame's edge is within so much of one colour. It is left out, unless next to nothing would be
/// left.
private let groundShare = 0.6
private let groundDistance = 12.0
private let least = 0.05

/// Sides of a cell of CIELAB, whose pixels make one colour; and of a bin.
private let cell = Lab(20, 15, 15)
/// Greys lie in the middle of a cell, not where four meet.
private let offset = Lab(0, 0.5, 0.5)
/// Of a* and b*; further out counts as there.
private let furthest = 60.0
private let bins = (a: 10, b: 10)
private let size = 700

/// L*, a* and b*.
private typealias Lab = SIMD3<Double>

private let toLinear = (0..<256).map { level -> Double in
    let value = Double(level) / 255
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
}

private let middleWeights: [Double] = {
    func away(_ place: Int) -> Double {
        let far = (Double(place) - Double(side - 1) / 2) / middle
        return far * far
    }
    return (0..<side * side).map { exp(-(away($0 / side) + away($0 % side))) }
}()

/// The pixels whose colours are told, 48 · 48 · 3 bytes, of a box in the photo's own pixels.
func lookedAt(_ photo: Photo, _ box: Box) -> [UInt8] { photo.networkInput(crop, box: box) }

/// The palette of what `lookedAt` gave, as an attribute's text.
///
/// Pixels of a plain ground are left out; those of one cell of CIELAB, 20 by 15 by 15, make a colour, their mean; the eight
/// with the largest shares are named, largest first.
func palette(of pixels: [UInt8]) -> String {
    let colours = (0..<side * side).map { lab(pixels[3 * $0], pixels[3 * $0 + 1], pixels[3 * $0 + 2]) }
    let things = areThings(colours)
    // By cell: red, green and blue, each times its weight, and the weights.
    var sums: [Int: SIMD4<Double>] = [:]
    for place in colours.indices where things[place] {
        let at = (colours[place] / cell + offset).rounded(.down) + 64
        let rgb = (0..<3).map { Double(pixels[3 * place + $0]) }
        let key = Int(at.x) << 16 + Int(at.y) << 8 + Int(at.z)
        sums[key, default: .zero] += middleWeights[place] * SIMD4(rgb[0], rgb[1], rgb[2], 1)
    }
    let largest = sums.sorted { $0.key < $1.key }.map(\.value).sortedDescending(by: \.w).prefix(mostColours)
    let total = largest.reduce(0) { $0 + $1.w }
    let words = largest.compactMap { sum -> String? in
        let mean = (sum / sum.w).rounded(.toNearestOrEven), share = (100 * sum.w / total).rounded(.toNearestOrEven)
        return share > 0 ? hexadecimal([UInt8(mean.x), UInt8(mean.y), UInt8(mean.z)]) + ":\(Int(share))" : nil
    }
    return words.joined(separator: " ")
}

/// The square roots of a palette's shares in the 700 bins of CIELAB, of length 1; each colour is shared by the eight bins
/// around it. The dot product of two is their likeness, 0 to 1; nil of what is no palette.
func histogram(_ palette: String) -> [Float]? {
    var filled = [Double](repeating: 0, count: size)
    for (rgb, share) in named(palette) {
        let colour = lab(rgb[0], rgb[1], rgb[2])
        let high = Lab(100, 2 * furthest, 2 * furthest)
        let place = (colour + Lab(0, furthest, furthest)).clamped(lowerBound: .zero, upperBound: high) / cell
        let low = place.rounded(.down), near = place - low
        for corner in 0..<8 {
            let up = Lab(Double(corner >> 2 & 1), Double(corner >> 1 & 1), Double(corner & 1))
            let part = up * near + (1 - up) * (1 - near), bin = low + up
            let at = (Int(bin.x) * bins.a + Int(bin.y)) * bins.b + Int(bin.z)
            filled[at] += share * part.x * part.y * part.z
        }
    }
    let total = filled.reduce(0, +)
    return total > 0 ? filled.map { Float(($0 / total).squareRoot()) } : nil
}

/// The colours and shares of a palette; nothing of what is none.
private func named(_ palette: String) -> [(rgb: [UInt8], share: Double)] {
    // Bytes: a letter of several scalars is none of ours.
    let words = palette.utf8.split(
        separator: UInt8(ascii: " "), maxSplits: mostColours, omittingEmptySubsequences: false)
    let found = words.compactMap { word -> (rgb: [UInt8], share: Double)? in
        let digits = word.map(digit)
        guard (8...10).contains(digits.count), word.dropFirst(6).first == UInt8(ascii: ":") else { return nil }
        let colour = digits[..<6].compactMap { $0 }, share = digits[7...].compactMap { $0 }
        guard colour.count == 6, share.count == digits.count - 7, share.allSatisfy({ $0 < 10 }) else { return nil }
        let rgb = stride(from: 0, to: 6, by: 2).map { colour[$0] << 4 | colour[$0 + 1] }
        return (rgb, share.reduce(0) { 10 * $0 + Double($1) })
    }
    return found.count == words.count && words.count <= mostColours ? found : []
}

/// Of a hexadecimal digit, lower case, its value.
private func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): return byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): return byte - UInt8(ascii: "a") + 10
    default: return nil
    }
}

/// `hits` in their order when colours count: see `fallen`.
///
/// The best of the new order has the score that the best had before, and the others are as far behind as they have fallen.
/// Hits of several kinds are compared by colour among those of their own alone, so that no colour decides of which kind the
/// first is.
///
/// - Parameters:
///   - hits: with the scores of their vectors.
///   - colours: the histograms of what is searched for, of which the likest counts.
///   - kinds: of each hit; all are of one kind if none are named.
func byColour(_ hits: [Hit], _ colours: [[Float]], kinds: [Set<ExactString>?] = []) -> [Hit] {
    func best(_ hits: [Hit]) -> Double { hits.map(\.score).max() ?? 0 }
    // By kind, as they first come.
    var places: [Set<ExactString>?: Int] = [:], ofKinds: [[Hit]] = []
    for (place, hit) in hits.enumerated() {
        let kind = kinds.isEmpty ? nil : kinds[place]
        let at = places[kind] ?? ofKinds.count
        if at == ofKinds.count { ofKinds.append([]) }
        places[kind] = at
        ofKinds[at].append(hit)
    }
    return ofKinds.flatMap { own in
        let found = fallen(own, colours), lead = best(own) - best(found)
        return found.map { $0.scored($0.score + lead) }
    }.sortedDescending(by: \.score)
}

/// `hits`, each with its score less `weight` times what it is less alike than the likest.
///
/// What states no palette falls as the others do on average, so that nothing is gained by stating none; where none of
/// `hits` does, as of a server that tells no attributes, none falls.
///
/// - Parameter among: more that was found for it, with which `hits` are compared.
func fallen(_ hits: [Hit], _ colours: [[Float]], among: [Hit] = []) -> [Hit] {
    let likenesses = (hits + among).map { likeness($0, colours) }, known = likenesses.compactMap { $0 }
    guard let most = known.max(), likenesses.prefix(hits.count).contains(where: { $0 != nil }) else { return hits }
    let mean = known.reduce(0, +) / Double(known.count)
    return zip(hits, likenesses).map { hit, likeness in
        hit.scored(hit.score - weight * (most - (likeness ?? mean)))
    }
}

extension Hit {
    /// The same with another score.
    fileprivate func scored(_ score: Double) -> Hit {
        var hit = self
        hit.score = score
        return hit
    }
}

/// Of a product's likest picture; nil of one that states no palette that can be read.
private func likeness(_ hit: Hit, _ colours: [[Float]]) -> Double? {
    guard case .text(let stated)? = hit.attributes[paletteAttribute] else { return nil }
    let parts = stated.utf8.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
    return parts.prefix(mostPalettes)
        .compactMap { histogram(String(decoding: $0, as: UTF8.self).trimmed) }
        .compactMap { shown in colours.map { dot(shown, $0) }.max() }
        .max()
}

private func dot(_ a: [Float], _ b: [Float]) -> Double {
    var sum = 0.0
    for (x, y) in zip(a, b) { sum += Double(x) * Double(y) }
    return sum
}

/// CIELAB of D65 (CIE 15:2004, 8.2.1) of an sRGB colour.
private func lab(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> Lab {
    func root(_ share: Double) -> Double { share > 0.008856 ? cbrt(share) : 7.787 * share + 16 / 116 }
    let r = toLinear[Int(red)], g = toLinear[Int(green)], b = toLinear[Int(blue)]
    // To XYZ, as shares of the white of D65 (IEC 61966-2-1).
    let x = root((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505)
    let y = root(0.2126 * r + 0.7152 * g + 0.0722 * b)
    let z = root((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089)
    return Lab(116 * y - 16, 500 * (x - y), 200 * (y - z))
}

/// For each pixel whether it is of the thing: all, where there is no plain ground.
private func areThings(_ colours: [Lab]) -> [Bool] {
    let last = side - 1
    let edge = (0..<side).flatMap { place in
        [place, last * side + place, place * side, place * side + last].map { colours[$0] }
    }
    func median(_ axis: Int) -> Double {
        let sorted = edge.map { $0[axis] }.sorted()
        return (sorted[sorted.count / 2 - 1] + sorted[sorted.count / 2]) / 2
    }
    let ground = Lab(median(0), median(1), median(2))
    func isGround(_ colour: Lab) -> Bool {
        let off = colour - ground
        return (off * off).sum().squareRoot() < groundDistance
    }
    let things = colours.map { !isGround($0) }
    let isPlain = Double(edge.filter(isGround).count) > groundShare * Double(edge.count)
    let isEnough = Double(things.filter { $0 }.count) >= least * Double(colours.count)
    return isPlain && isEnough ? things : colours.map { _ in true }
}
