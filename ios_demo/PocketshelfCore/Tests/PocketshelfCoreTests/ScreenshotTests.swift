import XCTest

@testable import PocketshelfCore

/// A detector and an embedder that keep what they are shown.
private final class Looking: Detector, Embedder, @unchecked Sendable {
    private(set) var heights: Set<Int> = []
    let names: [String]
    let dimension: Int

    init(_ names: [String], dimension: Int) {
        self.names = names
        self.dimension = dimension
    }

    func detect(_ photo: Photo) -> [Detection] {
        heights.insert(photo.height)
        return [Detection(box: Box(30, 60, 90, 120), group: "goods", score: 0.9)]
    }

    func embed(_ photo: Photo, box: Box?) -> Embedding {
        heights.insert(photo.height)
        let share = [Double](repeating: 1 / Double(names.count), count: names.count)
        let vector = (0..<dimension).map { $0 == 0 ? Float(1) : 0 }
        return Embedding(vector: vector, categories: Probabilities(names: names, values: share))
    }
}

/// A page of 250 rows, whose picture takes those from 50 to before 175, in a photo of thrice its size.
final class ScreenshotTests: XCTestCase {
    private func page() throws -> Photo {
        var pixels: [UInt8] = []
        for y in 0..<250 {
            for x in 0..<115 {
                for channel in 0..<3 {
                    let drawn = 7 * x + 13 * y + 3 * x * y + 59 * channel
                    pixels.append(UInt8(truncatingIfNeeded: (50..<175).contains(y) ? drawn : 250))
                }
            }
        }
        return try Photo(pixels: pixels, columns: 115, rows: 250, width: 345, height: 750)
    }

    func testThePictureIsAPhotoOfItsOwnInTheScreenshotsPixels() throws {
        let page = try page(), shown = try XCTUnwrap(shownIn(page))
        XCTAssertEqual([shown.across, shown.down], [0, 150])
        let sizes = [shown.photo.width, shown.photo.height, shown.photo.columns, shown.photo.rows]
        XCTAssertEqual(sizes, [345, 375, 115, 125])
        XCTAssertEqual(shown.photo.pixels, Array(page.pixels[3 * 115 * 50..<3 * 115 * 175]))
        XCTAssertNil(try shownIn(shown.photo))
    }

    func testNetworksSeeThePictureAndBoxesAreTheScreenshots() throws {
        let document = try StrictJson.parse(Contract.bytes("golden/bundle-v1/bundle.json"))
        let bundle = try ModelBundle(parsing: Fields(document, where: "bundle.json", kind: .bundle), folder: "f")
        let looking = Looking(bundle.embedder.categories, dimension: bundle.embedder.dimension)
        let encoder = Encoder(bundle: bundle, embedder: looking, detector: looking)
        var timings = Timings()
        let boxes = try encoder.encode(page(), whole: false, timings: &timings).map(\.detection.box)
        XCTAssertEqual(boxes, [Box(30, 210, 90, 120)])
        let whole = try encoder.encode(page(), whole: true, timings: &timings).map(\.detection.box)
        XCTAssertEqual(whole, [Box(0, 150, 345, 375)])
        XCTAssertEqual(looking.heights, [375])
    }
}
