/// A file of a bundle, or a folder as `.mlpackage` is one.
public struct FileSpec: Hashable, Sendable {
    /// Its name inside the bundle.
    public let name: String
    /// 64 hexadecimal digits.
    public let sha256: String
    public let bytes: Int
}

/// One attribute head.
public struct AttributeSpec: Sendable {
    public let name: String
    /// Index of its logits among the model's outputs.
    public let output: Int
    /// Of the logits.
    public let labels: [String]
    /// Those whose products have the attribute; empty: all. It is reported for a region that more likely than not
    /// is of one of these.
    public let categories: [String]
}

/// The embedder of a bundle.
public struct EmbedderSpec: Sendable {
    public let file: FileSpec
    public let precision: String
    public let preprocessing: Preprocessing
    /// Numbers a vector.
    public let dimension: Int
    public let categories: [String]
    /// Indexes of the vector (1, dimension) and of the category logits (1, categories) among the outputs.
    public let embeddingOutput: Int
    public let categoriesOutput: Int
    /// The category logits are divided by it before the softmax.
    public let temperature: Double
    /// In the bundle's order.
    public let attributes: [AttributeSpec]
}

/// The detector of a bundle.
public struct DetectorSpec: Sendable {
    public let file: FileSpec
    public let precision: String
    public let preprocessing: Preprocessing
    /// Names of the score columns, in order.
    public let groups: [String]
    /// Of the pyramid's levels, in pixels of the input.
    public let strides: [Int]
    /// Indexes of the scores (1, N, groups) and of the distances (1, N, 4) among the outputs.
    public let scoresOutput: Int
    public let distancesOutput: Int
    /// A search looks at boxes from here on.
    public let scoreThreshold: Double
    /// Boxes of one group that overlap more are one.
    public let nmsIoU: Double
    /// Group → what the whole frame weighs in the query of such a region, in [0, 1]; absent groups: 0.
    public let frameWeight: [ExactString: Double]
    /// Group → names that shops give categories of such things; see `Shelves`.
    public let categories: [(group: String, names: [String])]
}
