import Foundation
import XCTest

@testable import PocketshelfCore

/// Gives each picture, told apart by its size, its vector.
private final class Known: Embedder, @unchecked Sendable {
    var vectors: [String: [Float]] = [:]

    func embed(_ photo: Photo, box: Box?) -> Embedding {
        Embedding(
            vector: vectors["\(photo.columns)x\(photo.rows)"] ?? [],
            categories: Probabilities(names: [], values: []))
    }
}

private final class Answers: Searcher, @unchecked Sendable {
    var score = 1.0
    func search(_ vector: [Float], categories: [String], count: Int) -> [Match] {
        score.isNaN ? [] : [Match(productId: "x", score: score)]
    }
}

final class WarmUpTests: XCTestCase {
    private func shipped() throws -> ModelBundle {
        let path = Contract.folder.deletingLastPathComponent().appendingPathComponent("models/universal").path
        guard FileManager.default.fileExists(atPath: path) else { throw XCTSkip("models/universal is not here") }
        return try ModelBundle(folder: path, checkHashes: false)
    }

    /// The golden vectors of the bundle that ships, with their pictures beside them.
    private func cases(_ change: (inout JsonObject) -> Void = { _ in }) throws -> [GoldenCase] {
        let folder = try temporaryFolder(self), images = Contract.folder.appendingPathComponent("golden/images").path
        for name in try FileManager.default.contentsOfDirectory(atPath: images) {
            try FileManager.default.copyItem(atPath: "\(images)/\(name)", toPath: "\(folder)/\(name)")
        }
        var document = try StrictJson.parse(Contract.bytes("golden/embeddings-universal.json")).object
        change(&document)
        try Data(Json.object(document).serialized.utf8).write(to: URL(fileURLWithPath: "\(folder)/golden.json"))
        return try GoldenCase.read(folder: folder, for: shipped())
    }

    func testABundleThatReproducesItsGoldenVectorsIsUsed() throws {
        let cases = try cases(), embedder = Known()
        XCTAssertEqual(cases.count, 4)
        for each in cases {
            // Off the sphere, and a little off its direction, as another runtime's.
            embedder.vectors["\(each.photo.columns)x\(each.photo.rows)"] = each.vector.enumerated().map {
                3 * $1 + ($0 % 2 == 0 ? 0.004 : -0.004)
            }
        }
        XCTAssertNoThrow(try WarmUp.verify(embedder, cases: cases))
    }

    func testABundleThatDoesNotIsNot() throws {
        let cases = try cases(), embedder = Known()
        for each in cases { embedder.vectors["\(each.photo.columns)x\(each.photo.rows)"] = each.vector }
        let last = try XCTUnwrap(cases.last), key = "\(last.photo.columns)x\(last.photo.rows)"
        let nothing = [Float](repeating: 0, count: last.vector.count)
        for wrong in [last.vector.map { -$0 }, nothing, nothing.map { _ in .nan }, [1, 0]] {
            embedder.vectors[key] = wrong
            XCTAssertThrowsError(try WarmUp.verify(embedder, cases: cases)) { error in
                XCTAssertEqual((error as? PocketshelfError)?.kind, .bundle)
                XCTAssertTrue("\(error)".contains(last.name), "\(error)")
            }
        }
        XCTAssertThrowsError(try WarmUp.verify(embedder, cases: []))
    }

    func testGoldenVectorsOfAnotherBundleAreRefused() throws {
        XCTAssertThrowsError(try cases { $0["sha256"] = .text(String(repeating: "0", count: 64)) })
        XCTAssertThrowsError(try cases { $0["cases"] = .array([]) })
        for name in ["../x.png", "none.png"] {
            let missing = Json.of(["image": .text(name), "embedding": .array([])])
            XCTAssertThrowsError(try cases { $0["cases"] = .array([missing]) })
        }
    }

    func testAShelfInWhichProductsDoNotFindThemselvesIsRefused() throws {
        let products: [Product] = [.of("x", [1, 2, 3]), .of("y", [3, 2, 1]), .of("z", [0, 0, 0], category: "none")]
        let shelf = MemoryShelf(products, dimension: 3)
        XCTAssertNoThrow(try WarmUp.verify(shelf, StoreSearcher(shelf)))
        let answers = Answers()
        for wrong in [0.99, 0, .nan] {
            answers.score = wrong
            XCTAssertThrowsError(try WarmUp.verify(shelf, answers)) { error in
                XCTAssertEqual((error as? PocketshelfError)?.kind, .store)
            }
        }
    }

    func testPicturesThatAreNoneAreRefused() throws {
        let path = "\(try temporaryFolder(self))/a.ppm"
        let others = ["", "P5 1 1 255\nxxx", "P6\n1 1\n65535\nxxxxxx", "P6\n2 2\n255\nxxx", "P6\n-1 -1\n255\nxxx"]
        for text in others + ["P6 1 1 255"] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            XCTAssertThrowsError(try PortablePixmap.read(path), text)
        }
        try Data("P6\n2 1\n255\nabcdef".utf8).write(to: URL(fileURLWithPath: path))
        XCTAssertEqual(try PortablePixmap.read(path).pixels, Array("abcdef".utf8))
    }

    func testWhereANetworkRunsIsSaid() {
        let placement = Placement(shares: [
            .init(unit: "CPU", operations: 2), .init(unit: "GPU", operations: 0),
            .init(unit: "Neural Engine", operations: 61),
        ])
        XCTAssertEqual(placement.total, 63)
        XCTAssertEqual(placement.summary, "Neural Engine 61 of 63, CPU 2 of 63")
    }
}
