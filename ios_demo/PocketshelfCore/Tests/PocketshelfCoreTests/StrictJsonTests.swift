import XCTest

@testable import PocketshelfCore

final class StrictJsonTests: XCTestCase {
    private func refuses(_ text: String, _ words: String, line: UInt = #line) {
        XCTAssertThrowsError(try StrictJson.parse(text), line: line) { error in
            XCTAssertTrue("\(error)".contains(words), "\(error)", line: line)
        }
    }

    func testValuesOfEveryKind() throws {
        let json = try StrictJson.parse(#" {"a": [1, -2.5, true, null, "\u00e9\ud83d\ude00\n"], "b": {}} "#)
        let list: [Json] = [.integer(1), .number(-2.5), .bool(true), .null, .text("\u{e9}😀\n")]
        XCTAssertEqual(json, .object(JsonObject([("a", .array(list)), ("b", .object(JsonObject()))])))
    }

    func testWhatIsNoJson() {
        for text in ["", "{", "[1,]", "{\"a\":1,}", "01", "1.", ".5", "+1", "nul", "\"a", "'a'", "[1] 2", "\"\u{1}\""] {
            XCTAssertThrowsError(try StrictJson.parse(text), text)
        }
        refuses("NaN", "no JSON")
        refuses("-Infinity", "no JSON number")
    }

    func testNumbersBeyondOtherReaders() throws {
        XCTAssertEqual(try StrictJson.parse("9223372036854775807"), .integer(Int.max))
        refuses("9223372036854775808", "63 bits")
        refuses("-9223372036854775808", "63 bits")
        refuses("1e999", "too large")
    }

    func testLoneSurrogatesAndBytesThatAreNoText() {
        refuses(#""\ud800""#, "surrogate")
        refuses(#""\udc00""#, "surrogate")
        refuses(#""\ud800\u0041""#, "surrogate")
        XCTAssertThrowsError(try StrictJson.parse([0x22, 0xFF, 0x22]))
    }

    func testDepth() throws {
        let deep = { (n: Int) in String(repeating: "[", count: n) + String(repeating: "]", count: n) }
        XCTAssertNoThrow(try StrictJson.parse(deep(64)))
        refuses(deep(65), "nested too deeply")
        refuses(String(repeating: "[", count: 1_000_000), "nested too deeply")
    }

    func testNamesAreToldApartByTheirBytes() throws {
        let json = try StrictJson.parse("{\"\u{e9}\": 1, \"e\u{301}\": 2, \"a\": 3, \"a\": 4}")
        guard case .object(let object) = json else { return XCTFail("no object") }
        XCTAssertEqual(object.count, 3)
        XCTAssertEqual(object["\u{e9}"], .integer(1))
        XCTAssertEqual(object["e\u{301}"], .integer(2))
        XCTAssertEqual(object["a"], .integer(4))
    }

    func testWrittenAndReadAgain() throws {
        let text = #"{"a":[1,2.5,"\"\\\n\u0001"],"b":null}"#
        XCTAssertEqual(try StrictJson.parse(text).serialized, text)
    }
}
