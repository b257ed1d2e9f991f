/// How small a photo of a library is decoded: networks look at no more than 448 pixels a side, and a phone has little memory.
public enum WorkingSize {
    /// So many pixels at the shorter side suffice.
    static let shorterSide = 640
    /// So many are kept at most, of a panorama or a long page, too.
    static let mostPixels = 6_000_000
    /// A photo that says to have more is not decoded at all.
    static let mostDecoded = 210_000_000

    /// The longer side, in pixels, at which a photo of `width` by `height` is to be decoded: halved as often as that leaves
    /// enough.
    ///
    /// - Throws: `photo`: it has no pixels, or too many to be decoded safely.
    public static func longerSide(width: Int, height: Int) throws -> Int {
        guard width > 0, height > 0 else { throw PocketshelfError.photo("photo: a picture without pixels") }
        let (pixels, isTooLarge) = width.multipliedReportingOverflow(by: height)
        guard !isTooLarge, pixels <= mostDecoded else {
            throw PocketshelfError.photo("photo: \(width) x \(height) pixels are too many; take a smaller one")
        }
        var size = 1
        while min(width, height) / (2 * size) >= shorterSide || pixels / (size * size) > mostPixels { size *= 2 }
        return max(1, max(width, height) / size)
    }
}
