// https://developer.apple.com/documentation/imageio
@_exported import CoreGraphics

public final class CGImageSource {}
public let kCGImageSourceShouldCache: CFString = "ShouldCache"
public let kCGImageSourceCreateThumbnailFromImageAlways: CFString = "ThumbnailAlways"
public let kCGImageSourceCreateThumbnailWithTransform: CFString = "ThumbnailWithTransform"
public let kCGImageSourceThumbnailMaxPixelSize: CFString = "ThumbnailMaxPixelSize"
public let kCGImagePropertyPixelWidth: CFString = "PixelWidth"
public let kCGImagePropertyPixelHeight: CFString = "PixelHeight"
public let kCGImagePropertyOrientation: CFString = "Orientation"

public func CGImageSourceCreateWithData(_ data: CFData, _ options: CFDictionary?) -> CGImageSource? { fatalError() }
public func CGImageSourceCopyPropertiesAtIndex(_ isrc: CGImageSource, _ index: Int, _ options: CFDictionary?) -> AnyObject? { fatalError() }
public func CGImageSourceCreateThumbnailAtIndex(_ isrc: CGImageSource, _ index: Int, _ options: CFDictionary?) -> CGImage? { fatalError() }
