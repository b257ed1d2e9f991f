import Foundation
import XCTest

@testable import PocketshelfCore

final class BundleTests: XCTestCase {
    private func folder(_ path: String) -> String { Contract.folder.appendingPathComponent(path).path }

    private func bundle(_ change: (inout JsonObject) -> Void) throws -> ModelBundle {
        var document = try StrictJson.parse(Contract.bytes("golden/bundle-v1/bundle.json")).object
        change(&document)
        return try ModelBundle(parsing: Fields(.object(document), where: "bundle.json", kind: .bundle), folder: "f")
    }

    /// The document with a value at `path` changed; nil removes it.
    private func changed(_ path: [String], _ value: Json?, in object: JsonObject) -> JsonObject {
        var copy = object
        if path.count == 1 {
            copy[path[0]] = value
        } else if case .object(let inner)? = object[path[0]] {
            copy[path[0]] = .object(changed(Array(path.dropFirst()), value, in: inner))
        }
        return copy
    }

    private func refuses(_ path: String, _ value: Json?, _ words: String, line: UInt = #line) {
        XCTAssertThrowsError(
            try bundle { $0 = self.changed(path.split(separator: "/").map(String.init), value, in: $0) }, line: line
        ) { error in
            XCTAssertEqual((error as? PocketshelfError)?.kind, .bundle, line: line)
            XCTAssertTrue("\(error)".contains(words), "\(error)", line: line)
        }
    }

    func testTheGoldenBundleOfVersion1() throws {
        let bundle = try ModelBundle(folder: folder("golden/bundle-v1"))
        XCTAssertEqual(bundle.name, "golden")
        XCTAssertEqual(
            bundle.vectorSpace, Space(name: "golden-space", preprocessing: "d53c8f8f25198365", dimension: 128))
        XCTAssertEqual(bundle.embedder.categories, ["Apple", "Pear"])
        XCTAssertEqual(bundle.embedder.temperature, 1.5)
        XCTAssertEqual(bundle.embedder.attributes.map(\.name), ["sleeve"])
        let detector = try XCTUnwrap(bundle.detector)
        XCTAssertEqual(detector.groups, ["upper", "goods"])
        XCTAssertEqual(detector.frameWeight, [ExactString("goods"): 0.5])
        XCTAssertEqual(detector.nmsIoU, 0.55)
        XCTAssertEqual(bundle.files.map(\.name), ["embedder.tflite", "detector.tflite"])
    }

    func testTheBundleThatShips() throws {
        let path = Contract.folder.deletingLastPathComponent().appendingPathComponent("models/universal").path
        guard FileManager.default.fileExists(atPath: path) else { throw XCTSkip("models/universal is not here") }
        let bundle = try ModelBundle(folder: path)
        XCTAssertEqual(bundle.embedder.dimension, 256)
        XCTAssertEqual(bundle.detector?.groups.count, 11)
        XCTAssertEqual(try RecallModel.ofRecall(bundle.recall)?.terms.count, 14)
        XCTAssertNotNil(try RecallModel.ofConfidence(bundle.recall))
        XCTAssertEqual(bundle.groupHead?.names.count, 10)
        XCTAssertEqual(bundle.files.count, 4)
    }

    func testWhatABundleMustNotSay() {
        refuses("format", .text("other"), "is not 'pocketshelf-bundle'")
        refuses("version", .integer(2), "bundle version 2 is not known here")
        refuses("name", nil, "'name' is missing")
        refuses("space", .text(""), "must be a text that is not empty")
        refuses("embedder/file", .text("../embedder.tflite"), "plain name")
        refuses("embedder/file", .text(".hidden"), "plain name")
        refuses("embedder/file", .text("a:b"), "plain name")
        refuses("embedder/sha256", .text(String(repeating: "A", count: 64)), "64 hexadecimal digits")
        refuses("embedder/preprocessing_hash", .text("0000000000000000"), "is not that of its preprocessing")
        refuses("embedder/preprocessing/filter", .text("nearest"), "update pocketshelf")
        refuses("embedder/preprocessing/version", .integer(2), "update pocketshelf")
        refuses("embedder/preprocessing/size", .array([.integer(1), .integer(2), .integer(3)]), "[height, width]")
        refuses("embedder/preprocessing/size", .array([.integer(1 << 40), .integer(2)]), "beyond")
        refuses("embedder/dimension", .integer(0), "at least 1")
        refuses("embedder/temperature", .integer(0), "above 0")
        refuses("embedder/categories", .array([.text("a"), .text("a")]), "twice")
        refuses("embedder/outputs/embedding", .integer(-1), "at least 0")
        refuses("embedder/attributes/sleeve/categories", .array([.text("Plum")]), "none of the model's")
        refuses("detector/frame_weight/hats", .number(0.5), "none of the groups")
        refuses("detector/frame_weight/goods", .number(1.5), "must lie in")
        refuses("detector/strides", .array([.integer(0), .integer(8)]), "at least 1")
        refuses("detector/score_threshold", .text("0.5"), "must be a number")
        refuses("recall", .array([]), "JSON object")
    }

    func testWhatTellsGroups() throws {
        let bundle = try ModelBundle(folder: folder("golden/stages/answers/bundle"))
        XCTAssertEqual(bundle.groupHead?.names, ["footwear", "outerwear"])
        XCTAssertEqual(bundle.groupHead?.linear.weights.map(\.count), [24, 24])
        XCTAssertNil(try ModelBundle(folder: folder("golden/bundle-v1")).groupHead)
        func part(_ name: String, _ bias: Json, _ letters: Int, space: String = "golden-space") -> Json {
            .of([
                "space": .text(space), "names": .of([name]), "scales": .of([1]), "bias": bias,
                "weights": .text(String(repeating: "A", count: letters)),
            ])
        }
        refuses("groups", .array([]), "JSON object")
        XCTAssertNil(try self.bundle { $0["groups"] = part("upper", .of([0]), 172, space: "another") }.groupHead)
        refuses("groups", .object(JsonObject()), "'space' is missing")
        refuses("groups", part("hats", .of([0]), 172), "none of the detector's groups")
        refuses("groups", part("upper", .integer(0), 172), "list of numbers")
        refuses("groups", part("upper", .of([1e39]), 172), "must lie in")
        refuses("groups", part("upper", .of([0]), 172), "is not 128 numbers")
        refuses("groups", part("upper", .of([0]), 171), "no base64")
    }

    func testWhatTellsTurnedPhotos() throws {
        let golden = try ModelBundle(folder: folder("golden/stages/answers/bundle"))
        XCTAssertEqual(golden.turnedHead?.linear.names, TurnedHead.names)
        XCTAssertEqual(golden.turnedHead?.linear.weights.map(\.count), [24, 24, 24])
        XCTAssertEqual(golden.turnedHead?.threshold, 0.7)
        XCTAssertNil(try ModelBundle(folder: folder("golden/bundle-v1")).turnedHead)
        func part(
            _ names: [String] = TurnedHead.names, letters: Int = 512, threshold: Json = .number(0.7),
            space: String = "golden-space"
        ) -> Json {
            .of([
                "space": .text(space), "names": .of(names), "scales": .of([1, 1, 1]), "bias": .of([0, 0, 0]),
                "threshold": threshold, "weights": .text(String(repeating: "A", count: letters)),
            ])
        }
        // It needs no detector.
        let plain = try bundle {
            $0["turned"] = part()
            $0["detector"] = nil
        }
        XCTAssertEqual(plain.turnedHead?.linear.weights.map(\.count), [128, 128, 128])
        XCTAssertNil(try bundle { $0["turned"] = part(space: "another") }.turnedHead)
        refuses("turned", .array([]), "JSON object")
        refuses("turned", .object(JsonObject()), "'space' is missing")
        refuses("turned", part(["upright", "upside down", "sideways"]), "is not upright, sideways, upside down")
        refuses("turned", part(["upright", "sideways"]), "is not upright, sideways, upside down")
        refuses("turned", part(letters: 508), "is not 128 numbers")
        refuses("turned", part(letters: 511), "no base64")
        refuses("turned", part(threshold: .number(1.1)), "must lie in")
        refuses("turned", part(threshold: .null), "must be a number")
    }

    func testWhichTurnsPutAPhotoRight() {
        let linear = LinearHead(names: TurnedHead.names, weights: [[4, 0], [0, 4], [-4, -4]], bias: [0, 0, 0])
        func turns(_ vector: [Float], _ threshold: Double = 0.7) -> [Int] {
            TurnedHead(linear: linear, threshold: threshold).turns(vector)
        }
        XCTAssertEqual(turns([9, 0]), [])
        XCTAssertEqual(turns([0, 0.1]), [1, 3])
        XCTAssertEqual(turns([-1, -1]), [2])
        // Nothing is likely enough; all that is.
        XCTAssertEqual(turns([1, 1]), [])
        XCTAssertEqual(turns([1, 1], 0.4), [1, 3])
        XCTAssertEqual(turns([0, 0], 0), [1, 2, 3])
    }

    func testFilesThatAreNotThoseRecorded() throws {
        let copy = "\(try temporaryFolder(self))/bundle"
        try FileManager.default.copyItem(atPath: folder("golden/bundle-v1"), toPath: copy)
        XCTAssertNoThrow(try ModelBundle(folder: copy))
        let model = "\(copy)/embedder.tflite"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: model))
        bytes[0] ^= 1
        try bytes.write(to: URL(fileURLWithPath: model))
        XCTAssertThrowsError(try ModelBundle(folder: copy)) { XCTAssertTrue("\($0)".contains("not the file"), "\($0)") }
        XCTAssertNoThrow(try ModelBundle(folder: copy, checkHashes: false))
        try FileManager.default.removeItem(atPath: model)
        XCTAssertThrowsError(try ModelBundle(folder: copy, checkHashes: false)) {
            XCTAssertTrue("\($0)".contains("is missing"), "\($0)")
        }
        try Data("{".utf8).write(to: URL(fileURLWithPath: "\(copy)/bundle.json"))
        XCTAssertThrowsError(try ModelBundle(folder: copy)) { XCTAssertTrue("\($0)".contains("as JSON"), "\($0)") }
        XCTAssertThrowsError(try ModelBundle(folder: "\(copy)/none")) {
            XCTAssertTrue("\($0)".contains("no bundle here"), "\($0)")
        }
    }

    /// A folder's digest is that of Python's `pocketshelf.formats.bundle.digest`, computed there.
    func testTheDigestOfAFolder() throws {
        let root = "\(try temporaryFolder(self))/m.mlpackage"
        for (name, text) in [("a.b", "1"), ("a/z", "22"), ("a/b/c", "333"), ("Z", "")] {
            let url = URL(fileURLWithPath: "\(root)/\(name)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
        let found = try BundleFile.digest(root)
        XCTAssertEqual(found.bytes, 6)
        XCTAssertEqual(found.sha256, "4cf5be390f0b55fc90ee0c32020aefd4961c99ff4d4b6fc43147884510f972f9")
    }
}
