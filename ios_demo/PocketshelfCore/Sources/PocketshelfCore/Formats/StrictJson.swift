/// JSON from outside, read by strict rules: what it gives can be stored, signed and sent on.
///
/// UTF-8 without a byte order mark; no NaN or infinity; integers of 63 bits and a sign; no lone surrogates; a
/// bounded depth. RFC 8259, sections 6, 8.2 and 9, leaves such limits to each reader: these are those of the
/// Python SDK (`pocketshelf.formats.strict_json`). A name that comes twice counts with its last value.
public enum StrictJson {
    /// Lists and objects within each other.
    public static let maxDepth = 64

    /// Why a document was refused; `reason` is one line.
    public struct Refused: Error, CustomStringConvertible {
        public let reason: String
        public var description: String { reason }
    }

    /// The document in `data`.
    ///
    /// - Parameter depth: how deep lists and objects may lie in each other.
    /// - Throws: `Refused`.
    public static func parse(_ data: [UInt8], depth: Int = maxDepth) throws -> Json {
        try data.withUnsafeBufferPointer { bytes in
            var reader = Reader(bytes: bytes, left: depth, most: depth)
            let value = try reader.value()
            reader.skipBlanks()
            guard reader.at == bytes.count else { throw reader.refused("has more than one value") }
            return value
        }
    }

    /// The document in `text`; see `parse(_:depth:)`.
    public static func parse(_ text: String, depth: Int = maxDepth) throws -> Json {
        try parse(Array(text.utf8), depth: depth)
    }
}

private struct Reader {
    let bytes: UnsafeBufferPointer<UInt8>
    var at = 0
    var left: Int
    let most: Int

    init(bytes: UnsafeBufferPointer<UInt8>, left: Int, most: Int) {
        self.bytes = bytes
        self.left = left
        self.most = most
    }

    func refused(_ why: String) -> StrictJson.Refused { StrictJson.Refused(reason: "\(why) (at byte \(at))") }

    mutating func skipBlanks() {
        while at < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[at]) { at += 1 }
    }

    mutating func value() throws -> Json {
        skipBlanks()
        guard at < bytes.count else { throw refused("ends too early") }
        switch bytes[at] {
        case UInt8(ascii: "{"): return .object(try nested { try $0.object() })
        case UInt8(ascii: "["): return .array(try nested { try $0.array() })
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw refused("is no JSON")
        }
    }

    private mutating func nested<T>(_ read: (inout Reader) throws -> T) throws -> T {
        guard left > 0 else { throw refused("nested too deeply (deeper than \(most))") }
        left -= 1
        defer { left += 1 }
        at += 1
        return try read(&self)
    }

    private mutating func word(_ text: String, _ value: Json) throws -> Json {
        for byte in text.utf8 {
            guard at < bytes.count, bytes[at] == byte else { throw refused("is no JSON") }
            at += 1
        }
        return value
    }

    /// Whether `byte` comes next, after blanks; then it is passed.
    private mutating func takes(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard at < bytes.count, bytes[at] == byte else { return false }
        at += 1
        return true
    }

    private mutating func object() throws -> JsonObject {
        var object = JsonObject()
        if takes(UInt8(ascii: "}")) { return object }
        repeat {
            skipBlanks()
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw refused("lacks a name") }
            let name = try string()
            guard takes(UInt8(ascii: ":")) else { throw refused("lacks a colon") }
            object[name] = try value()
        } while takes(UInt8(ascii: ","))
        guard takes(UInt8(ascii: "}")) else { throw refused("lacks the end of an object") }
        return object
    }

    private mutating func array() throws -> [Json] {
        var values: [Json] = []
        if takes(UInt8(ascii: "]")) { return values }
        repeat { values.append(try value()) } while takes(UInt8(ascii: ","))
        guard takes(UInt8(ascii: "]")) else { throw refused("lacks the end of a list") }
        return values
    }

    private mutating func number() throws -> Json {
        let start = at
        func isDigit(_ i: Int) -> Bool { i < bytes.count && (0x30...0x39).contains(bytes[i]) }
        if bytes[at] == UInt8(ascii: "-") { at += 1 }
        guard isDigit(at) else { throw refused("is no JSON number") }
        if bytes[at] == UInt8(ascii: "0") { at += 1 } else { while isDigit(at) { at += 1 } }
        var isInteger = true
        if at < bytes.count, bytes[at] == UInt8(ascii: "."), isDigit(at + 1) {
            isInteger = false
            at += 1
            while isDigit(at) { at += 1 }
        }
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            let sign = at + 1 < bytes.count && [0x2B, 0x2D].contains(bytes[at + 1]) ? 1 : 0
            if isDigit(at + 1 + sign) {
                isInteger = false
                at += 1 + sign
                while isDigit(at) { at += 1 }
            }
        }
        let digits = String(decoding: bytes[start..<at], as: UTF8.self)
        if isInteger {
            guard digits.utf8.count <= 20, let value = Int(digits), value != Int.min else {
                throw refused("the number \(digits.prefix(12))… has more than 63 bits")
            }
            return .integer(value)
        }
        guard let value = Double(digits), value.isFinite else {
            throw refused("the number \(digits.prefix(12)) is too large")
        }
        return .number(value)
    }

    /// A string; the quote that begins it comes next.
    private mutating func string() throws -> String {
        at += 1
        var start = at
        var gathered: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                gathered.append(contentsOf: bytes[start..<at])
                at += 1
                return try checked(gathered)
            }
            guard byte >= 0x20 else { throw refused("has a control character in a text") }
            if byte == UInt8(ascii: "\\") {
                gathered.append(contentsOf: bytes[start..<at])
                at += 1
                try escape(into: &gathered)
                start = at
            } else {
                at += 1
            }
        }
        throw refused("lacks the end of a text")
    }

    private func checked(_ gathered: [UInt8]) throws -> String {
        let text = String(decoding: gathered, as: UTF8.self)
        // What is no UTF-8 was repaired.
        guard text.utf8.elementsEqual(gathered) else { throw refused("a text is no Unicode") }
        return text
    }

    private mutating func escape(into gathered: inout [UInt8]) throws {
        guard at < bytes.count else { throw refused("ends too early") }
        let byte = bytes[at]
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): gathered.append(byte)
        case UInt8(ascii: "b"): gathered.append(0x08)
        case UInt8(ascii: "f"): gathered.append(0x0C)
        case UInt8(ascii: "n"): gathered.append(0x0A)
        case UInt8(ascii: "r"): gathered.append(0x0D)
        case UInt8(ascii: "t"): gathered.append(0x09)
        case UInt8(ascii: "u"): gathered.append(contentsOf: String(Character(try scalar())).utf8)
        default: throw refused("has an unknown escape")
        }
    }

    private mutating func scalar() throws -> Unicode.Scalar {
        var value = try unit()
        if (0xD800...0xDBFF).contains(value), at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
            bytes[at + 1] == UInt8(ascii: "u")
        {
            at += 2
            let low = try unit()
            guard (0xDC00...0xDFFF).contains(low) else {
                throw refused("a text is no Unicode (a lone surrogate)")
            }
            value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(value) else {
            throw refused("a text is no Unicode (a lone surrogate)")
        }
        return scalar
    }

    private mutating func unit() throws -> UInt32 {
        guard at + 4 <= bytes.count else { throw refused("ends too early") }
        var value: UInt32 = 0
        for byte in bytes[at..<at + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw refused("has an unknown escape")
            }
            value = value << 4 | UInt32(digit)
        }
        at += 4
        return value
    }
}
