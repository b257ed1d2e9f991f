import Foundation
import XCTest

@testable import PocketshelfCore

/// A graph that scans: what `GraphIndex` and `Graphs` make of a library is tested without USearch, too.
private final class ScanningGraph: VectorGraph, @unchecked Sendable {
    private let dimension: Int
    private var rows: [[Int8]] = []
    /// As a USearch without NumKong: an orthogonal vector is at distance 0.
    private let isWrong: Bool
    private(set) var widths: [Int] = []

    init(dimension: Int, isWrong: Bool) {
        self.dimension = dimension
        self.isWrong = isWrong
    }

    var count: Int { rows.count }

    func add(_ vectors: [Int8]) {
        rows += stride(from: 0, to: vectors.count, by: dimension).map { Array(vectors[$0..<$0 + dimension]) }
    }

    func nearest(_ query: [Int8], count: Int) -> [(key: Int, distance: Float)] {
        widths.append(count)
        let found = rows.enumerated().map { key, row -> (key: Int, distance: Float) in
            let cosine = cosine(query, row)
            return (key, isWrong && cosine == 0 ? 0 : 1 - cosine)
        }
        return Array(found.sorted { $0.distance < $1.distance }.prefix(count))
    }

    func vector(_ key: Int) -> [Int8] { rows[key] }

    func serialized() -> [UInt8] { rows.flatMap { $0 }.map { UInt8(bitPattern: $0) } }

    private func cosine(_ a: [Int8], _ b: [Int8]) -> Float {
        let dot = zip(a, b).reduce(0) { $0 + Int($1.0) * Int($1.1) }
        let lengths = [a, b].map { $0.reduce(0) { $0 + Int($1) * Int($1) } }
        return Float(dot) / Float(Double(lengths[0] * lengths[1]).squareRoot())
    }
}

private final class ScanningLibrary: GraphLibrary, @unchecked Sendable {
    let isWrong: Bool
    private(set) var built = 0
    private(set) var viewed = 0
    private(set) var last: ScanningGraph?

    init(isWrong: Bool = false) { self.isWrong = isWrong }

    func empty(dimension: Int, capacity: Int) -> any VectorGraph {
        built += 1
        let graph = ScanningGraph(dimension: dimension, isWrong: isWrong)
        last = graph
        return graph
    }

    func view(_ bytes: [UInt8], dimension: Int) -> any VectorGraph {
        viewed += 1
        let graph = ScanningGraph(dimension: dimension, isWrong: isWrong)
        graph.add(bytes.map { Int8(bitPattern: $0) })
        last = graph
        return graph
    }
}

final class GraphTests: XCTestCase {
    /// `count` products of `pictures` pictures each, the same in every run.
    private func pictures(_ count: Int, each pictures: Int = 1, dimension: Int = 64) -> CategoryVectors {
        var state: UInt64 = 88_172_645_463_325_252
        let numbers = count * pictures * dimension
        let block = (0..<numbers).map { _ -> Int8 in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int8(truncatingIfNeeded: Int(state % 255) - 127)
        }
        let ids = (0..<count).map { place -> String in String(format: "%06d", place) }
        let owners = (0..<count * pictures).map { picture -> Int32 in Int32(picture / pictures) }
        return CategoryVectors(productIds: ids, owners: owners, block: block, dimension: dimension)
    }

    private func queries(_ count: Int, dimension: Int = 64) -> [[Float]] {
        (0..<count).map { n -> [Float] in
            (0..<dimension).map { place -> Float in Float(sin(Double(n * 131 + place * 17))) }
        }
    }

    func testALibraryThatMisranksIsNotUsed() {
        XCTAssertFalse(isSound(ScanningLibrary(isWrong: true)))
        XCTAssertNil(Graphs(ScanningLibrary(isWrong: true), folder: nil))
        XCTAssertTrue(isSound(ScanningLibrary()))
    }

    func testAGraphFindsWhatTheScanFinds() throws {
        let held = pictures(300), exact = ExactIndex(held)
        let graphs = try XCTUnwrap(Graphs(ScanningLibrary(), folder: nil))
        let graph = try XCTUnwrap(graphs.index(of: held, category: "c", shard: "s"))
        for query in queries(10) {
            XCTAssertEqual(try graph.search(query, count: 7), try exact.search(query, count: 7))
        }
        XCTAssertEqual(try graph.search(queries(1)[0], count: 1000).count, 300)
        XCTAssertEqual(try graph.search(queries(1)[0], count: 0), [])
    }

    func testAGraphIsSearchedWiderUntilEnoughProductsDiffer() throws {
        let library = ScanningLibrary(), held = pictures(40, each: 30)
        let graphs = try XCTUnwrap(Graphs(library, folder: nil))
        let graph = try XCTUnwrap(graphs.index(of: held, category: "c", shard: "s"))
        // The nearest 300 pictures are those of ten products.
        let found = try graph.search(held.block[0..<64].map(Float.init), count: 39)
        XCTAssertEqual(Set(found.map(\.productId)).count, 39)
        XCTAssertEqual(found.first?.productId, "000000")
        let widths = try XCTUnwrap(library.last?.widths)
        XCTAssertEqual(widths, widths.sorted())
        XCTAssertLessThanOrEqual(try XCTUnwrap(widths.last), held.owners.count)
    }

    func testAGraphIsKeptAndReadAgain() throws {
        let folder = "\(try temporaryFolder(self))/index", held = pictures(50)
        let first = ScanningLibrary(), second = ScanningLibrary(), third = ScanningLibrary()
        XCTAssertNotNil(Graphs(first, folder: folder)?.index(of: held, category: "Kategorie/ä", shard: "s"))
        let again = Graphs(second, folder: folder)?.index(of: held, category: "Kategorie/ä", shard: "s")
        XCTAssertEqual(second.viewed, 1)
        XCTAssertEqual(try again?.search(queries(1)[0], count: 3), try ExactIndex(held).search(queries(1)[0], count: 3))
        // Another shard's, and another category's, is another file or none.
        XCTAssertNotNil(Graphs(third, folder: folder)?.index(of: held, category: "Kategorie/ä", shard: "other"))
        XCTAssertEqual(third.viewed, 0)
    }

    func testADamagedFileIsAsGoodAsNone() throws {
        let folder = try temporaryFolder(self)
        let file = DerivedFile(folder: folder, shard: "s", category: "c")
        XCTAssertNil(file.read(most: 100))
        try file.write([1, 2, 3])
        XCTAssertEqual(file.read(most: 3), [1, 2, 3])
        XCTAssertNil(file.read(most: 2))
        let whole = try Data(contentsOf: URL(fileURLWithPath: file.path))
        for place in [0, 25, 100, whole.count - 1] {
            var damaged = whole
            damaged[place] ^= 1
            try damaged.write(to: URL(fileURLWithPath: file.path))
            XCTAssertNil(file.read(most: 3), "byte \(place)")
        }
        let others: [Data] = [Data(), Data(whole.dropLast()), whole + Data([0]), Data(repeating: 7, count: 500)]
        for damaged in others {
            try damaged.write(to: URL(fileURLWithPath: file.path))
            XCTAssertNil(file.read(most: 3))
        }
        let other = DerivedFile(folder: folder, shard: "s2", category: "c")
        try whole.write(to: URL(fileURLWithPath: other.path))
        XCTAssertNil(other.read(most: 3))
    }

    func testLargeCategoriesGetAGraphAndSmallOnesAScan() throws {
        let block = pictures(30).block
        let products = (0..<30).map { n -> Product in
            let row = Array(block[(64 * n)..<(64 * n + 64)])
            return Product.of(String(n), row, category: n < 10 ? "small" : "large")
        }
        let shelf = MemoryShelf(products, dimension: 64)
        let searcher = StoreSearcher(shelf, graphs: Graphs(ScanningLibrary(), folder: nil), exactLimit: 20)
        XCTAssertTrue(try searcher.index("large") is GraphIndex)
        XCTAssertTrue(try searcher.index("small") is ExactIndex)
        XCTAssertTrue(try StoreSearcher(shelf, graphs: nil, exactLimit: 20).index("large") is ExactIndex)
        let exact = StoreSearcher(shelf)
        for query in queries(5) {
            let names = ["large", "small"]
            XCTAssertEqual(
                try searcher.search(query, categories: names, count: 5),
                try exact.search(query, categories: names, count: 5))
        }
    }

    /// USearch itself, where `POCKETSHELF_USEARCH` names its library (contract/usearch/build makes it).
    func testUSearchFindsWhatTheScanFinds() throws {
        guard let path = ProcessInfo.processInfo.environment["POCKETSHELF_USEARCH"] else {
            throw XCTSkip("POCKETSHELF_USEARCH names no library")
        }
        let library = try XCTUnwrap(USearchLibrary(path: path), path)
        XCTAssertTrue(isSound(library))
        let folder = try temporaryFolder(self), held = pictures(3000, dimension: 128)
        let graphs = try XCTUnwrap(Graphs(library, folder: folder)), exact = ExactIndex(held)
        let built = try XCTUnwrap(graphs.index(of: held, category: "c", shard: "s"))
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder).count, 1)
        let read = try XCTUnwrap(graphs.index(of: held, category: "c", shard: "s"))
        var shared = 0
        for query in queries(50, dimension: 128) {
            let found = try built.search(query, count: 10)
            XCTAssertEqual(found, try read.search(query, count: 10))
            let wanted = Set(try exact.search(query, count: 10).map(\.productId))
            shared += found.filter { wanted.contains($0.productId) }.count
            // What the graph finds has the very cosine that the scan gives it.
            let all = try exact.search(query, count: 3000)
            for match in found { XCTAssertTrue(all.contains(match)) }
        }
        XCTAssertGreaterThan(Double(shared) / 500, 0.85)
        // As many as there are: a graph may leave one unreachable, a search may not.
        XCTAssertEqual(try built.search(queries(1, dimension: 128)[0], count: 3000).count, 3000)
        XCTAssertNil(USearchLibrary(path: "/no/such/library.so"))
    }
}
