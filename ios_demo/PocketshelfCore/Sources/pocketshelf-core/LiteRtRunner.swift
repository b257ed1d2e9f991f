import CLiteRt
import Foundation
import PocketshelfCore

/// A `.tflite` file on this computer's processor: what ships, run by the command line. The app has its own runtimes.
final class LiteRtRunner: ModelRunner, @unchecked Sendable {
    /// All of it on the CPU; LiteRT does not tell how many operations that are.
    let placement: Placement? = nil
    private let model: OpaquePointer
    private let path: String
    private let lock = NSLock()

    /// - Parameter library: `libLiteRt.so`, as pip's `ai-edge-litert` brings it.
    /// - Throws: `bundle`: LiteRT cannot load the model, or its input is not uint8.
    init(library: String, model path: String) throws {
        var problem: UnsafePointer<CChar>?
        guard let model = clitert_open(library, path, &problem) else {
            let why = problem.map { String(cString: $0) } ?? "it cannot be loaded"
            throw PocketshelfError.bundle("\(path): \(why) (\(library))")
        }
        self.model = model
        self.path = path
    }

    deinit { clitert_close(model) }

    func run(_ pixels: [UInt8]) throws -> [ModelOutput] {
        lock.lock()
        defer { lock.unlock() }
        let wanted = shape(clitert_input(model))
        guard pixels.count == wanted.reduce(1, *) else {
            throw PocketshelfError.bundle("\(path): takes uint8 \(wanted), not \(pixels.count) bytes")
        }
        guard clitert_run(model, pixels, pixels.count) == 0 else {
            throw PocketshelfError.bundle("\(path): LiteRT refuses to run it")
        }
        return try (0..<clitert_outputs(model)).map { index in
            let shape = shape(clitert_output(model, index))
            var values = [Float](repeating: 0, count: shape.reduce(1, *))
            guard clitert_read(model, index, &values) == 0 else {
                throw PocketshelfError.bundle("\(path): LiteRT does not give an output")
            }
            return ModelOutput(shape: shape, values: values)
        }
    }

    private func shape(_ shape: clitert_shape) -> [Int] {
        withUnsafeBytes(of: shape.sides) { sides in
            Array(sides.bindMemory(to: Int32.self).prefix(Int(shape.rank))).map(Int.init)
        }
    }
}
