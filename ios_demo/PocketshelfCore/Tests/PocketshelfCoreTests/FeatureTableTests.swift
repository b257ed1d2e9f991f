import Foundation
import XCTest

@testable import PocketshelfCore

final class FeatureTableTests: XCTestCase {
    func testATableIsItsBytes() throws {
        let golden = try CloselyGolden(), bytes = CloselyGolden.bytes(golden.document["table"])
        XCTAssertEqual(golden.table.bytes, bytes)
        XCTAssertEqual(golden.table.counts.count, golden.ids.count)
        XCTAssertEqual(golden.table.prints, golden.ids.count - 2)
        XCTAssertEqual(golden.ids.sorted(by: precedes), golden.ids)
        XCTAssertNil(FeatureTable(bytes, products: golden.ids.count + 1))
        let longest = FeatureTable.mostBytes(products: golden.ids.count)
        XCTAssertLessThanOrEqual(bytes.count, longest)
        XCTAssertEqual(FeatureTable.mostBytes(products: 1) - FeatureTable.mostBytes(products: 0), 6008)
        XCTAssertEqual(FeatureTable.mostHeld(products: 20_000), FeatureTable.mostBytes(products: 20_000))
        XCTAssertEqual(FeatureTable.mostHeld(products: 100_000), 128 << 20)
    }

    func testAPrintsFeaturesAsTheyWereKept() throws {
        let golden = try CloselyGolden()
        let place = try XCTUnwrap(golden.table.counts.firstIndex { $0 > 0 })
        let print = try XCTUnwrap(golden.table.print(place)), start = golden.table.starts[place]
        XCTAssertEqual(print.count, Int(golden.table.counts[place]))
        let row = Array(golden.table.rows.dropFirst(40 * start).prefix(40)).map { Int($0) }
        XCTAssertEqual(Int((print.points[0] * 65535).rounded()), row[2] + 256 * row[3])
        XCTAssertEqual(Int((print.points[1] * 65535).rounded()), row[4] + 256 * row[5])
        XCTAssertEqual(Double(print.sizes[0] * 32 + 128), Double(row[6]))
        XCTAssertEqual(Double(print.angles[0] * 256), Double(row[7]))
        XCTAssertEqual(print.descriptors.prefix(32).map { Int($0) }, Array(row[8...]))
        let none = try XCTUnwrap(golden.table.counts.firstIndex(of: 0))
        XCTAssertNil(golden.table.print(none))
    }

    func testChangesLeadFromOneTableToAnother() throws {
        let changes = try CloselyGolden().document["changes"]
        let from = CloselyGolden.bytes(changes["from"])
        let before = try XCTUnwrap(FeatureTable(from, products: Int(from[8])))
        let after = try XCTUnwrap(before.changed(CloselyGolden.bytes(changes["delta"])))
        XCTAssertEqual(after.bytes, CloselyGolden.bytes(changes["to"]))
        XCTAssertEqual(after.counts, [30, 25, 0, 24, 0])
        XCTAssertEqual(after.starts, [0, 30, 55, 55, 79, 79])
    }

    func testBytesThatAreNoneOfTheFormatAreRefused() throws {
        let golden = try CloselyGolden(), edits = golden.document["refused"].list
        XCTAssertGreaterThan(edits.count, 15)
        let from = CloselyGolden.bytes(golden.document["changes"]["from"])
        let base = try XCTUnwrap(FeatureTable(from, products: Int(from[8])))
        for edit in edits {
            let isTable = edit["of"].string == "table"
            var bytes = CloselyGolden.bytes(isTable ? golden.document["table"] : golden.document["changes"]["delta"])
            if let keep = edit.object["keep"]?.int {
                bytes = Array(keep < 0 ? bytes.dropLast(-keep) : bytes.prefix(keep))
            }
            bytes += CloselyGolden.hexadecimal(edit["append"].string)
            if let at = edit.object["at"]?.int {
                let given = CloselyGolden.hexadecimal(edit["bytes"].string), start = at < 0 ? bytes.count + at : at
                bytes.replaceSubrange(start..<start + given.count, with: given)
            }
            let found = isTable ? FeatureTable(bytes, products: golden.ids.count) : base.changed(bytes)
            XCTAssertNil(found, "\(edit["of"].string): \(edit["name"].string)")
        }
    }

    func testADerivedFileOfFeaturesIsReadForItsShardAlone() throws {
        let folder = try temporaryFolder(self), digest = String(repeating: "a", count: 64)
        let file = DerivedFile(featuresOf: digest, folder: folder), data: [UInt8] = [1, 2, 3]
        XCTAssertEqual(file.stamp(), [])
        try file.put(data, FileSystem())
        XCTAssertEqual(file.read(most: 3), data)
        XCTAssertNil(file.read(most: 2))
        // As the SDK writes it: its origin names the shard, and the file.
        let origin = Sha256.hex(Array("\(digest) shard.2.features".utf8))
        let header = "pocketshelf-derived 1 \(origin) \(Sha256.hex(data)) 3"
        XCTAssertEqual(String(decoding: file.stamp(), as: UTF8.self), header)
        XCTAssertEqual(try readPlain("\(folder)/shard.2.features", most: 1000), Array("\(header)\n".utf8) + data)
        XCTAssertNil(DerivedFile(featuresOf: String(repeating: "b", count: 64), folder: folder).read(most: 3))
        try Data(Array("\(header)\n".utf8) + [1, 2, 4]).write(to: URL(fileURLWithPath: file.path))
        XCTAssertNil(file.read(most: 3), "a flipped bit")
        try Data(Array("\(header)\n".utf8) + [1, 2]).write(to: URL(fileURLWithPath: file.path))
        XCTAssertNil(file.read(most: 3), "cut")
    }
}
