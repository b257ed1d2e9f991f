/// Typed access to a JSON document from outside, with errors that name file and field.
public struct Fields {
    /// The file's path, and the path of this object in it.
    public let place: String
    public let object: JsonObject
    private let kind: PocketshelfError.Kind
    private let refusal: Refusal?

    /// - Parameter refusal: which rule of a sync a fault breaks.
    /// - Throws: an error of `kind`: `document` is no object.
    public init(
        _ document: Json, where place: String, kind: PocketshelfError.Kind, refusal: Refusal? = nil
    ) throws {
        guard case .object(let object) = document else {
            throw PocketshelfError(kind, "\(place): must be a JSON object", refusal)
        }
        self.object = object
        self.place = place
        self.kind = kind
        self.refusal = refusal
    }

    /// The error to throw about `key`.
    public func error(_ key: String, _ problem: String) -> PocketshelfError {
        PocketshelfError(kind, "\(place): '\(key)' \(problem)", refusal)
    }

    /// Whether `key` is there and not null.
    public func has(_ key: String) -> Bool { (object[key] ?? .null) != .null }

    /// The names in the object, in their order.
    public var names: [String] { object.names }

    /// The value at `key`.
    public func value(_ key: String) throws -> Json {
        guard let value = object[key] else { throw error(key, "is missing") }
        return value
    }

    /// The object at `key`.
    public func child(_ key: String) throws -> Fields {
        try Fields(value(key), where: "\(place): \(key)", kind: kind, refusal: refusal)
    }

    /// The object at `key`; an empty one where it is absent or null.
    public func optionalChild(_ key: String) throws -> Fields {
        has(key)
            ? try child(key) : try Fields(.object(JsonObject()), where: "\(place): \(key)", kind: kind, refusal: refusal)
    }

    /// The objects of the list at `key`.
    public func children(_ key: String) throws -> [Fields] {
        guard case .array(let values) = try value(key) else { throw error(key, "must be a list") }
        return try values.enumerated().map { i, value in
            try Fields(value, where: "\(place): \(key)[\(i)]", kind: kind, refusal: refusal)
        }
    }

    /// A text that is not empty.
    public func text(_ key: String) throws -> String {
        guard case .text(let text) = try value(key), !text.isEmpty else {
            throw error(key, "must be a text that is not empty")
        }
        return text
    }

    /// A text; nil where it is absent, null or empty.
    public func optionalText(_ key: String) throws -> String? {
        guard has(key), object[key] != .text("") else { return nil }
        return try text(key)
    }

    /// A list of distinct texts, not empty.
    public func texts(_ key: String) throws -> [String] {
        guard case .array(let values) = try value(key), !values.isEmpty else {
            throw error(key, "must be a list of texts")
        }
        let texts = try values.map { value -> String in
            guard case .text(let text) = value, !text.isEmpty else {
                throw error(key, "must be a list of texts")
            }
            return text
        }
        guard Set(texts.map { ExactString($0) }).count == texts.count else {
            throw error(key, "names something twice")
        }
        return texts
    }

    /// An integer, at least `low`.
    public func integer(_ key: String, low: Int? = nil) throws -> Int {
        guard case .integer(let value) = try value(key), value >= low ?? Int.min else {
            throw error(key, "must be an integer" + (low.map { " of at least \($0)" } ?? ""))
        }
        return value
    }

    /// A list of at least two integers, each at least `low`; strides and sizes are such.
    public func integers(_ key: String, low: Int? = nil) throws -> [Int] {
        guard case .array(let values) = try value(key), values.count >= 2 else {
            throw error(key, "must be a list of at least two integers")
        }
        let pairs = values.enumerated().map { (String($0.offset), $0.element) }
        let parts = try Fields(.object(JsonObject(pairs)), where: "\(place): \(key)", kind: kind, refusal: refusal)
        return try parts.names.map { try parts.integer($0, low: low) }
    }

    /// A list of finite numbers, each within [low, high].
    public func numbers(_ key: String, low: Double? = nil, high: Double? = nil) throws -> [Double] {
        guard case .array(let values) = try value(key) else { throw error(key, "must be a list of numbers") }
        let pairs = values.enumerated().map { (String($0.offset), $0.element) }
        let parts = try Fields(.object(JsonObject(pairs)), where: "\(place): \(key)", kind: kind, refusal: refusal)
        return try parts.names.map { try parts.number($0, low: low, high: high) }
    }

    /// A finite number within [low, high]; `or` where it is absent.
    public func number(
        _ key: String, or fallback: Double? = nil, low: Double? = nil, high: Double? = nil
    ) throws -> Double {
        if object[key] == nil, let fallback { return fallback }
        let number: Double
        switch try value(key) {
        case .integer(let value): number = Double(value)
        case .number(let value): number = value
        default: throw error(key, "must be a number")
        }
        guard number >= low ?? -.infinity, number <= high ?? .infinity else {
            throw error(key, "must lie in [\(low ?? -.infinity), \(high ?? .infinity)]")
        }
        return number
    }
}
