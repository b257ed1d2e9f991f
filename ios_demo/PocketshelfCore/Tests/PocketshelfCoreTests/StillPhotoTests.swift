import XCTest

@testable import PocketshelfCore

/// How a photo of a library comes into the core.
final class StillPhotoTests: XCTestCase {
    private func side(_ width: Int, _ height: Int) throws -> Int {
        try WorkingSize.longerSide(width: width, height: height)
    }

    func testLargePhotosAreDecodedSmaller() throws {
        XCTAssertEqual(try side(300, 200), 300, "never larger than it is")
        XCTAssertEqual(try side(1_200, 1_200), 1_200)
        XCTAssertEqual(try side(1_280, 1_280), 640)
        XCTAssertEqual(try side(4_000, 3_000), 1_000)
        XCTAssertEqual(try side(3_024, 4_032), 1_008)
    }

    func testAPanoramaDoesNotFillTheMemory() throws {
        XCTAssertEqual(try side(1_080, 20_000), 10_000, "a long page")
        XCTAssertEqual(try side(40_000, 1_000), 10_000)
        XCTAssertEqual(try side(20_000, 100), 20_000)
    }

    func testWhatIsNoPictureOrTooLargeIsRefused() {
        for (width, height) in [(0, 5), (5, -1), (20_000, 20_000), (Int.max, 2)] {
            XCTAssertThrowsError(try side(width, height)) { XCTAssertEqual(($0 as? PocketshelfError)?.kind, .photo) }
        }
    }

    func testAPlatformsPixelsLoseTheirFourthByte() throws {
        let photo = try Photo(rgbx: [1, 2, 3, 99, 4, 5, 6, 99], columns: 2, rows: 1, width: 20, height: 10)
        XCTAssertEqual(photo.pixels, [1, 2, 3, 4, 5, 6])
        XCTAssertEqual(photo.width, 20)
        XCTAssertThrowsError(try Photo(rgbx: [1, 2, 3], columns: 1, rows: 1))
        XCTAssertThrowsError(try Photo(rgbx: [], columns: 1, rows: 1))
    }
}
