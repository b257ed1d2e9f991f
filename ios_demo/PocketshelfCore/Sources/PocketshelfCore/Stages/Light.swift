import Foundation

/// A photo whose brightest hundredth is below `dark` is lifted so far that it comes to `lifted`. What is blacker than
/// `leastBright` says nothing of the light.
private let brightest = 0.99
private let dark = 200
private let lifted = 250.0
private let leastBright = 8

/// A veil is white: where the darkest hundredth of every channel is no darker than `veiled`, all alike, and darker than
/// the brightest, most of it is taken off: the darkest thing need not be black.
private let darkest = 0.01
private let veiled = 60
private let veilTaken = 0.8
private let even = 20
private let leastRange = 30

/// A frame whose channels differ by no more at any pixel is in black and white: a camera's never is.
private let grey: UInt8 = 1

/// The tint of the light: means of this power ("Shades of gray and colour constancy", Finlayson and Trezzi, CIC 2004).
private let power = 6.0
private let powers = (0..<256).map { pow(Double($0), power) }

/// Channels that differ by less are of white light; and no channel is changed by more.
private let tinted = 1.08
private let mostWhitened = 1.5

/// What the colours of a photo would be if there were enough light, and if it were white.
///
/// A photo that seems too dark, tinted or veiled is compared as it came, and lifted, in white light, or without its veil.
/// The likeliest counts: what seems little light, or tinted, may be a dark thing that fills the frame, or a red one.
/// A photo in black and white says nothing of colours.
/// Levels of sRGB are multiplied, as light would be: their curve is a power's, near enough.
struct Light: Sendable {
    /// The photo's frame, as `lookedAt` gives it.
    let frame: [UInt8]

    /// What the levels are multiplied by, as there is too little light; 1 where there is enough.
    var lift: Double { top >= dark ? 1 : lifted / Double(max(top, leastBright)) }

    /// What is taken off the levels, as something pale lies over all; 0 where nothing does.
    var veil: Double {
        let lows = (0..<3).map { channel in ranked(darkest) { frame[$0 + channel] } }
        guard let low = lows.min(), let high = lows.max(), low >= veiled, high - low <= even else { return 0 }
        return top - low >= leastRange ? veilTaken * Double(low) : 0
    }

    private var top: Int { ranked(brightest) { max(frame[$0], frame[$0 + 1], frame[$0 + 2]) } }

    /// Whether the photo is in black and white.
    private var isGrey: Bool {
        stride(from: 0, to: frame.count, by: 3).allSatisfy { place in
            let (red, green, blue) = (frame[place], frame[place + 1], frame[place + 2])
            return max(red, green, blue) - min(red, green, blue) <= grey
        }
    }

    /// - Parameter of: from where a pixel begins to its level.
    private func ranked(_ share: Double, _ of: (Int) -> UInt8) -> Int {
        let levels = stride(from: 0, to: frame.count, by: 3).map(of).sorted()
        return Int(levels[Int(share * Double(levels.count))])
    }

    /// What red, green and blue are multiplied by for white light; nil where it is white.
    var whitening: [Double]? {
        let seen = (0..<3).map { channel -> Double in
            let sum = stride(from: channel, to: frame.count, by: 3).reduce(0) { $0 + powers[Int(frame[$1])] }
            return max(pow(sum / Double(frame.count / 3), 1 / power), 1)
        }
        let mean = cbrt(seen[0] * seen[1] * seen[2])
        let found = seen.map { min(max(mean / $0, 1 / mostWhitened), mostWhitened) }
        guard let most = found.max(), let least = found.min(), most >= tinted * least else { return nil }
        return found
    }

    /// A part's palettes: as it came and, where they differ, lifted, in white light and without a veil; none of a photo
    /// in black and white.
    ///
    /// - Parameter pixels: of `lookedAt`.
    func palettes(of pixels: [UInt8]) -> [String] {
        guard !isGrey else { return [] }
        let lift = self.lift, veil = self.veil
        let lights = [[lift, lift, lift], whitening?.map { lift * $0 }].compactMap { $0 }.filter { $0 != [1, 1, 1] }
        var seen = [pixels] + lights.map { times(pixels, $0) }
        if veil > 0 {
            let clear = lifted / (Double(top) - veil)
            seen.append(times(pixels, [clear, clear, clear], less: veil))
        }
        return seen.map { palette(of: $0) }.reduce(into: []) { found, next in
            if !found.contains(where: { exactlyEqual($0, next) }) { found.append(next) }
        }
    }
}

/// Levels `less` so much, multiplied by a factor for each channel, rounded, as far as a byte goes.
func times(_ pixels: [UInt8], _ factors: [Double], less: Double = 0) -> [UInt8] {
    if less == 0, factors == [1, 1, 1] { return pixels }
    return pixels.indices.map { place in
        let left = max(Double(pixels[place]) - less, 0)
        return UInt8(min((left * factors[place % 3]).rounded(.toNearestOrEven), 255))
    }
}

/// A region's few pixels and the light that they are seen in, and once someone asks, the histograms of their colours.
final class SeenColours: @unchecked Sendable {
    private let pixels: [UInt8]
    private let light: Light
    private let lock = NSLock()
    private var known: [[Float]]?

    /// - Parameter pixels: of `lookedAt`.
    init(_ pixels: [UInt8], in light: Light) {
        self.pixels = pixels
        self.light = light
    }

    /// As they came and in other light, 700 numbers each.
    var histograms: [[Float]] {
        lock.withLock {
            let found = known ?? light.palettes(of: pixels).compactMap(histogram)
            known = found
            return found
        }
    }
}
