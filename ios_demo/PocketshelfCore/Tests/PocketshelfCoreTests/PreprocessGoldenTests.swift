import Foundation
import XCTest

@testable import PocketshelfCore

final class PreprocessGoldenTests: XCTestCase {
    private func cases() throws -> [Json] {
        try StrictJson.parse(Contract.bytes("golden/preprocessing.json")).list
    }

    private func rule(_ json: Json) -> Preprocessing {
        Preprocessing(
            height: json["size"][0].int, width: json["size"][1].int, margin: json["margin"].double,
            maxAspect: json["max_aspect"].double)
    }

    /// The contract allows one grey level; the arithmetic is the same, and so is every byte.
    func testCropsAreTheSameToTheByte() throws {
        let cases = try cases()
        XCTAssertGreaterThanOrEqual(cases.count, 84)
        for each in cases {
            let sides = each["box"].doubles
            let box = each["box"].isNull ? nil : Box(sides[0], sides[1], sides[2], sides[3])
            let found = try picture(each["image"].string).networkInput(rule(each["rule"]), box: box)
            let wanted = [UInt8](try XCTUnwrap(Data(base64Encoded: each["pixels"].string)))
            XCTAssertEqual(found.count, wanted.count)
            let worst = zip(found, wanted).map { abs(Int($0) - Int($1)) }.max()
            XCTAssertEqual(worst, 0, "\(each["image"].string) \(each["box"].serialized) \(each["rule"].serialized)")
        }
    }

    func testHashesOfTheRules() throws {
        for each in try cases() { XCTAssertEqual(rule(each["rule"]).hash, each["hash"].string) }
        XCTAssertEqual(Preprocessing(height: 224, width: 224, margin: 0.05).hash, "d53c8f8f25198365")
    }

    func testBoxesAreCutToTheFrame() {
        func crop(_ box: Box, margin: Double = 0, aspect: Double = 4.0 / 3) -> Box {
            cropBox(box, columns: 100, rows: 80, margin: margin, maxAspect: aspect)
        }
        XCTAssertEqual(crop(Box(-50, -50, 1000, 1000)), Box(0, 0, 100, 80))
        XCTAssertEqual(crop(Box(-10, 10, 20, 20)), Box(0, 10, 20, 20))
        XCTAssertEqual(crop(Box(90, 70, 20, 20)), Box(80, 60, 20, 20))
        XCTAssertEqual(crop(Box(40, 40, 0, 0)), Box(39.5, 39.5, 1, 1))
        XCTAssertEqual(crop(Box(30, 10, 40, 10), aspect: 2), Box(30, 5, 40, 20))
    }

    func testABoxThatIsNoneIsTheFrame() throws {
        let photo = try Photo(pixels: [UInt8](repeating: 7, count: 3 * 100 * 80), columns: 100, rows: 80)
        let rule = Preprocessing(height: 8, width: 8), whole = photo.networkInput(rule)
        for number in [Double.nan, .infinity, -.infinity, 1e308, -1e308] {
            for box in [Box(number, 0, 10, 10), Box(0, number, 10, 10), Box(0, 0, number, 10), Box(0, 0, 10, number)] {
                let found = photo.networkInput(rule, box: box)
                if number.isFinite { XCTAssertEqual(found.count, whole.count) } else { XCTAssertEqual(found, whole) }
            }
        }
    }

    func testWithoutChangeTheFrameIsTheInput() throws {
        let pixels = (0..<4 * 5 * 3).map { UInt8($0 * 4 % 256) }
        let photo = try Photo(pixels: pixels, columns: 5, rows: 4)
        XCTAssertEqual(photo.networkInput(Preprocessing(height: 4, width: 5)), pixels)
    }

    func testPhotosWithoutTheirPixelsAreRefused() {
        for (count, columns, rows) in [(12, 2, 3), (0, 0, 0), (12, -2, -2), (12, 1 << 62, 4)] {
            XCTAssertThrowsError(try Photo(pixels: [UInt8](repeating: 0, count: count), columns: columns, rows: rows)) {
                XCTAssertEqual(($0 as? PocketshelfError)?.kind, .photo)
            }
        }
    }

    func testBoxesAreGivenInThePhotosOwnPixels() throws {
        let photo = try Photo(
            pixels: [UInt8](repeating: 9, count: 3 * 100 * 80), columns: 100, rows: 80, width: 1000, height: 400)
        XCTAssertEqual(photo.toDecoded(Box(100, 100, 500, 200)), Box(10, 20, 50, 40))
        XCTAssertEqual(photo.frame, Box(0, 0, 1000, 400))
    }
}
