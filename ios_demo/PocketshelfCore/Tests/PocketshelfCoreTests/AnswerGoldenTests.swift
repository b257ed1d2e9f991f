import Foundation
import XCTest

@testable import PocketshelfCore

final class AnswerGoldenTests: XCTestCase {
    /// Says what a case has for the box nearest to the one asked about.
    private final class Told: Embedder, @unchecked Sendable {
        let stage: NetworkEmbedder
        let known: [Json]

        init(_ spec: EmbedderSpec, _ known: [Json]) {
            stage = NetworkEmbedder(spec: spec, runner: Outputs([]))
            self.known = known
        }

        func embed(_ photo: Photo, box: Box?) throws -> Embedding {
            func distance(_ sides: [Double]) -> Double {
                guard let box else { return 0 }
                return zip(sides, [box.x, box.y, box.width, box.height]).reduce(0) { $0 + abs($1.0 - $1.1) }
            }
            let fitting = known.filter { $0["box"].isNull == (box == nil) }
            let nearest = try XCTUnwrap(fitting.min { distance($0["box"].doubles) < distance($1["box"].doubles) })
            return try stage.decode(nearest["outputs"].list.map(\.tensor))
        }
    }

    /// Says which categories were looked at.
    private final class Counting: ShelfReader {
        let held: MemoryShelf
        var asked: [String] = []
        var meta: ShardMeta { held.meta }
        var digest: String { held.digest }

        init(_ held: MemoryShelf) { self.held = held }

        func count() -> Int { held.count() }
        func categories() -> [CategoryCount] { held.categories() }
        func product(_ id: String) -> Product? { held.product(id) }
        func vectors(of category: String) -> CategoryVectors { held.vectors(of: category) }
        func manifest() -> Manifest? { nil }
        func someVectors(of category: String, most: Int) throws -> [Int8] {
            asked.append(category)
            return try held.someVectors(of: category, most: most)
        }
    }

    /// Knows the case's hits, or is away.
    private final class Server: Fallback, @unchecked Sendable {
        let hits: Json
        var asks: [Json] = []

        init(_ hits: Json) { self.hits = hits }

        func search(_ question: Question, told: String) throws -> [Hit] {
            asks.append(
                .of([
                    "space": .text(question.space), "categories": .of(question.categories),
                    "k": .integer(question.count),
                ]))
            if hits.isNull { throw PocketshelfError.server("away") }
            return hits.list.prefix(question.count).map { part in
                Hit(
                    productId: part["product_id"].string, score: part["score"].double, title: part["title"].string,
                    category: part["category"].string, source: .server,
                    image: part["image"].isNull ? nil : part["image"].string, attributes: part["attributes"].object)
            }
        }
    }

    private func folder() -> String { Contract.folder.appendingPathComponent("golden/stages/answers").path }

    /// The golden shard as a shelf, with its manifest.
    private func shelf() throws -> MemoryShelf {
        let copy = "\(try temporaryFolder(self))/shard.sqlite"
        try FileManager.default.copyItem(atPath: "\(folder())/shard.sqlite", toPath: copy)
        let shard = try Shard(copy)
        defer { shard.close() }
        var products: [Product] = []
        try shard.forEach { products.append($0) }
        let shelf = MemoryShelf(products, shard.meta)
        shelf.counts = try Manifest(parsing: Contract.bytes("golden/stages/answers/manifest.json"))
        return shelf
    }

    /// Decoded at a tenth; its colours change from side to side.
    private func photo(_ width: Int, _ height: Int) throws -> Photo {
        let columns = width / 10, rows = height / 10
        var pixels: [UInt8] = []
        for y in 0..<rows {
            for x in 0..<columns {
                let blue = 200 - 2 * x - y
                pixels += [UInt8(3 * x), UInt8(40 + 2 * y), UInt8(blue)]
            }
        }
        return try Photo(pixels: pixels, columns: columns, rows: rows, width: width, height: height)
    }

    func testWholeAnswers() throws {
        let bundle = try ModelBundle(folder: "\(folder())/bundle"), shelf = try shelf()
        try Golden("answers").check { input in
            let detector = NetworkDetector(
                spec: try XCTUnwrap(bundle.detector), runner: Outputs(input["detector"].list.map(\.tensor)))
            let encoder = Encoder(
                bundle: bundle, embedder: Told(bundle.embedder, input["embedder"].list), detector: detector)
            let server = input.object["server"].map(Server.init)
            let retriever = try Retriever(store: shelf, encoder: encoder, fallback: server)
            let photo = try photo(input["width"].int, input["height"].int)
            let asked = input["category"]
            do {
                let result = try retriever.search(
                    photo, count: input["top_k"].int,
                    category: CategoryChoice(asked.string.isEmpty ? asked.strings : [asked.string]),
                    whole: input["whole"].flag, ask: input["ask"].isNull ? nil : input["ask"].flag,
                    where: input["where"].pairs.map { (name: $0.0, values: $0.1.strings) })
                var line = result.json(full: true).object
                line["ms"] = nil
                return .of(["line": .object(line), "asks": .array(server?.asks ?? [])])
            } catch let error as PocketshelfError where error.kind == .usage {
                return .of(["error": .bool(true)])
            }
        }
    }

    func testAGenerationIsLookedAtOnceWhoeverAsksAtOnce() throws {
        let held = [
            Product.of("1", [9, 1], category: "Bas"), .of("2", [1, 9], category: "Haut"), .of("3", [1, 9], category: "Shoes"),
        ]
        let store = Counting(MemoryShelf(held, dimension: 2))
        let named = Shelves([("footwear", ["Shoes"]), ("upper", ["T-Shirt"])])
        let head = GroupHead(names: ["footwear", "upper"], weights: [[8, 0], [0, 8]], bias: [0, 0])
        let shelf = try Shelf(store, searcher: StoreSearcher(store), named: named, head: head)
        DispatchQueue.concurrentPerform(iterations: 16) { _ in _ = try? shelf.shelves() }
        let shelves = try shelf.shelves()
        XCTAssertEqual(store.asked.sorted(), ["Bas", "Haut"])
        XCTAssertTrue(shelves.fits(group: "footwear", category: "Bas") && shelves.fits(group: "upper", category: "Haut"))
        XCTAssertFalse(shelves.fits(group: "upper", category: "Bas") || shelves.fits(group: "upper", category: "Shoes"))
        XCTAssertTrue(shelves.fits(group: "upper", category: "of another server"))
        let plain = try Shelf(store, searcher: StoreSearcher(store), named: named, head: nil)
        XCTAssertTrue(try plain.shelves().fits(group: "upper", category: "Bas"))
        XCTAssertEqual(store.asked.count, 2)
    }

    func testAnotherSpacesShelfIsRefused() throws {
        let bundle = try ModelBundle(folder: "\(folder())/bundle")
        let encoder = Encoder(bundle: bundle, embedder: Told(bundle.embedder, []))
        let hash = bundle.embedder.preprocessing.hash
        for shelf in [
            MemoryShelf([], dimension: 24, space: "other", preprocessing: hash),
            MemoryShelf([], dimension: 23, space: bundle.space, preprocessing: hash),
            MemoryShelf([], dimension: 24, space: bundle.space, preprocessing: "0123456789abcdef"),
        ] {
            XCTAssertThrowsError(try Retriever(store: shelf, encoder: encoder)) { error in
                XCTAssertEqual((error as? PocketshelfError)?.kind, .spaceMismatch)
            }
        }
    }
}
