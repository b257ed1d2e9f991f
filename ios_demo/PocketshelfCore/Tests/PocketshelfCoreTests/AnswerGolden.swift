import Foundation
import XCTest

@testable import PocketshelfCore

/// What the golden cases of whole answers share: the bundle, and what stands in for networks and server.
enum AnswerGolden {
    /// By how many the photo of the cases was turned, told by the corner that has come to the left above.
    private static func quarters(of photo: Photo) -> Int {
        switch (photo.pixels[0] > 90, photo.pixels[1] > 120) {
        case (false, false): 0
        case (true, false): 1
        case (true, true): 2
        case (false, true): 3
        }
    }

    /// A detector that may find nothing in a turned photo.
    private struct Finds: Detector {
        let network: NetworkDetector
        let turned: Bool

        func detect(_ photo: Photo) throws -> [Detection] {
            turned || AnswerGolden.quarters(of: photo) == 0 ? try network.detect(photo) : []
        }
    }

    /// Says what a case has for the box nearest to the one asked about; of a turned photo, what it has for that, if
    /// anything.
    final class Told: Embedder, @unchecked Sendable {
        let stage: NetworkEmbedder
        let upright: [Json]
        let turned: [String: [Json]]

        init(_ spec: EmbedderSpec, _ upright: [Json], turned: [String: [Json]] = [:]) {
            stage = NetworkEmbedder(spec: spec, runner: Outputs([]))
            self.upright = upright
            self.turned = turned
        }

        func embed(_ photo: Photo, box: Box?) throws -> Embedding {
            func distance(_ sides: [Double]) -> Double {
                guard let box else { return 0 }
                return zip(sides, [box.x, box.y, box.width, box.height]).reduce(0) { $0 + abs($1.0 - $1.1) }
            }
            let known = turned.isEmpty ? upright : turned[String(AnswerGolden.quarters(of: photo))] ?? upright
            let fitting = known.filter { $0["box"].isNull == (box == nil) }
            let nearest = try XCTUnwrap(fitting.min { distance($0["box"].doubles) < distance($1["box"].doubles) })
            return try stage.decode(nearest["outputs"].list.map(\.tensor))
        }
    }

    /// Knows the case's hits, or is away.
    private final class Server: Fallback, @unchecked Sendable {
        let hits: Json
        let told: Json
        var asks: [Json] = []

        init(_ hits: Json, _ told: Json) { (self.hits, self.told) = (hits, told) }

        func search(_ question: Question, told why: String) throws -> Found {
            asks.append(
                .of([
                    "space": .text(question.space), "categories": .of(question.categories),
                    "k": .integer(question.count),
                ]))
            if hits.isNull { throw PocketshelfError.server("away") }
            let found = hits.list.prefix(question.count).map { part in
                Hit(
                    productId: part["product_id"].string, score: part["score"].double, title: part["title"].string,
                    category: part["category"].string, source: .server,
                    image: part["image"].isNull ? nil : part["image"].string, attributes: part["attributes"].object)
            }
            return Found(found, catalogue: told.isNull ? nil : catalogue)
        }

        private var catalogue: CatalogueSpread {
            let named = told["hits"].pairs.map { (ExactString($0.0), spread($0.1)) }
            return CatalogueSpread(
                nearest: spread(told["nearest"]), ofQuery: spread(told["background"]),
                ofHits: Dictionary(named, uniquingKeysWith: { $1 }))
        }

        private func spread(_ part: Json) -> Neighbourhood.Spread {
            Neighbourhood.Spread(mean: part.doubles[0], deviation: part.doubles[1])
        }
    }

    static func bundle() throws -> ModelBundle {
        try ModelBundle(folder: Contract.folder.appendingPathComponent("golden/stages/answers/bundle").path)
    }

    /// A golden shard as a shelf, with the manifest.
    static func shelf(_ test: XCTestCase, _ path: String) throws -> MemoryShelf {
        let copy = "\(try temporaryFolder(test))/shard.sqlite"
        try FileManager.default.copyItem(atPath: Contract.folder.appendingPathComponent(path).path, toPath: copy)
        let shard = try Shard(copy)
        defer { shard.close() }
        var products: [Product] = []
        try shard.forEach { products.append($0) }
        let shelf = MemoryShelf(products, shard.meta)
        shelf.counts = try Manifest(parsing: Contract.bytes("golden/stages/answers/manifest.json"))
        return shelf
    }

    static func encoder(_ input: Json, _ bundle: ModelBundle) throws -> Encoder {
        let network = NetworkDetector(
            spec: try XCTUnwrap(bundle.detector), runner: Outputs(input["detector"].list.map(\.tensor)))
        let detector = Finds(network: network, turned: (input.object["turned_has_boxes"] ?? .bool(true)).flag)
        let turned = Dictionary(uniqueKeysWithValues: input["turned"].pairs.map { ($0.0, $0.1.list) })
        let told = Told(bundle.embedder, input["embedder"].list, turned: turned)
        return Encoder(bundle: bundle, embedder: told, detector: detector)
    }

    /// The line of a case, without its times, and what the server was asked.
    static func answer(
        _ input: Json, _ photo: Photo, _ bundle: ModelBundle, _ shelf: MemoryShelf, closely: Bool = true
    ) throws -> Json {
        let server = input.object["server"].map { Server($0, input.object["told"] ?? .null) }
        let retriever = try Retriever(
            store: shelf, encoder: encoder(input, bundle), fallback: server, closely: closely)
        let asked = input["category"], way = input.object["any_way_up"] ?? .bool(false)
        do {
            let result = try retriever.search(
                photo, count: input["top_k"].int,
                category: CategoryChoice(asked.string.isEmpty ? asked.strings : [asked.string]),
                whole: input["whole"].flag, ask: input["ask"].isNull ? nil : input["ask"].flag,
                where: input["where"].pairs.map { (name: $0.0, values: $0.1.strings) },
                anyWayUp: way.isNull ? nil : way.flag)
            if server == nil {
                // The same, region by region.
                let answers = try retriever.answers(
                    photo, count: input["top_k"].int,
                    category: CategoryChoice(asked.string.isEmpty ? asked.strings : [asked.string]),
                    whole: input["whole"].flag, where: input["where"].pairs.map { (name: $0.0, values: $0.1.strings) },
                    anyWayUp: way.isNull ? nil : way.flag)
                XCTAssertEqual(answers.map { $0.region.json(full: true) }, result.regions.map { $0.json(full: true) })
                XCTAssertEqual(answers.first?.recall, result.localRecall)
            }
            var line = result.json(full: true).object
            line["ms"] = nil
            return .of(["line": .object(line), "asks": .array(server?.asks ?? [])])
        } catch let error as PocketshelfError where error.kind == .usage {
            return .of(["error": .bool(true)])
        }
    }
}
