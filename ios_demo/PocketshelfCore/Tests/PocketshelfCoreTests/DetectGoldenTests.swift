import XCTest

@testable import PocketshelfCore

final class DetectGoldenTests: XCTestCase {
    private func spec(_ input: Json) -> DetectorSpec {
        DetectorSpec(
            file: .golden, precision: "int8",
            preprocessing: Preprocessing(height: input["size"][0].int, width: input["size"][1].int),
            groups: input["groups"].strings, strides: input["strides"].list.map(\.int), scoresOutput: 0,
            distancesOutput: 1, scoreThreshold: 0.3, nmsIoU: input["nms_iou"].double, frameWeight: [:],
            categories: [])
    }

    func testBoxesOfRawOutputs() throws {
        try Golden("detect").check { input in
            let network = Outputs([input["scores"].tensor, input["distances"].tensor])
            let detector = NetworkDetector(spec: spec(input), runner: network)
            let photo = try Photo(
                pixels: [UInt8](repeating: 0, count: 3 * 64 * 96), columns: 96, rows: 64,
                width: input["photo"]["width"].int, height: input["photo"]["height"].int)
            return .of(["boxes": .array(try detector.detect(photo).map(json))])
        }
    }

    /// Boxes and scores are the same to the last bit: the arithmetic is single precision on both sides.
    func testBoxesAreTheSameToTheBit() throws {
        for each in try Golden("detect").cases {
            let outputs = [each.input["scores"].tensor, each.input["distances"].tensor]
            let detector = NetworkDetector(spec: spec(each.input), runner: Outputs([]))
            let found = try detector.decode(
                outputs, width: each.input["photo"]["width"].int, height: each.input["photo"]["height"].int)
            XCTAssertEqual(found, each.expected["boxes"].list.map(detection), each.name)
        }
    }

    func testRegionsOfBoxes() throws {
        try Golden("regions").check { input in
            let found = input["boxes"].list.map(detection)
            let width = input["frame"][0].int, height = input["frame"][1].int
            let chosen = selectRegions(
                found, width: width, height: height, threshold: input["threshold"].double)
            return .of([
                "chosen": .array(chosen.map { .integer(found.firstIndex(of: $0)!) }),
                "prominence": .of(chosen.map { prominence($0, width: width, height: height) }),
            ])
        }
    }

    /// A detector that says what it is told, and remembers the size of what it was shown.
    private final class SecondLook: Detector, @unchecked Sendable {
        let found: [Detection]
        var shown: Json = .null

        init(_ found: [Detection]) { self.found = found }

        func detect(_ photo: Photo) throws -> [Detection] {
            shown = .array([.integer(photo.width), .integer(photo.height)])
            return found
        }
    }

    func testASecondLookAtSomebodyFarAway() throws {
        try Golden("afar").check { input in
            let first = input["first"].list.map(detection), detector = SecondLook(input["second"].list.map(detection))
            let (columns, rows) = (input["decoded"][0].int, input["decoded"][1].int)
            let photo = try Photo(
                pixels: [UInt8](repeating: 0, count: 3 * columns * rows), columns: columns, rows: rows,
                width: input["frame"][0].int, height: input["frame"][1].int)
            let boxes = try lookAgain(detector, photo, first)
            let part = farPart(first, width: photo.width, height: photo.height)
            return .of([
                "part": part.map { .of([$0.x, $0.y, $0.width, $0.height]) } ?? .null,
                "shown": detector.shown,
                "boxes": .array(boxes.map(json)),
            ])
        }
    }

    func testOutputsThatTheBundleDoesNotDescribe() throws {
        let each = try XCTUnwrap(Golden("detect").cases.first)
        let detector = NetworkDetector(spec: spec(each.input), runner: Outputs([]))
        let scores = each.input["scores"].tensor, distances = each.input["distances"].tensor
        for outputs in [[], [scores], [distances, scores], [scores, scores]] {
            XCTAssertThrowsError(try detector.decode(outputs, width: 10, height: 10)) { error in
                XCTAssertEqual((error as? PocketshelfError)?.kind, .bundle)
            }
        }
    }

    func testDistancesThatAreNoNumbersMakeNoBoxes() throws {
        let each = try XCTUnwrap(Golden("detect").cases.first)
        let distances = each.input["distances"].tensor
        let broken = ModelOutput(shape: distances.shape, values: distances.values.map { _ in .nan })
        let detector = NetworkDetector(spec: spec(each.input), runner: Outputs([]))
        XCTAssertEqual(try detector.decode([each.input["scores"].tensor, broken], width: 384, height: 256), [])
    }

    func testTracks() throws {
        try Golden("track").check { input in
            var tracker = Tracker()
            return .of([
                "shown": .array(
                    input["frames"].list.map { frame in
                        let found = frame["found"].list.map(detection)
                        let shown = tracker.update(found: found, new: frame["new"].list.map { found[$0.int] })
                        return .array(
                            shown.map { track in
                                var object = json(track.detection).object
                                object["number"] = .integer(track.number)
                                object["seen"] = .integer(track.seen)
                                object["missed"] = .integer(track.missed)
                                return .object(object)
                            })
                    })
            ])
        }
    }
}
