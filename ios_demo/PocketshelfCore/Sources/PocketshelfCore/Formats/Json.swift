/// A JSON value as `StrictJson` reads it.
public indirect enum Json: Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case array([Json])
    case object(JsonObject)

    public static func == (left: Json, right: Json) -> Bool {
        switch (left, right) {
        case (.null, .null): return true
        case (.bool(let a), .bool(let b)): return a == b
        case (.integer(let a), .integer(let b)): return a == b
        case (.number(let a), .number(let b)): return a == b
        case (.text(let a), .text(let b)): return exactlyEqual(a, b)
        case (.array(let a), .array(let b)): return a == b
        case (.object(let a), .object(let b)): return a == b
        default: return false
        }
    }
}

/// A JSON object: names in the order in which they came, each once, told apart by their bytes.
public struct JsonObject: Equatable, Sendable {
    public private(set) var names: [String] = []
    private var values: [ExactString: Json] = [:]

    public init() {}

    public init(_ pairs: [(String, Json)]) {
        for (name, value) in pairs { self[name] = value }
    }

    public var count: Int { names.count }
    public var isEmpty: Bool { names.isEmpty }

    /// The value at `name`; setting nil removes it. A name that comes again keeps its place.
    public subscript(name: String) -> Json? {
        get { values[ExactString(name)] }
        set {
            let known = values.updateOrRemove(newValue, ExactString(name))
            if newValue != nil, !known { names.append(name) }
            if newValue == nil, known { names.removeAll { exactlyEqual($0, name) } }
        }
    }

    /// Whether the same names have the same values, in whatever order.
    public static func == (left: JsonObject, right: JsonObject) -> Bool { left.values == right.values }
}

extension Dictionary {
    /// Whether `key` was there before.
    fileprivate mutating func updateOrRemove(_ value: Value?, _ key: Key) -> Bool {
        guard let value else { return removeValue(forKey: key) != nil }
        return updateValue(value, forKey: key) != nil
    }
}

extension Json {
    /// As one line of JSON, objects in the order of their names.
    public var serialized: String {
        var out = ""
        write(to: &out)
        return out
    }

    private func write(to out: inout String) {
        switch self {
        case .null: out += "null"
        case .bool(let value): out += value ? "true" : "false"
        case .integer(let value): out += String(value)
        case .number(let value): out += value.description
        case .text(let value): out += Json.quoted(value)
        case .array(let values):
            out += "["
            for (i, value) in values.enumerated() {
                if i > 0 { out += "," }
                value.write(to: &out)
            }
            out += "]"
        case .object(let object):
            out += "{"
            for (i, name) in object.names.enumerated() {
                if i > 0 { out += "," }
                out += Json.quoted(name) + ":"
                object[name]?.write(to: &out)
            }
            out += "}"
        }
    }

    /// `text` as a JSON string, control characters escaped.
    public static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            default:
                if scalar.value < 0x20 || scalar.value == 0x7F {
                    let digits = String(scalar.value, radix: 16)
                    out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                } else {
                    out.unicodeScalars.append(scalar)
                }
            }
        }
        return out + "\""
    }
}
