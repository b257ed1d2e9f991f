/// An upright photo, possibly decoded at a reduced scale. The platform decodes: the core sees pixels.
public struct Photo: Sendable {
    /// The decoded pixels: rows of R, G, B bytes in sRGB, upright.
    public let pixels: [UInt8]
    /// Size of `pixels`.
    public let columns: Int
    public let rows: Int
    /// Size of the upright photo in its own pixels; boxes are given in these.
    public let width: Int
    public let height: Int

    /// - Parameters:
    ///   - pixels: rows · columns · 3 bytes.
    ///   - width, height: of the photo itself where `pixels` were decoded smaller; else left out.
    /// - Throws: `photo` where the bytes are not as many as the sides say, or there are none.
    public init(pixels: [UInt8], columns: Int, rows: Int, width: Int? = nil, height: Int? = nil) throws {
        guard columns > 0, rows > 0, width ?? 1 > 0, height ?? 1 > 0 else {
            throw PocketshelfError.photo("photo: an array without pixels")
        }
        guard columns <= 1 << 20, rows <= 1 << 20, pixels.count == columns * rows * 3 else {
            throw PocketshelfError.photo("photo: \(pixels.count) bytes are not \(rows) x \(columns) pixels of 3")
        }
        self.pixels = pixels
        self.columns = columns
        self.rows = rows
        self.width = width ?? columns
        self.height = height ?? rows
    }

    /// Of pixels as a platform draws them.
    ///
    /// - Parameter rgbx: rows · columns · 4 bytes: R, G, B and one that means nothing.
    /// - Throws: as above.
    public init(rgbx: [UInt8], columns: Int, rows: Int, width: Int? = nil, height: Int? = nil) throws {
        var pixels = [UInt8]()
        pixels.reserveCapacity(rgbx.count / 4 * 3)
        for from in stride(from: 0, to: rgbx.count - 3, by: 4) { pixels += rgbx[from..<from + 3] }
        try self.init(pixels: pixels, columns: columns, rows: rows, width: width, height: height)
    }

    /// The whole photo, in its own pixels.
    public var frame: Box { Box(0, 0, Double(width), Double(height)) }

    /// A box in the photo's own pixels in those that were decoded.
    func toDecoded(_ box: Box) -> Box {
        let across = Double(columns) / Double(width), down = Double(rows) / Double(height)
        return Box(box.x * across, box.y * down, box.width * across, box.height * down)
    }

    /// A photo of its own of what lies from `left` and `top` to before `right` and `bottom`, in decoded pixels.
    func cut(left: Int, top: Int, right: Int, bottom: Int) throws -> Photo {
        let rows = (top..<bottom).map { y in pixels[3 * (columns * y + left)..<3 * (columns * y + right)] }
        return try Photo(pixels: Array(rows.joined()), columns: right - left, rows: bottom - top)
    }

    /// The photo by a quarter turn, anticlockwise.
    func turned() throws -> Photo {
        var turned = [UInt8]()
        turned.reserveCapacity(pixels.count)
        // What is on the right comes up: the new rows are the old columns, the last one first.
        for column in (0..<columns).reversed() {
            for row in 0..<rows {
                let from = 3 * (columns * row + column)
                turned += pixels[from..<from + 3]
            }
        }
        return try Photo(pixels: turned, columns: rows, rows: columns, width: height, height: width)
    }

    /// A photo of its own, whose boxes are in pixels of this one.
    func part(_ part: Part) throws -> Photo {
        func at(_ share: Double, of length: Int) -> Int { Int((share * Double(length)).rounded(.toNearestOrEven)) }
        let cut = try cut(
            left: at(part.left, of: columns), top: at(part.top, of: rows), right: at(part.right, of: columns),
            bottom: at(part.bottom, of: rows))
        return try Photo(
            pixels: cut.pixels, columns: cut.columns, rows: cut.rows,
            width: at(part.right, of: width) - at(part.left, of: width),
            height: at(part.bottom, of: height) - at(part.top, of: height))
    }

    /// What a network is given: height · width · 3 bytes.
    ///
    /// - Parameter box: in the photo's own pixels; may reach beyond the frame, where it is cut. nil: the frame.
    public func networkInput(_ preprocessing: Preprocessing, box: Box? = nil) -> [UInt8] {
        var crop = Box(0, 0, Double(columns), Double(rows))
        if let box {
            crop = cropBox(
                toDecoded(box), columns: columns, rows: rows, margin: preprocessing.margin,
                maxAspect: preprocessing.maxAspect)
        }
        return resize(
            pixels, columns: columns, rows: rows, box: crop, toWidth: preprocessing.width,
            height: preprocessing.height)
    }
}
