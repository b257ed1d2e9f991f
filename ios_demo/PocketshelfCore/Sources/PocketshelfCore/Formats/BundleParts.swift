/// Names of files from outside.
enum FileName {
    /// A name without folders.
    static func plain(_ part: Fields, _ key: String) throws -> String {
        let name = try part.text(key)
        guard !name.hasPrefix("."), !name.utf8.contains(where: { [0x2F, 0x5C, 0x3A, 0].contains($0) }) else {
            throw part.error(key, "must be a plain name inside the bundle")
        }
        return name
    }
}

extension FileSpec {
    /// Name, hash, length: what every file of a bundle has.
    init(_ part: Fields) throws {
        let name = try FileName.plain(part, "file"), sha256 = try part.text("sha256")
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9"), letters = UInt8(ascii: "a")...UInt8(ascii: "f")
        guard sha256.utf8.count == 64, sha256.utf8.allSatisfy({ digits.contains($0) || letters.contains($0) }) else {
            throw part.error("sha256", "must be 64 hexadecimal digits")
        }
        self.init(name: name, sha256: sha256, bytes: try part.integer("bytes", low: 0))
    }
}

extension EmbedderSpec {
    init(_ part: Fields) throws {
        let categories = try part.texts("categories")
        let temperature = try part.number("temperature", or: 1)
        guard temperature > 0 else { throw part.error("temperature", "must be above 0") }
        let outputs = try part.child("outputs"), heads = try part.optionalChild("attributes")
        self.init(
            file: try FileSpec(part), precision: try part.text("precision"),
            preprocessing: try checkedPreprocessing(part), dimension: try part.integer("dimension", low: 1),
            categories: categories, embeddingOutput: try outputs.integer("embedding", low: 0),
            categoriesOutput: try outputs.integer("categories", low: 0), temperature: temperature,
            attributes: try heads.names.map { try AttributeSpec($0, heads.child($0), known: categories) })
    }
}

extension AttributeSpec {
    init(_ name: String, _ head: Fields, known: [String]) throws {
        let categories = try head.has("categories") ? head.texts("categories") : []
        if let stranger = categories.first(where: { name in !known.contains { exactlyEqual($0, name) } }) {
            throw head.error("categories", "names '\(stranger)', which is none of the model's")
        }
        self.init(
            name: name, output: try head.integer("output", low: 0), labels: try head.texts("labels"),
            categories: categories)
    }
}

extension DetectorSpec {
    init(_ part: Fields) throws {
        let groups = try part.texts("groups"), outputs = try part.child("outputs")
        let weights = try part.optionalChild("frame_weight"), shelves = try part.optionalChild("categories")
        for (key, names) in [("frame_weight", weights.names), ("categories", shelves.names)] {
            if let stranger = names.first(where: { name in !groups.contains { exactlyEqual($0, name) } }) {
                throw part.error(key, "names '\(stranger)', which is none of the groups")
            }
        }
        let weightPairs = try weights.names.map { (ExactString($0), try weights.number($0, low: 0, high: 1)) }
        self.init(
            file: try FileSpec(part), precision: try part.text("precision"),
            preprocessing: try checkedPreprocessing(part), groups: groups,
            strides: try part.integers("strides", low: 1), scoresOutput: try outputs.integer("scores", low: 0),
            distancesOutput: try outputs.integer("distances", low: 0),
            scoreThreshold: try part.number("score_threshold", or: 0.3, low: 0, high: 1),
            nmsIoU: try part.number("nms_iou", or: 0.55, low: 0, high: 1),
            frameWeight: Dictionary(weightPairs, uniquingKeysWith: { $1 }),
            categories: try shelves.names.map { (group: $0, names: try shelves.texts($0)) })
    }
}

extension DetectorSpec {
    /// That of raw outputs on their own, as measurements have them: without a file.
    public static func undescribed(_ part: Fields, preprocessing: Preprocessing) throws -> DetectorSpec {
        DetectorSpec(
            file: FileSpec(name: "raw outputs", sha256: "", bytes: 0), precision: "float32",
            preprocessing: preprocessing, groups: try part.texts("groups"),
            strides: try part.integers("strides", low: 1), scoresOutput: 0, distancesOutput: 1,
            scoreThreshold: try part.number("score_threshold", low: 0, high: 1),
            nmsIoU: try part.number("nms_iou", low: 0, high: 1), frameWeight: [:], categories: [])
    }
}

/// A model's preprocessing, whose hash must be the one recorded beside it.
private func checkedPreprocessing(_ part: Fields) throws -> Preprocessing {
    let preprocessing = try Preprocessing(part.child("preprocessing"))
    guard exactlyEqual(try part.text("preprocessing_hash"), preprocessing.hash) else {
        throw part.error("preprocessing_hash", "is not that of its preprocessing (\(preprocessing.hash))")
    }
    return preprocessing
}
