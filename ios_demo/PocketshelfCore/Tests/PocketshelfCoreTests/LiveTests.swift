import XCTest

@testable import PocketshelfCore

/// A detector that sees what it is told.
private final class Seen: Detector, @unchecked Sendable {
    var boxes: [Detection] = []
    func detect(_ photo: Photo) -> [Detection] { boxes }
}

/// An embedder that gives one vector, and counts.
private final class Counting: Embedder, @unchecked Sendable {
    var vector: [Float] = [1, 0, 0, 0]
    private(set) var asked: [Box?] = []
    let names: [String]

    init(_ names: [String]) { self.names = names }

    func embed(_ photo: Photo, box: Box?) -> Embedding {
        asked.append(box)
        let share = [Double](repeating: 1 / Double(names.count), count: names.count)
        return Embedding(vector: vector, categories: Probabilities(names: names, values: share))
    }
}

final class LiveTests: XCTestCase {
    private var now = 0.0
    private let detector = Seen()
    private let embedder = Counting(["Shoes", "Bags"])

    private func photo(_ grey: UInt8 = 100) throws -> Photo {
        try Photo(pixels: [UInt8](repeating: grey, count: 3 * 60 * 80), columns: 60, rows: 80)
    }

    private func box(_ x: Double, _ score: Double = 0.9, _ group: String = "goods") -> Detection {
        Detection(box: Box(x, 10, 20, 20), group: group, score: score)
    }

    private func bundle() throws -> ModelBundle {
        var document = try StrictJson.parse(Contract.bytes("golden/bundle-v1/bundle.json")).object
        var embedder = document["embedder"]!.object, detector = document["detector"]!.object
        embedder["dimension"] = .integer(4)
        embedder["categories"] = .of(["Shoes", "Bags"])
        detector["frame_weight"] = nil
        document["embedder"] = .object(embedder)
        document["detector"] = .object(detector)
        return try ModelBundle(parsing: Fields(.object(document), where: "bundle.json", kind: .bundle), folder: "f")
    }

    private func shelf(_ ids: [String], sequence: Int = 1) throws -> MemoryShelf {
        let products = ids.enumerated().map { n, id in
            Product.of(id, [100, Int8(n), 0, 0], category: "Shoes")
        }
        let bundle = try bundle()
        return MemoryShelf(
            products,
            ShardMeta(
                space: bundle.space, preprocessing: bundle.embedder.preprocessing.hash, bundle: "golden",
                sequence: sequence, dimension: 4))
    }

    private func retriever(_ shelf: MemoryShelf, fallback: (any Fallback)? = nil) throws -> Retriever {
        try Retriever(
            store: shelf, encoder: Encoder(bundle: bundle(), embedder: embedder, detector: detector),
            fallback: fallback)
    }

    private func watch(most: Int = 1) throws -> Watch {
        Watch(try retriever(shelf(["a", "b"])), count: 2, most: most, clock: { self.now })
    }

    func testAThingIsSearchedOnceWhileItStands() throws {
        let watch = try watch()
        detector.boxes = [box(10)]
        XCTAssertEqual(try watch.see(photo()).regions.count, 0)
        let seen = try watch.see(photo())
        XCTAssertEqual(seen.searched, 1)
        XCTAssertEqual(seen.regions.map(\.number), [1])
        XCTAssertEqual(seen.regions[0].region.hits?.map(\.productId), ["a", "b"])
        for _ in 0..<5 { XCTAssertEqual(try watch.see(photo()).searched, 0) }
        XCTAssertEqual(embedder.asked.count, 1)
    }

    func testAnOldAnswerIsAskedForAnew() throws {
        let watch = try watch()
        detector.boxes = [box(10)]
        for _ in 0..<2 { _ = try watch.see(photo()) }
        now = 2.9
        XCTAssertEqual(try watch.see(photo()).searched, 0)
        now = 3.1
        let seen = try watch.see(photo())
        XCTAssertEqual(seen.searched, 1)
        XCTAssertEqual(seen.regions[0].answeredSeconds, 0)
    }

    func testAnotherThingInTheSamePlaceIsSeen() throws {
        let watch = try watch()
        detector.boxes = [box(10)]
        for _ in 0..<2 { _ = try watch.see(photo(100)) }
        XCTAssertEqual(try watch.see(photo(110)).searched, 0)
        XCTAssertEqual(try watch.see(photo(140)).searched, 1)
    }

    func testOneThingAFrameTheOneThatWaitedLongest() throws {
        let watch = try watch()
        detector.boxes = [box(0), box(35)]
        _ = try watch.see(photo())
        let first = try watch.see(photo()), second = try watch.see(photo())
        XCTAssertEqual([first.searched, second.searched], [1, 1])
        XCTAssertEqual(first.regions.filter { $0.region.hits != nil }.count, 1)
        XCTAssertEqual(second.regions.filter { $0.region.hits != nil }.count, 2)
        XCTAssertEqual(Set(embedder.asked.map { $0?.x }), [0, 35])
    }

    func testAThingThatIsGoneIsForgotten() throws {
        let watch = try watch()
        detector.boxes = [box(10)]
        for _ in 0..<2 { _ = try watch.see(photo()) }
        detector.boxes = []
        for _ in 0..<3 { XCTAssertEqual(try watch.see(photo()).regions.count, 1) }
        XCTAssertEqual(try watch.see(photo()).regions.count, 0)
        detector.boxes = [box(10)]
        _ = try watch.see(photo())
        XCTAssertEqual(try watch.see(photo()).regions.map(\.number), [2])
    }

    func testAFrameWithoutBoxesIsOneRegion() throws {
        let result = try retriever(shelf(["a"])).search(photo())
        XCTAssertEqual(result.regions.map(\.group), ["frame"])
        XCTAssertEqual(result.regions[0].score, 0)
        XCTAssertEqual(result.regions[0].box, Box(0, 0, 60, 80))
        XCTAssertEqual(try retriever(shelf(["a"])).search(photo(), whole: true).regions[0].score, 1)
    }

    func testAnEmptyShelfAnswersWithNothing() throws {
        let result = try retriever(shelf([])).search(photo())
        XCTAssertEqual(result.regions.map { $0.hits?.count }, [0])
    }

    func testANewGenerationIsTakenUpOnlyIfItPasses() throws {
        let retriever = try retriever(shelf(["a"]))
        XCTAssertThrowsError(
            try retriever.replaceStore(shelf(["b"], sequence: 2)) { _ in throw PocketshelfError.store("no") })
        XCTAssertEqual(try retriever.search(photo()).store?.sequence, 1)
        let fresh = try shelf(["b"], sequence: 2)
        try retriever.replaceStore(fresh) { try WarmUp.verify(fresh, $0) }
        let result = try retriever.search(photo())
        XCTAssertEqual(result.store?.sequence, 2)
        XCTAssertEqual(result.regions[0].hits?.map(\.productId), ["b"])
        XCTAssertThrowsError(try retriever.replaceStore(MemoryShelf([], dimension: 4))) { error in
            XCTAssertEqual((error as? PocketshelfError)?.kind, .spaceMismatch)
        }
        XCTAssertEqual(try retriever.search(photo()).store?.sequence, 2)
    }

    func testATappedRegionMayAskTheServer() throws {
        final class Server: Fallback, @unchecked Sendable {
            var asked = 0
            func search(_ question: Question, told: String) -> Found {
                asked += 1
                return [Hit(productId: "far", score: 0.99, title: "Far", category: "Bags")]
            }
        }
        let server = Server(), retriever = try retriever(shelf(["a"]), fallback: server)
        let detection = box(10)
        let region = try retriever.encoder.embed(photo(), boxes: [detection], wanted: [detection])[0]
        XCTAssertEqual(try retriever.search(region).asked, .local)
        XCTAssertEqual(server.asked, 0)
        // The golden bundle has no calibration: the server is asked about everything.
        let answer = try retriever.search(region, ask: nil)
        XCTAssertEqual(answer.asked, .server)
        XCTAssertNil(answer.recall)
        XCTAssertEqual(answer.region.hits?.map(\.productId), ["a", "far"])
        XCTAssertEqual(answer.region.hits?.map(\.source), [.local, .server])
    }

    func testHowManyHitsMayBeWanted() throws {
        let retriever = try retriever(shelf(["a"]))
        for count in [0, -1, 1001, Int.max] {
            XCTAssertThrowsError(try retriever.search(photo(), count: count)) { error in
                XCTAssertEqual((error as? PocketshelfError)?.kind, .usage)
            }
        }
        for seconds in [0, -1, Double.infinity, .nan] {
            let encoder = Encoder(bundle: try bundle(), embedder: embedder)
            XCTAssertThrowsError(try Retriever(store: shelf(["a"]), encoder: encoder, seconds: seconds))
        }
    }

    func testAVectorOfAnotherLengthOrOfNoNumbersIsRefused() throws {
        for vector in [[1, 0, 0], [1, 0, 0, .nan], [.infinity, 0, 0, 0]] as [[Float]] {
            embedder.vector = vector
            XCTAssertThrowsError(try retriever(shelf(["a"])).search(photo())) { error in
                XCTAssertEqual((error as? PocketshelfError)?.kind, .bundle)
            }
        }
    }
}
