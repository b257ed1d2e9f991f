import Foundation
import XCTest

@testable import PocketshelfCore

/// The cases of `contract/golden/stages/<name>.json`.
struct Golden {
    struct Case {
        let name: String
        let input: Json
        let expected: Json
    }

    let tolerance: Double
    let cases: [Case]

    init(_ stage: String) throws {
        let document = try StrictJson.parse(Contract.bytes("golden/stages/\(stage).json"))
        tolerance = document["tolerance"].double
        cases = document["cases"].list.map {
            Case(name: $0["name"].string, input: $0, expected: $0["expected"])
        }
    }

    /// Runs every case, and fails with its name where the two differ: a fraction by more than the tolerance, anything else
    /// at all.
    func check(line: UInt = #line, _ answer: (Json) throws -> Json) {
        XCTAssertFalse(cases.isEmpty, line: line)
        for each in cases {
            do {
                let found = try answer(each.input)
                let problems = differences(found, each.expected, tolerance)
                XCTAssertTrue(problems.isEmpty, "\(each.name): \(problems.prefix(3))", line: line)
            } catch {
                XCTFail("\(each.name): \(error)", line: line)
            }
        }
    }
}

/// A golden picture's pixels: the core decodes no PNG, and so they lie beside it as PPM.
func picture(_ name: String) throws -> Photo {
    try pixmap(Contract.bytes("golden/images/\(name.replacingOccurrences(of: ".png", with: ".ppm"))"))
}

/// The picture in a binary PPM.
func pixmap(_ bytes: [UInt8]) throws -> Photo {
    // "P6", width, height and the greatest value, each followed by a blank or the end of a line.
    var words: [String] = [], at = 0
    while words.count < 4 {
        let word = bytes[at...].prefix { $0 != 0x20 && $0 != 0x0A }
        words.append(String(decoding: word, as: UTF8.self))
        at += word.count + 1
    }
    XCTAssertEqual([words[0], words[3]], ["P6", "255"])
    let columns = try XCTUnwrap(Int(words[1])), rows = try XCTUnwrap(Int(words[2]))
    return try Photo(pixels: Array(bytes[at...]), columns: columns, rows: rows)
}

/// Where two documents differ.
func differences(_ found: Json, _ wanted: Json, _ tolerance: Double, at place: String = "") -> [String] {
    switch (found, wanted) {
    case (.number, .number), (.number, .integer), (.integer, .number):
        let near = abs(found.double - wanted.double) <= tolerance
        return near ? [] : ["\(place): \(found.serialized), not \(wanted.serialized)"]
    case (.object(let a), .object(let b)):
        guard Set(a.names.map(ExactString.init)) == Set(b.names.map(ExactString.init)) else {
            return ["\(place): has \(a.names), not \(b.names)"]
        }
        return b.names.flatMap { differences(a[$0] ?? .null, b[$0] ?? .null, tolerance, at: "\(place).\($0)") }
    case (.array(let a), .array(let b)):
        guard a.count == b.count else { return ["\(place): \(a.count) entries, not \(b.count)"] }
        return zip(a, b).enumerated().flatMap { differences($1.0, $1.1, tolerance, at: "\(place)[\($0)]") }
    default:
        return found == wanted ? [] : ["\(place): \(found.serialized), not \(wanted.serialized)"]
    }
}

/// What tests read of golden files, whose form is known: a wrong one stops the test.
extension Json {
    subscript(name: String) -> Json { object[name] ?? .null }

    subscript(place: Int) -> Json { list[place] }

    var object: JsonObject {
        guard case .object(let object) = self else { return JsonObject() }
        return object
    }

    var list: [Json] {
        guard case .array(let values) = self else { return [] }
        return values
    }

    var string: String {
        guard case .text(let text) = self else { return "" }
        return text
    }

    var strings: [String] { list.map(\.string) }

    var isNull: Bool { self == .null }

    var flag: Bool { self == .bool(true) }

    var int: Int {
        guard case .integer(let value) = self else { return Int(double) }
        return value
    }

    var double: Double {
        switch self {
        case .integer(let value): return Double(value)
        case .number(let value): return value
        default: return .nan
        }
    }

    var doubles: [Double] { list.map(\.double) }

    /// Name and value, in the file's order.
    var pairs: [(String, Json)] { object.names.map { ($0, self[$0]) } }

    var shape: [Int] { self["shape"].list.map(\.int) }

    /// The numbers of a packed array of float32.
    var floats: [Float] {
        let bytes = [UInt8](Data(base64Encoded: self["f32"].string) ?? Data())
        return stride(from: 0, to: bytes.count, by: 4).map { at in
            Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) })
        }
    }

    /// The numbers of a packed array of int8.
    var bytes: [Int8] { (Data(base64Encoded: self["i8"].string) ?? Data()).map { Int8(bitPattern: $0) } }

    var tensor: ModelOutput { ModelOutput(shape: shape, values: floats) }

    static func of(_ values: [Double]) -> Json { .array(values.map(Json.number)) }

    static func of(_ texts: [String]) -> Json { .array(texts.map(Json.text)) }

    static func of(_ pairs: KeyValuePairs<String, Json>) -> Json { .object(JsonObject(pairs.map { ($0, $1) })) }
}

/// A network that says what it is told.
final class Outputs: ModelRunner, @unchecked Sendable {
    let outputs: [ModelOutput]
    let placement: Placement? = nil

    init(_ outputs: [ModelOutput]) { self.outputs = outputs }

    func run(_ pixels: [UInt8]) -> [ModelOutput] { outputs }
}

/// A shelf in memory.
final class MemoryShelf: ShelfReader {
    let meta: ShardMeta
    let digest = String(repeating: "0", count: 64)
    private let products: [Product]
    var counts: Manifest?
    /// Its products' local features.
    var table: FeatureTable?

    init(_ products: [Product], _ meta: ShardMeta) {
        self.products = products.sorted { precedes($0.productId, $1.productId) }
        self.meta = meta
    }

    convenience init(
        _ products: [Product], dimension: Int, space: String = "golden", preprocessing: String = "0000000000000000"
    ) {
        self.init(
            products,
            ShardMeta(
                space: space, preprocessing: preprocessing, bundle: "golden", sequence: products.count,
                dimension: dimension))
    }

    func count() -> Int { products.count }

    func categories() -> [CategoryCount] {
        Dictionary(grouping: products) { ExactString($0.category) }
            .map { CategoryCount(name: $0.key.text, products: $0.value.count) }
            .sorted { precedes($0.name, $1.name) }
    }

    func product(_ id: String) -> Product? { products.first { exactlyEqual($0.productId, id) } }

    func vectors(of category: String) -> CategoryVectors {
        let held = products.filter { exactlyEqual($0.category, category) }
        let owners = held.enumerated().flatMap { place, product in
            [Int32](repeating: Int32(place), count: product.vectors.count / meta.dimension)
        }
        return CategoryVectors(
            productIds: held.map(\.productId), owners: owners, block: held.flatMap(\.vectors),
            dimension: meta.dimension)
    }

    func manifest() -> Manifest? { counts }
    func productIds() -> [String] { products.map(\.productId) }
    func features() -> FeatureTable? { table }
    func featuresStamp() -> [UInt8] { table.map { Array(Sha256.hex($0.bytes).utf8) } ?? [] }
}

extension Product {
    /// One of a test's, with what matters there.
    static func of(
        _ id: String, _ vectors: [Int8], category: String = "c", attributes: JsonObject = JsonObject()
    ) -> Product {
        Product(
            productId: id, sequence: 1, category: category, title: "Title of \(id)", image: nil,
            attributes: attributes, vectors: vectors)
    }
}

extension FileSpec {
    static let golden = FileSpec(name: "golden", sha256: "", bytes: 0)
}

func detection(_ part: Json) -> Detection {
    let sides = part["box"].doubles
    return Detection(
        box: Box(sides[0], sides[1], sides[2], sides[3]), group: part["group"].string, score: part["score"].double)
}

func json(_ detection: Detection) -> Json {
    let box = detection.box
    return .of([
        "box": .of([box.x, box.y, box.width, box.height]), "group": .text(detection.group),
        "score": .number(detection.score),
    ])
}
