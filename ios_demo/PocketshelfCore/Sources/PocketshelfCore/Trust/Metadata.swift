import Foundation

/// A metadata file of The Update Framework: what is signed, and by whom.
///
/// Specification: https://theupdateframework.github.io/specification/latest/#file-formats
struct Metadata {
    let signed: TufFields
    /// What the signatures are of.
    let payload: [UInt8]
    /// Key id → signature; nil for one that is no hexadecimal text, which no key verifies.
    let signatures: [ExactString: [UInt8]?]

    let version: Int
    /// Seconds since 1970.
    let expires: Double

    /// Read a file of the role `type`.
    ///
    /// - Throws: `TufError`.
    init(_ data: [UInt8], type: String) throws {
        let document: Json
        do {
            document = try StrictJson.parse(data)
        } catch {
            throw TufError.invalid("cannot be read as JSON: \(error)")
        }
        let top = try TufFields(document)
        signed = try top.child("signed")
        payload = try CanonicalJson.encode(top.value("signed"))
        var found: [ExactString: [UInt8]?] = [:]
        for entry in try top.children("signatures") {
            let id = ExactString(try entry.text("keyid"))
            guard found[id] == nil else { throw TufError.invalid("two signatures of key \(id.text)") }
            found.updateValue(bytes(hexadecimal: try entry.text("sig")), forKey: id)
        }
        signatures = found
        let kind = try signed.text("_type")
        guard kind == type else { throw TufError.invalid("expected '\(type)', got '\(kind)'") }
        try Metadata.checkSpecification(try signed.text("spec_version"))
        version = try signed.integer("version", low: 1)
        expires = try Metadata.seconds(try signed.text("expires"))
    }

    func isExpired(at now: Double) -> Bool { now >= expires }

    private static func checkSpecification(_ text: String) throws {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let digits = parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
        guard (2...3).contains(parts.count), digits, parts[0] == "1" else {
            throw TufError.invalid("unsupported spec_version \(text)")
        }
    }

    /// "2030-01-01T00:00:00Z" as seconds since 1970.
    static func seconds(_ text: String) throws -> Double {
        let pattern = "dddd-dd-ddTdd:dd:ddZ"
        let fits = text.utf8.count == pattern.utf8.count
            && zip(text.utf8, pattern.utf8).allSatisfy { byte, wanted in
                wanted == UInt8(ascii: "d") ? (0x30...0x39).contains(byte) : byte == wanted
            }
        let numbers = text.split { !$0.isASCII || !$0.isNumber }.compactMap { Int($0) }
        guard fits, numbers.count == 6, numbers[0] > 0, (1...12).contains(numbers[1]),
            (1...daysOf(numbers[1], numbers[0])).contains(numbers[2]),
            numbers[3] < 24, numbers[4] < 60, numbers[5] < 60
        else { throw TufError.invalid("'\(text.prefix(40))' is no time") }
        return Double(days(numbers[0], numbers[1], numbers[2]) * 86_400)
            + Double(numbers[3] * 3600 + numbers[4] * 60 + numbers[5])
    }

    /// How many days a month has.
    private static func daysOf(_ month: Int, _ year: Int) -> Int {
        if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
        return [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// Days from 1970-01-01 to a day of the Gregorian calendar.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400, ofEra = shifted - era * 400
        let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }
}

/// Typed access to a part of a metadata file; every getter throws `TufError`.
struct TufFields {
    let object: JsonObject

    init(_ value: Json) throws {
        guard case .object(let object) = value else { throw TufError.invalid("a part is no object") }
        self.object = object
    }

    func value(_ key: String) throws -> Json {
        guard let value = object[key] else { throw TufError.invalid("'\(key)' is missing") }
        return value
    }

    func has(_ key: String) -> Bool { (object[key] ?? .null) != .null }

    func child(_ key: String) throws -> TufFields { try TufFields(value(key)) }

    func children(_ key: String) throws -> [TufFields] {
        guard case .array(let values) = try value(key) else { throw TufError.invalid("'\(key)' is no list") }
        return try values.map(TufFields.init)
    }

    func text(_ key: String) throws -> String {
        guard case .text(let text) = try value(key) else { throw TufError.invalid("'\(key)' is no text") }
        return text
    }

    func texts(_ key: String) throws -> [String] {
        guard case .array(let values) = try value(key) else { throw TufError.invalid("'\(key)' is no list") }
        return try values.map { value in
            guard case .text(let text) = value else { throw TufError.invalid("'\(key)' holds no texts") }
            return text
        }
    }

    func integer(_ key: String, low: Int) throws -> Int {
        guard case .integer(let number) = try value(key), number >= low else {
            throw TufError.invalid("'\(key)' is no integer of at least \(low)")
        }
        return number
    }

    func flag(_ key: String, or fallback: Bool? = nil) throws -> Bool {
        if !has(key), let fallback { return fallback }
        guard case .bool(let flag) = try value(key) else { throw TufError.invalid("'\(key)' is no flag") }
        return flag
    }
}
