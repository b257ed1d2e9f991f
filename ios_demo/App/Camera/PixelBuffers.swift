import Accelerate
import CoreVideo
import Foundation
import PocketshelfCore

/// Between Core Video's buffers and the core's RGB bytes.
enum PixelBuffers {
    /// The RGB bytes of a 32-bit BGRA frame, row by row; nil when it is of another kind.
    static func rgb(of frame: CVPixelBuffer) -> Photo? {
        guard CVPixelBufferGetPixelFormatType(frame) == kCVPixelFormatType_32BGRA else { return nil }
        CVPixelBufferLockBaseAddress(frame, .readOnly)
        defer { CVPixelBufferUnlockBaseAddress(frame, .readOnly) }
        guard let base = CVPixelBufferGetBaseAddress(frame) else { return nil }
        let width = CVPixelBufferGetWidth(frame), height = CVPixelBufferGetHeight(frame)
        var source = vImage_Buffer(
            data: base, height: vImagePixelCount(height), width: vImagePixelCount(width),
            rowBytes: CVPixelBufferGetBytesPerRow(frame))
        var bytes = [UInt8](repeating: 0, count: width * height * 3)
        let status = bytes.withUnsafeMutableBytes { room in
            var target = vImage_Buffer(
                data: room.baseAddress!, height: source.height, width: source.width, rowBytes: width * 3)
            return vImageConvert_BGRA8888toRGB888(&source, &target, vImage_Flags(kvImageNoFlags))
        }
        return status == kvImageNoError ? try? Photo(pixels: bytes, columns: width, rows: height) : nil
    }

    /// A 32-bit BGRA buffer of RGB bytes, which Core ML takes as a picture.
    ///
    /// - Throws: `PocketshelfError.photo` when there is no memory for it.
    static func make(rgb: [UInt8], width: Int, height: Int) throws -> CVPixelBuffer {
        var made: CVPixelBuffer?
        let attributes = [kCVPixelBufferIOSurfacePropertiesKey: [:] as CFDictionary] as CFDictionary
        _ = CVPixelBufferCreate(
            kCFAllocatorDefault, width, height, kCVPixelFormatType_32BGRA, attributes,
            &made)
        guard let buffer = made else { throw PocketshelfError.photo("no memory for a picture of \(width) x \(height)") }
        CVPixelBufferLockBaseAddress(buffer, [])
        defer { CVPixelBufferUnlockBaseAddress(buffer, []) }
        guard let base = CVPixelBufferGetBaseAddress(buffer) else {
            throw PocketshelfError.photo("no memory for a picture of \(width) x \(height)")
        }
        let stride = CVPixelBufferGetBytesPerRow(buffer)
        let target = base.assumingMemoryBound(to: UInt8.self)
        for row in 0..<height {
            for column in 0..<width {
                let from = (row * width + column) * 3, to = row * stride + column * 4
                target[to] = rgb[from + 2]
                target[to + 1] = rgb[from + 1]
                target[to + 2] = rgb[from]
                target[to + 3] = 255
            }
        }
        return buffer
    }
}
