import Foundation
import XCTest

@testable import PocketshelfCore

/// Whole answers on a shelf whose products have local features.
final class AnswersCloselyGoldenTests: XCTestCase {
    private func shelf() throws -> MemoryShelf {
        let folder = "golden/stages/answers-closely"
        let shelf = try AnswerGolden.shelf(self, "\(folder)/shard.sqlite")
        shelf.table = FeatureTable(try Contract.bytes("\(folder)/features.bin"), products: shelf.count())
        XCTAssertNotNil(shelf.table)
        return shelf
    }

    func testAnswersWithACloseLook() throws {
        let bundle = try AnswerGolden.bundle(), shelf = try shelf()
        try Golden("answers-closely").check { input in
            let small = try CloselyGolden.pixmap(input["image"].string)
            let photo = try Photo(
                pixels: small.pixels, columns: small.columns, rows: small.rows, width: input["width"].int,
                height: input["height"].int)
            let found = try AnswerGolden.answer(input, photo, bundle, shelf, closely: input["closely"].flag)
            return near(found, input["expected"], longer: Double(max(photo.width, photo.height)))
        }
    }

    /// What is found, and what is expected in its place where the two differ by no more than another generator's
    /// samples may: a tenth of the inliers and one, and 1 % of the photo's longer side.
    private func near(_ found: Json, _ wanted: Json, longer: Double) -> Json {
        func each(_ found: Json, _ wanted: Json, _ name: String, _ change: (inout JsonObject, Json) -> Void) -> Json {
            guard found[name].list.count == wanted[name].list.count else { return found }
            var object = found.object
            object[name] = .array(
                zip(found[name].list, wanted[name].list).map { one, other in
                    var changed = one.object
                    change(&changed, other)
                    return .object(changed)
                })
            return .object(object)
        }
        let line = each(found["line"], wanted["line"], "regions") { region, other in
            let apart = zip((region["box"] ?? .null).doubles, other["box"].doubles).map { abs($0 - $1) }
            let isNear = other["group"].string == "frame" && apart.allSatisfy { $0 <= 0.01 * longer }
            if isNear { region["box"] = other["box"] }
            region["hits"] = each(.object(region), other, "hits") { hit, its in
                guard let own = hit["inliers"]?.int, its.object["inliers"] != nil else { return }
                let least = its["inliers"].int
                if abs(Double(own - least)) <= 0.1 * Double(least) + 1 { hit["inliers"] = its["inliers"] }
            }["hits"]
        }
        return .of(["line": line, "asks": found["asks"]])
    }

    func testARegionAloneIsLookedAtInThePhotoThatIsGiven() throws {
        let cases = try Golden("answers-closely").cases, shelf = try shelf(), bundle = try AnswerGolden.bundle()
        let input = try XCTUnwrap(cases.first { $0.name.hasPrefix("a cover that the embedding ranks behind") }).input
        let small = try CloselyGolden.pixmap(input["image"].string)
        let photo = try Photo(
            pixels: small.pixels, columns: small.columns, rows: small.rows, width: input["width"].int,
            height: input["height"].int)
        let retriever = try Retriever(store: shelf, encoder: AnswerGolden.encoder(input, bundle))
        let boxes = try retriever.encoder.boxes(photo).chosen
        let region = try XCTUnwrap(retriever.encoder.embed(photo, boxes: boxes, wanted: boxes).first)
        let alone = try retriever.search(region), looked = try retriever.search(region, in: photo)
        XCTAssertNil(alone.region.hits?.first?.inliers)
        XCTAssertGreaterThanOrEqual(looked.region.hits?.first?.inliers ?? 0, Deciding.sureInliers)
        XCTAssertEqual(looked.region.isConfident, true)
        XCTAssertNotEqual(alone.region.hits?.first?.productId, looked.region.hits?.first?.productId)
        // What is before a camera is searched when it has been seen for some frames.
        let watch = Watch(retriever, count: 3)
        var live = try watch.see(photo)
        while live.searched == 0, live.frame < 5 { live = try watch.see(photo) }
        let seen = live.regions.compactMap { $0.region.hits?.first }
        XCTAssertEqual(seen.map(\.productId), [try XCTUnwrap(looked.region.hits?.first).productId])
        XCTAssertGreaterThanOrEqual(seen.first?.inliers ?? 0, Deciding.sureInliers)
    }

    func testFeaturesThatCameSinceAreTakenUpAndOnlyThoseAskedFor() throws {
        let shelf = try shelf(), bundle = try AnswerGolden.bundle(), table = try XCTUnwrap(shelf.table)
        let input = try XCTUnwrap(Golden("answers-closely").cases.first).input
        shelf.table = nil
        let retriever = try Retriever(store: shelf, encoder: AnswerGolden.encoder(input, bundle))
        let without = try Retriever(store: shelf, encoder: AnswerGolden.encoder(input, bundle), closely: false)
        XCTAssertFalse(try retriever.reloadFeatures())
        shelf.table = table
        XCTAssertTrue(try retriever.reloadFeatures())
        XCTAssertFalse(try retriever.reloadFeatures(), "they are there already")
        XCTAssertFalse(try without.reloadFeatures())
        shelf.table = nil
        XCTAssertTrue(try retriever.reloadFeatures(), "they are gone")
    }
}
