import CoreML
import CoreVideo
import Foundation
import PocketshelfCore

/// Runs an exported `.mlpackage` (ML Program, iOS 17) by Core ML; the compiled form is kept between starts.
///
/// The model's one input is a picture named `image`; its outputs are named as the bundle names them, and are handed out
/// in the bundle's order. Which unit runs an operation is Core ML's decision: `placement` says what it decided.
final class CoreMLRunner: ModelRunner, @unchecked Sendable {
    let inputWidth: Int
    let inputHeight: Int
    let placement: Placement?
    private let model: MLModel
    private let outputs: [String]
    private let lock = NSLock()

    /// - Parameters:
    ///   - package: the `.mlpackage`.
    ///   - sha256: of the package, as the bundle records it; names the compiled form.
    ///   - outputs: names of the outputs in the bundle's order.
    ///   - units: what Core ML may use; `.all` unless the settings say otherwise.
    /// - Throws: `PocketshelfError.bundle` when the package cannot be compiled, loaded or is not such a model.
    static func open(
        package: URL, sha256: String, outputs: [String], units: MLComputeUnits
    ) async throws -> CoreMLRunner {
        let configuration = MLModelConfiguration()
        configuration.computeUnits = units
        do {
            let compiled = try await CompiledModels.standard.compiled(package: package, sha256: sha256)
            let model = try await MLModel.load(contentsOf: compiled, configuration: configuration)
            let placement = await ComputePlan.placement(of: compiled, configuration: configuration)
            return try CoreMLRunner(
                model: model, file: package.lastPathComponent, outputs: outputs, placement: placement)
        } catch let error as PocketshelfError {
            throw error
        } catch {
            throw PocketshelfError.bundle(
                "\(package.lastPathComponent): Core ML cannot load it (\(error.localizedDescription))")
        }
    }

    private init(model: MLModel, file: String, outputs: [String], placement: Placement?) throws {
        let description = model.modelDescription
        guard description.inputDescriptionsByName.count == 1,
            let image = description.inputDescriptionsByName[Self.input]?.imageConstraint
        else {
            throw PocketshelfError.bundle("\(file): its one input is not a picture named '\(Self.input)'")
        }
        if let missing = outputs.first(where: { description.outputDescriptionsByName[$0] == nil }) {
            throw PocketshelfError.bundle("\(file): has no output '\(missing)'; export it again")
        }
        self.model = model
        self.outputs = outputs
        self.placement = placement
        inputWidth = image.pixelsWide
        inputHeight = image.pixelsHigh
    }

    /// One picture through the model; one call at a time runs.
    ///
    /// - Parameter pixels: RGB bytes, `inputHeight` × `inputWidth` × 3, row by row.
    /// - Returns: every output, in the bundle's order.
    /// - Throws: `PocketshelfError.bundle` when the bytes are not that many, or Core ML fails.
    func run(_ pixels: [UInt8]) throws -> [ModelOutput] {
        guard pixels.count == inputWidth * inputHeight * 3 else {
            throw PocketshelfError.bundle(
                "the model takes \(inputHeight) x \(inputWidth) x 3 bytes, not \(pixels.count)")
        }
        lock.lock()
        defer { lock.unlock() }
        do {
            let buffer = try PixelBuffers.make(rgb: pixels, width: inputWidth, height: inputHeight)
            let image = MLFeatureValue(pixelBuffer: buffer)
            let features = try MLDictionaryFeatureProvider(dictionary: [Self.input: image])
            let answer = try model.prediction(from: features)
            return try outputs.map { name in
                guard let array = answer.featureValue(for: name)?.multiArrayValue else {
                    throw PocketshelfError.bundle("Core ML answered without '\(name)'")
                }
                return array.output()
            }
        } catch let error as PocketshelfError {
            throw error
        } catch {
            throw PocketshelfError.bundle("Core ML failed (\(error.localizedDescription))")
        }
    }

    private static let input = "image"
}

extension MLMultiArray {
    /// Every element as a float in row-major order, whatever the type and the strides.
    func output() -> ModelOutput {
        let array = MLShapedArray<Float>(converting: self)
        return ModelOutput(shape: array.shape, values: array.scalars)
    }
}
