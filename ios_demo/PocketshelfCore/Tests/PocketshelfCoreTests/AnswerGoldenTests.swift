import Foundation
import XCTest

@testable import PocketshelfCore

final class AnswerGoldenTests: XCTestCase {
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

    /// Has other prints while the first who asks reads them.
    private final class Replaced: ShelfReader, @unchecked Sendable {
        let held = MemoryShelf([], dimension: 2)
        let isRead = DispatchSemaphore(value: 0), isOvertaken = DispatchSemaphore(value: 0)
        var stamp: [UInt8] = [1]
        var meta: ShardMeta { held.meta }
        var digest: String { held.digest }

        func count() -> Int { 0 }
        func categories() -> [CategoryCount] { [] }
        func product(_ id: String) -> Product? { nil }
        func vectors(of category: String) -> CategoryVectors { held.vectors(of: category) }
        func manifest() -> Manifest? { nil }
        func featuresStamp() -> [UInt8] { stamp }
        func features() -> FeatureTable? {
            guard stamp == [1] else { return nil }
            isRead.signal()
            _ = isOvertaken.wait(timeout: .now() + 0.5)
            return nil
        }
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
        let bundle = try AnswerGolden.bundle()
        let shelf = try AnswerGolden.shelf(self, "golden/stages/answers/shard.sqlite")
        try Golden("answers").check { input in
            try AnswerGolden.answer(input, photo(input["width"].int, input["height"].int), bundle, shelf)
        }
    }

    func testAGenerationIsLookedAtOnceWhoeverAsksAtOnce() throws {
        let held = [
            Product.of("1", [9, 1], category: "Bas"), .of("2", [1, 9], category: "Haut"), .of("3", [1, 9], category: "Shoes"),
        ]
        let store = Counting(MemoryShelf(held, dimension: 2))
        let named = Shelves([("footwear", ["Shoes"]), ("upper", ["T-Shirt"])])
        let linear = LinearHead(names: ["footwear", "upper"], weights: [[8, 0], [0, 8]], bias: [0, 0])
        let shelf = try Shelf(store, searcher: StoreSearcher(store), named: named, head: GroupHead(linear: linear))
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

    func testOfTwoWhoTakeUpPrintsAtATimeTheLaterOnesStay() throws {
        let store = Replaced(), group = DispatchGroup()
        let shelf = try Shelf(store, searcher: StoreSearcher(store), named: Shelves([]), head: nil)
        DispatchQueue.global().async(group: group) { _ = try? shelf.lookClosely() }
        store.isRead.wait()
        store.stamp = [2]
        DispatchQueue.global().async(group: group) {
            _ = try? shelf.lookClosely()
            store.isOvertaken.signal()
        }
        group.wait()
        XCTAssertFalse(try shelf.lookClosely())
    }

    func testAnotherSpacesShelfIsRefused() throws {
        let bundle = try AnswerGolden.bundle()
        let encoder = Encoder(bundle: bundle, embedder: AnswerGolden.Told(bundle.embedder, []))
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
