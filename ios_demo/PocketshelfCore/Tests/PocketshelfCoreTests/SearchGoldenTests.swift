import CScan
import Foundation
import XCTest

@testable import PocketshelfCore

final class SearchGoldenTests: XCTestCase {
    func testQuantizedVectors() throws {
        try Golden("quantize").check { input in
            let size = input["vectors"].shape[1], all = input["vectors"].floats
            let rows = try stride(from: 0, to: all.count, by: size).flatMap { try quantized(Array(all[$0..<$0 + size])) }
            XCTAssertEqual(rows, each(input, "vectors"), input["name"].string)
            return input["expected"]
        }
    }

    private func each(_ input: Json, _ name: String) -> [Int8] { input["expected"][name].bytes }

    func testVectorsThatAreNoNumbersAreRefused() {
        for vector in [[.nan, 0], [0, .infinity], [-.infinity, 1]] as [[Float]] {
            XCTAssertThrowsError(try quantized(vector))
        }
    }

    private func categories(_ input: Json) -> [CategoryVectors] {
        input["categories"].list.map { part in
            CategoryVectors(
                productIds: part["ids"].strings, owners: part["owners"].list.map { Int32($0.int) },
                block: part["vectors"].bytes, dimension: part["vectors"].shape[1])
        }
    }

    private func queries(_ input: Json) -> [[Float]] {
        let size = input["queries"].shape[1], all = input["queries"].floats
        return stride(from: 0, to: all.count, by: size).map { Array(all[$0..<$0 + size]) }
    }

    private func hits(_ matches: [Match]) -> Json {
        .array(matches.map { .array([.text($0.productId), .number($0.score)]) })
    }

    /// A shelf whose categories are the case's.
    private final class Categories: ShelfReader {
        let meta = ShardMeta(space: "", preprocessing: "", bundle: "", sequence: 0, dimension: 128)
        let digest = ""
        let parts: [CategoryVectors]

        init(_ parts: [CategoryVectors]) { self.parts = parts }

        func count() -> Int { parts.reduce(0) { $0 + $1.productIds.count } }
        func categories() -> [CategoryCount] {
            parts.enumerated().map { CategoryCount(name: String($0), products: $1.productIds.count) }
        }
        func product(_ id: String) -> Product? { nil }
        func vectors(of category: String) -> CategoryVectors { parts[Int(category)!] }
        func manifest() -> Manifest? { nil }
    }

    func testScans() throws {
        try Golden("scan").check { input in
            let shelf = Categories(categories(input))
            let searcher = StoreSearcher(shelf)
            let names = shelf.categories().map(\.name)
            return .of([
                "hits": .array(
                    try queries(input).map {
                        hits(try searcher.search($0, categories: names, count: input["k"].int))
                    })
            ])
        }
    }

    func testTheProcessorsKernelAddsAsThePortableOne() {
        var generator = SystemRandomNumberGenerator()
        for dimension in [1, 3, 15, 16, 31, 32, 63, 64, 65, 100, 128, 200, 256] {
            for rows in [0, 1, 3, 4, 5, 67] {
                var vectors = (0..<rows * dimension).map { _ in Int8.random(in: -128...127, using: &generator) }
                let query = (0..<dimension).map { _ in Int8.random(in: -128...127, using: &generator) }
                if rows > 0 { vectors.replaceSubrange(0..<dimension, with: [Int8](repeating: -128, count: dimension)) }
                var fast = [Int32](repeating: 1, count: rows), portable = [Int32](repeating: 2, count: rows)
                cscan_dots(query, vectors, rows, dimension, &fast)
                cscan_dots_portable(query, vectors, rows, dimension, &portable)
                XCTAssertEqual(fast, portable, "\(rows) x \(dimension)")
            }
        }
        XCTAssertTrue(
            ["avx512vnni", "avx2", "neon-dotprod", "portable"].contains(ExactIndex.instructions),
            ExactIndex.instructions)
    }

    func testQueriesOfAnotherDimensionAreRefused() throws {
        let pictures = CategoryVectors(productIds: ["a"], owners: [0], block: [1, 2, 3, 4], dimension: 4)
        XCTAssertThrowsError(try ExactIndex(pictures).search([1, 2, 3], count: 1)) { error in
            XCTAssertEqual((error as? PocketshelfError)?.kind, .usage)
        }
        XCTAssertThrowsError(try ExactIndex(pictures).search([1, 2, 3, .nan], count: 1))
        XCTAssertEqual(try ExactIndex(pictures).search([1, 2, 3, 4], count: 0), [])
        XCTAssertEqual(try ExactIndex(pictures).search([1, 2, 3, 4], count: Int.max).map(\.productId), ["a"])
    }

    func testRoutes() throws {
        try Golden("route").check { input in
            let given = input["probabilities"].pairs
            let likely = Probabilities(names: given.map(\.0), values: given.map(\.1.double))
            let counts = input["counts"].list.map { CategoryCount(name: $0[0].string, products: $0[1].int) }
            let routed = MassRouter().route(likely, available: counts.map(\.name))
            let searched = filled(routed, likely, counts: counts, wanted: input["wanted"].int)
            return .of(["routed": .of(routed), "searched": .of(searched)])
        }
    }

    func testNamesOfCategories() throws {
        try Golden("names").check { input in
            let asked = input["asked"]
            do {
                let choice = try CategoryChoice(asked.list.isEmpty && !asked.string.isEmpty ? [asked.string] : asked.strings)
                // A name that is empty is a name.
                let named = asked == .text("") ? CategoryChoice.named([""]) : choice
                return .of([
                    "named": .of(try named.names(among: input["available"].strings)),
                    "everything": .bool(named == .all),
                ])
            } catch let error as PocketshelfError where error.kind == .usage {
                return .of(["error": .bool(true)])
            }
        }
    }

    func testAnUnknownCategoryNamesThoseThereAre() {
        XCTAssertThrowsError(try CategoryChoice.named(["Hat"]).names(among: ["Bag", "Shoe"])) { error in
            XCTAssertEqual("\(error)", "unknown category 'Hat'; this store has Bag, Shoe (or 'auto', 'all')")
        }
    }

    func testWhatFits() throws {
        try Golden("where").check { input in
            let wanted: Where = input["where"].pairs.map { (name: $0.0, values: $0.1.strings) }
            return .of(["fits": .bool(fits(input["attributes"].object, wanted))])
        }
    }

    func testReranking() throws {
        try Golden("rerank").check { input in
            let seen = input["seen"].pairs.map { name, labels in
                SeenAttribute(
                    name: name,
                    labels: Probabilities(names: labels.pairs.map(\.0), values: labels.pairs.map(\.1.double)))
            }
            return scores(AttributeReranker().rerank(seen, given(input["hits"])))
        }
    }

    private func given(_ hits: Json) -> [Hit] {
        hits.list.map { part in
            Hit(
                productId: part["product_id"].string, score: part["score"].double, title: "", category: "",
                attributes: part["attributes"].object)
        }
    }

    private func scores(_ hits: [Hit]) -> Json {
        .of(["hits": .array(hits.map { .array([.text($0.productId), .number($0.score)]) })])
    }

    private func crop(_ input: Json) throws -> (Photo, Box) {
        let photo = try picture(input["image"].string), sides = input["box"].doubles
        return (photo, sides.isEmpty ? photo.frame : Box(sides[0], sides[1], sides[2], sides[3]))
    }

    func testLight() throws {
        try Golden("light").check { input in
            let (photo, box) = try crop(input), factors = input["times"].doubles
            let plus = input["plus"].isNull ? 0 : input["plus"].double
            func lit(_ box: Box) -> [UInt8] { times(times(lookedAt(photo, box), factors), [1, 1, 1], less: -plus) }
            let light = Light(frame: lit(photo.frame))
            return .of([
                "lift": .number(light.lift), "whitening": light.whitening.map { .of($0) } ?? .null,
                "veil": .number(light.veil), "palettes": .of(light.palettes(of: lit(box))),
            ])
        }
    }

    private func page(_ input: Json) -> Page {
        let columns = Int(input["width"].double)
        var pixels: [UInt8] = []
        for band in input["bands"].list {
            let parts = band.list, inside = parts.count > 2 ? parts[2].doubles.map { Int($0) } : []
            let colour = parts.count > 1 ? parts[1].doubles.map { Int($0) } : []
            for y in 0..<Int(parts[0].double) {
                for x in 0..<columns {
                    for channel in 0..<3 {
                        let isInside = !inside.isEmpty && (inside[0]..<inside[1]).contains(x)
                        let told = isInside ? Array(inside.dropFirst(2)) : colour
                        let drawn = 7 * x + 13 * y + 3 * x * y + 59 * channel
                        pixels.append(UInt8(truncatingIfNeeded: told.isEmpty ? drawn : told[channel]))
                    }
                }
            }
        }
        return Page(pixels: pixels, columns: columns, rows: pixels.count / (3 * columns))
    }

    func testScreenshot() throws {
        try Golden("screenshot").check { input in
            .of(["part": pictureIn(page(input)).map { .of([$0.left, $0.top, $0.right, $0.bottom]) } ?? .null])
        }
    }

    func testColours() throws {
        try Golden("colours").check { input in
            if !input["pixels"].isNull {
                let levels = [UInt8](try XCTUnwrap(Data(base64Encoded: input["pixels"].string)))
                let pixels = (0..<48 * 48 * 3).map { levels[$0 % levels.count] }
                return .of(["palette": .text(palette(of: pixels))])
            }
            if !input["image"].isNull {
                let (photo, box) = try crop(input)
                return .of(["palette": .text(palette(of: lookedAt(photo, box)))])
            }
            if !input["palettes"].isNull {
                let found = input["palettes"].strings.map { histogram($0) ?? [Float](repeating: 0, count: 700) }
                func likeness(_ a: [Float], _ b: [Float]) -> Double {
                    var sum = 0.0
                    for (x, y) in zip(a, b) { sum += Double(x * y) }
                    return sum
                }
                let rows = found.map { one in Json.of(found.map { likeness(one, $0) }) }
                return .of(["likeness": .array(rows)])
            }
            let query = input["query"].string.split(separator: ";").compactMap { histogram(String($0).trimmed) }
            let hits = given(input["hits"])
            if !input["among"].isNull { return scores(fallen(hits, query, among: given(input["among"]))) }
            return scores(byColour(hits, query, kinds: input["kinds"].strings.map { Set([ExactString($0)]) }))
        }
    }
}
