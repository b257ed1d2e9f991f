// ExecuTorch is a package of its own, which the README says how to add; without it `.pte` bundles are refused in words.
#if canImport(ExecuTorch)
import ExecuTorch
import Foundation
import PocketshelfCore

/// Runs an exported `.pte` by ExecuTorch, with whatever delegate it was lowered to (XNNPACK or Core ML).
final class ExecuTorchRunner: ModelRunner, @unchecked Sendable {
    let inputWidth: Int
    let inputHeight: Int
    /// A `.pte` names its delegates; ExecuTorch does not tell which operations they took.
    let placement: Placement? = nil
    private let module: Module
    private let file: String
    private let lock = NSLock()

    /// - Throws: `PocketshelfError.bundle` when the file cannot be loaded, or its input is not uint8 (1, h, w, 3).
    init(file url: URL) throws {
        file = url.lastPathComponent
        module = Module(filePath: url.path)
        do {
            try module.load("forward")
            let inputs = try module.methodMetadata("forward").inputTensorMetadata
            guard inputs.count == 1, let input = inputs[0], input.dataType == .byte,
                input.shape.count == 4, input.shape[0] == 1, input.shape[3] == 3
            else {
                throw PocketshelfError.bundle("\(file): its input is not uint8 [1, h, w, 3]")
            }
            inputHeight = input.shape[1]
            inputWidth = input.shape[2]
        } catch let error as PocketshelfError {
            throw error
        } catch {
            throw PocketshelfError.bundle("\(file): ExecuTorch cannot load it (\(error.localizedDescription))")
        }
    }

    /// One picture through the model; one call at a time runs. See `CoreMLRunner.run`.
    func run(_ pixels: [UInt8]) throws -> [ModelOutput] {
        guard pixels.count == inputWidth * inputHeight * 3 else {
            throw PocketshelfError.bundle(
                "\(file): takes \(inputHeight) x \(inputWidth) x 3 bytes, not \(pixels.count)")
        }
        lock.lock()
        defer { lock.unlock() }
        do {
            let input = Tensor<UInt8>(pixels, shape: [1, inputHeight, inputWidth, 3])
            let outputs: [Value] = try module.forward([input])
            return try outputs.map { value in
                guard let tensor: Tensor<Float> = value.tensor() else {
                    throw PocketshelfError.bundle("\(file): an output is not float")
                }
                return ModelOutput(shape: tensor.shape, values: tensor.scalars())
            }
        } catch let error as PocketshelfError {
            throw error
        } catch {
            throw PocketshelfError.bundle("\(file): ExecuTorch failed (\(error.localizedDescription))")
        }
    }
}
#endif
