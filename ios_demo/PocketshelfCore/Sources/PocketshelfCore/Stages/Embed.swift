import Foundation

/// What the embedder says about a crop.
public struct Embedding: Sendable {
    /// Of length 1.
    public let vector: [Float]
    /// All categories that the model knows.
    public var categories: Probabilities
    /// Attribute → probabilities in the order of the bundle's labels.
    public let attributes: [ExactString: [Double]]

    public init(vector: [Float], categories: Probabilities, attributes: [ExactString: [Double]] = [:]) {
        self.vector = vector
        self.categories = categories
        self.attributes = attributes
    }

    /// (1 - weight) · this + weight · frame, for the vector (normalised again) and every probability.
    func blended(with frame: Embedding, weight: Double) -> Embedding {
        let share = Float(1 - weight), rest = Float(weight)
        func mix(_ a: [Double], _ b: [Double]) -> [Double] {
            zip(a, b).map { (1 - weight) * $0 + weight * $1 }
        }
        return Embedding(
            vector: normalised(zip(vector, frame.vector).map { share * $0 + rest * $1 }),
            categories: categories.with(mix(categories.values, frame.categories.values)),
            attributes: Dictionary(
                uniqueKeysWithValues: attributes.map { ($0, mix($1, frame.attributes[$0] ?? $1)) }))
    }
}

/// The stage that turns a crop into a vector.
public protocol Embedder: Sendable {
    /// - Parameter box: in the photo's own pixels; nil: the whole frame.
    func embed(_ photo: Photo, box: Box?) throws -> Embedding
}

/// The default `Embedder`: a bundle's network on the crop that its preprocessing makes.
public final class NetworkEmbedder: Embedder {
    private let spec: EmbedderSpec
    private let runner: any ModelRunner

    public init(spec: EmbedderSpec, runner: any ModelRunner) {
        self.spec = spec
        self.runner = runner
    }

    /// - Throws: `bundle`: the network's outputs are not those its bundle describes.
    public func embed(_ photo: Photo, box: Box?) throws -> Embedding {
        try decode(runner.run(photo.networkInput(spec.preprocessing, box: box)))
    }

    /// The network's raw outputs as an embedding.
    ///
    /// - Throws: as `embed`.
    public func decode(_ outputs: [ModelOutput]) throws -> Embedding {
        let logits = try output(outputs, spec.categoriesOutput, spec.categories.count)
        let heads = try spec.attributes.map { head in
            (ExactString(head.name), softmax(try output(outputs, head.output, head.labels.count)))
        }
        return Embedding(
            vector: normalised(try output(outputs, spec.embeddingOutput, spec.dimension)),
            categories: Probabilities(
                names: spec.categories, values: softmax(logits.map { $0 / Float(spec.temperature) })),
            attributes: Dictionary(heads, uniquingKeysWith: { $1 }))
    }

    private func output(_ outputs: [ModelOutput], _ index: Int, _ length: Int) throws -> [Float] {
        guard index < outputs.count, outputs[index].shape == [1, length] else {
            throw PocketshelfError.bundle(
                "\(spec.file.name): its outputs are \(outputs.map(\.shape)); its bundle says that number \(index) is "
                    + "[1, \(length)]")
        }
        return outputs[index].values
    }
}

/// Probabilities of logits, in single precision: what is next to nothing is nothing, as in the Python SDK.
func softmax(_ logits: [Float]) -> [Double] {
    let top = logits.max() ?? 0
    let powers = logits.map { exp($0 - top) }
    let total = powers.reduce(0, +)
    return powers.map { Double($0 / total) }
}

/// Of length 1. Quantized models leave the sphere, so that this is done here, always.
func normalised(_ vector: [Float]) -> [Float] {
    let length = Float(max(vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot(), 1e-9))
    return vector.map { $0 / length }
}
