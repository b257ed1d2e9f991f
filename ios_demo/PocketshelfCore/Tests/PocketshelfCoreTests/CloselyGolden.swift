import Foundation
import XCTest

@testable import PocketshelfCore

/// `contract/golden/stages/closely.json`: a shelf's features, drawn photos, and what is seen in them.
struct CloselyGolden {
    let document: Json
    let tolerance: Double
    let ids: [String]
    let table: FeatureTable

    init() throws {
        document = try StrictJson.parse(Contract.bytes("golden/stages/closely.json"))
        tolerance = document["tolerance"].double
        ids = document["ids"].strings
        table = try XCTUnwrap(FeatureTable(Self.bytes(document["table"]), products: ids.count))
    }

    var photos: [Json] { document["photos"].list }

    static func bytes(_ part: Json) -> [UInt8] { [UInt8](Data(base64Encoded: part.string) ?? Data()) }

    static func hexadecimal(_ text: String) -> [UInt8] {
        let digits = Array(text.utf8)
        return stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
    }

    /// The picture of a photo, whose own size may be larger.
    static func photo(_ part: Json) throws -> Photo {
        let small = try pixmap(part["image"].string)
        return try Photo(
            pixels: small.pixels, columns: small.columns, rows: small.rows, width: part["size"][0].int,
            height: part["size"][1].int)
    }

    /// The pixels of a gzipped PPM.
    static func pixmap(_ name: String) throws -> Photo {
        var bytes: [UInt8] = []
        let path = Contract.folder.appendingPathComponent("golden/images/\(name)").path
        try inflatePieces(path, 1 << 18) { bytes += $0 }
        return try PocketshelfCoreTests.pixmap(bytes)
    }

    /// Features as they stand in the file.
    static func features(_ part: Json) -> LocalFeatures {
        LocalFeatures(
            points: part["points"].list.flatMap { $0.doubles.map(Float.init) },
            sizes: part["sizes"].doubles.map(Float.init), angles: part["angles"].doubles.map(Float.init),
            descriptors: part["descriptors"].strings.flatMap(hexadecimal))
    }

    static func sighting(_ part: Json) -> Sighting {
        func points(_ list: Json) -> [Point] { list.list.map { Point($0[0].double, $0[1].double) } }
        return Sighting(
            productId: part["product_id"].string, inliers: part["inliers"].int, spread: part["spread"].double,
            corners: points(part["corners"]), points: points(part["points"]))
    }
}
