/// A picture without colours: rows of bytes.
struct GreyImage: Sendable, Equatable {
    let width: Int
    let height: Int
    let pixels: [UInt8]

    /// - Parameter fill: given the pixels to be written, all of them.
    init(width: Int, height: Int, _ fill: (UnsafeMutableBufferPointer<UInt8>) -> Void) {
        self.width = width
        self.height = height
        pixels = [UInt8](unsafeUninitializedCapacity: width * height) { buffer, count in
            fill(UnsafeMutableBufferPointer(rebasing: buffer[..<(width * height)]))
            count = width * height
        }
    }

    /// The photo's decoded pixels in grey, the longer side `side`; nil of what is too narrow to have corners.
    ///
    /// As OpenCV does it: its integer weights; a larger photo is averaged over areas, a smaller one interpolated.
    static func of(_ photo: Photo, side: Int) -> GreyImage? {
        let scale = Double(side) / Double(max(photo.columns, photo.rows))
        let width = max(1, Int((Double(photo.columns) * scale).rounded(.toNearestOrEven)))
        let height = max(1, Int((Double(photo.rows) * scale).rounded(.toNearestOrEven)))
        guard min(width, height) >= narrowest else { return nil }
        return photo.pixels.withUnsafeBufferPointer { pixels in
            let grey = GreyRows(pixels: pixels.baseAddress!, columns: photo.columns, rows: photo.rows)
            if scale < 1 { return averaged(grey, width: width, height: height) }
            return interpolated(grey, width: width, height: height)
        }
    }

    private static let narrowest = 48
}

/// The grey rows of an RGB picture, each made when it is asked for: no grey copy of a large photo is held.
struct GreyRows {
    let pixels: UnsafePointer<UInt8>
    let columns: Int
    let rows: Int

    /// 0.299 R + 0.587 G + 0.114 B, in 2^-15.
    @inline(__always)
    func fill(_ row: Int, _ out: UnsafeMutablePointer<UInt8>) {
        let from = pixels + row * columns * 3
        for x in 0..<columns {
            let red = Int32(from[3 * x]) &* 9798, green = Int32(from[3 * x + 1]) &* 19235
            out[x] = UInt8(truncatingIfNeeded: (red &+ green &+ Int32(from[3 * x + 2]) &* 3735 &+ 16384) >> 15)
        }
    }
}

/// `value` to the nearest whole number, half to even, within a byte.
@inline(__always)
func greyByte(_ value: Float) -> UInt8 {
    UInt8(truncatingIfNeeded: min(max(roundedInt(value), 0), 255))
}

/// To the nearest whole number, half to even, of numbers far below 2^22: by an addition that leaves no more digits.
@inline(__always)
func roundedInt(_ value: Float) -> Int {
    let magic: Float = 12_582_912
    return Int(Int32(truncatingIfNeeded: Int32(bitPattern: (value + magic).bitPattern) &- 0x4B40_0000))
}
