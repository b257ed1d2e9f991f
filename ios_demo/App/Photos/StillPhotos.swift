import CoreGraphics
import Foundation
import ImageIO
import PocketshelfCore

/// Between files of pictures, in any kind that the system knows (JPEG, HEIC, PNG …), and the core's RGB bytes.
enum StillPhotos {
    /// A file may have so many bytes.
    static let mostBytes = 100_000_000

    /// The photo in a file: upright by what the file says, on white where it is transparent, in sRGB, and no larger
    /// than networks need.
    ///
    /// - Throws: `PocketshelfError.photo`: it is too large, or no picture that can be read.
    static func read(_ file: Data) throws -> Photo {
        guard file.count <= mostBytes else {
            throw PocketshelfError.photo("photo: longer than \(mostBytes / 1_000_000) MB")
        }
        let keepsNothing = [kCGImageSourceShouldCache: false] as CFDictionary
        guard let source = CGImageSourceCreateWithData(file as CFData, keepsNothing),
            let told = CGImageSourceCopyPropertiesAtIndex(source, 0, keepsNothing) as? [CFString: Any],
            let width = told[kCGImagePropertyPixelWidth] as? Int,
            let height = told[kCGImagePropertyPixelHeight] as? Int
        else { throw unreadable }
        let options = [
            kCGImageSourceCreateThumbnailFromImageAlways: true, kCGImageSourceCreateThumbnailWithTransform: true,
            kCGImageSourceThumbnailMaxPixelSize: try WorkingSize.longerSide(width: width, height: height),
        ] as CFDictionary
        guard let image = CGImageSourceCreateThumbnailAtIndex(source, 0, options) else { throw unreadable }
        // 5 to 8 of EXIF's orientations lie on their side.
        let isOnItsSide = (told[kCGImagePropertyOrientation] as? Int ?? 1) >= 5
        return try photo(of: image, width: isOnItsSide ? height : width, height: isOnItsSide ? width : height)
    }

    /// A photo as the screen draws it; nil when there is no memory for it.
    static func image(of photo: Photo) -> CGImage? {
        guard let space = CGColorSpace(name: CGColorSpace.sRGB),
            let provider = CGDataProvider(data: Data(photo.pixels) as CFData)
        else { return nil }
        return CGImage(
            width: photo.columns, height: photo.rows, bitsPerComponent: 8, bitsPerPixel: 24,
            bytesPerRow: 3 * photo.columns, space: space,
            bitmapInfo: CGBitmapInfo(rawValue: CGImageAlphaInfo.none.rawValue),
            provider: provider, decode: nil, shouldInterpolate: true, intent: .defaultIntent)
    }

    /// - Parameters:
    ///   - width, height: of the upright photo, in its own pixels.
    private static func photo(of image: CGImage, width: Int, height: Int) throws -> Photo {
        let columns = image.width, rows = image.height
        guard let space = CGColorSpace(name: CGColorSpace.sRGB) else { throw unreadable }
        var bytes = [UInt8](repeating: 255, count: columns * rows * 4)
        let isDrawn = bytes.withUnsafeMutableBytes { room in
            guard let context = CGContext(
                data: room.baseAddress, width: columns, height: rows, bitsPerComponent: 8, bytesPerRow: 4 * columns,
                space: space, bitmapInfo: CGImageAlphaInfo.noneSkipLast.rawValue)
            else { return false }
            let all = CGRect(x: 0, y: 0, width: columns, height: rows)
            // Shops' cut-outs are meant for a white page.
            context.setFillColor(gray: 1, alpha: 1)
            context.fill(all)
            context.draw(image, in: all)
            return true
        }
        guard isDrawn else { throw unreadable }
        return try Photo(rgbx: bytes, columns: columns, rows: rows, width: width, height: height)
    }

    /// What to say of a file that is no photo.
    static let unreadable = PocketshelfError.photo(
        String(localized: "This file is not a photo that can be read. Please take another one."))
}
