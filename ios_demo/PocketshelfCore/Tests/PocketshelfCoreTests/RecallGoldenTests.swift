import Foundation
import XCTest

@testable import PocketshelfCore

final class RecallGoldenTests: XCTestCase {
    private func signals(_ input: Json) throws -> Signals {
        let around = input["shelf"].isNull ? nil : neighbourhood(input["shelf"])
        let query = try around.flatMap { around in
            input["query"].isNull ? nil : try around.background(input["query"].floats)
        }
        let hit = try around.flatMap { around in
            input["hit"].isNull ? nil : try around.background(input["hit"].floats)
        }
        let coverage = input["coverage"].isNull ? nil : input["coverage"].pairs.map { (ExactString($0), $1.double) }
        return Signals(
            scores: input["scores"].doubles, hitCategories: input["hit_categories"].strings,
            categories: input["categories"].list.map { NamedProbability($0[0].string, $0[1].double) },
            coverage: coverage.map { Dictionary(uniqueKeysWithValues: $0) },
            held: input["held"].isNull ? nil : Set(input["held"].strings.map(ExactString.init)),
            detected: input["detected"].double, queryBackground: query ?? .unknown, hitBackground: hit,
            nearest: try around?.nearest(), common: input["common"].isNull ? 0 : input["common"].double)
    }

    private func neighbourhood(_ packed: Json) -> Neighbourhood {
        let size = packed.shape[1], all = packed.bytes
        let products = (0..<packed.shape[0]).map { i -> Product in
            let id = String(format: "%06d", i)
            return Product.of(id, Array(all[i * size..<(i + 1) * size]))
        }
        return Neighbourhood(MemoryShelf(products, dimension: size))
    }

    func testFeatures() throws {
        let all = RecallFeature.ofVersion1 + RecallFeature.ofVersion2 + RecallFeature.before
        try Golden("signals").check { input in
            let told = try signals(input)
            let values = all.map { ($0.name, Json.number($0.value(told))) }
            return .of(["features": .object(JsonObject(values))])
        }
    }

    func testEstimates() throws {
        try Golden("recall").check { input in
            let told = try signals(input["signals"])
            let block = input["recall"].isNull ? nil : input["recall"].object
            func pair(_ name: String, _ model: RecallModel?) -> [(String, Json)] {
                let p = model?.probability(told)
                guard let model, let p else { return [(name, .null), ("\(name)_suffices", .null)] }
                return [(name, .number(p)), ("\(name)_suffices", .bool(model.suffices(p)))]
            }
            return .object(
                JsonObject(
                    pair("recall", try .ofRecall(block)) + pair("confidence", try .ofConfidence(block))))
        }
    }

    func testCohorts() throws {
        try Golden("cohort").check { input in
            let places = sampledPlaces(of: input["products"].int, size: Neighbourhood.cohortSize)
            return .of([
                "count": .integer(places.count), "first": .array(places.prefix(40).map(Json.integer)),
                "last": .array(places.suffix(40).map(Json.integer)),
                "weighted": .integer(places.enumerated().reduce(0) { $0 + ($1.offset + 1) * $1.element }),
            ])
        }
    }

    func testBlocksThatAreNoModelAreRefused() throws {
        func refuses(_ text: String, _ words: String, line: UInt = #line) throws {
            let block = try StrictJson.parse(text).object
            XCTAssertThrowsError(try RecallModel.ofRecall(block), line: line) { error in
                XCTAssertTrue("\(error)".contains(words), "\(error)", line: line)
            }
        }
        try refuses(#"{"features": {}, "version": 3, "k": 10}"#, "none of 1, 2")
        try refuses(#"{"features": {}, "version": 1, "k": 0}"#, "at least 1")
        try refuses(#"{"features": {"guess": {}}, "version": 1, "k": 10}"#, "no feature known here")
        try refuses(
            #"{"features": {"top_score": {"mean": 0, "scale": 0, "weight": 1}}, "version": 1, "k": 1}"#, "above 0")
        try refuses(#"{"features": {}, "version": 1, "k": 10, "bias": 0, "threshold": 2}"#, "must lie in")
        try refuses(#"{"features": [], "version": 2, "k": 10}"#, "JSON object")
        XCTAssertNil(try RecallModel.ofRecall(nil))
        XCTAssertNil(try RecallModel.ofRecall(StrictJson.parse(#"{"version": 1}"#).object))
        XCTAssertNil(try RecallModel.ofConfidence(StrictJson.parse(#"{"bias": 1, "score": 1, "margin": 1}"#).object))
    }

    func testMerging() throws {
        try Golden("merge").check { input in
            func hits(_ list: Json) -> [Hit] {
                list.list.map { Hit(productId: $0[0].string, score: $0[1].double, title: "", category: "") }
            }
            let found = merged(local: hits(input["local"]), server: hits(input["server"]), count: input["k"].int)
            let states = input["asked"].list.map { state -> FallbackState in
                state == .bool(true) ? .server : state == .bool(false) ? .local : .unavailable
            }
            return .of([
                "hits": .array(
                    found.map { .array([.text($0.productId), .number($0.score), .text($0.source.rawValue)]) }),
                "fallback": FallbackState.overall(states).json,
            ])
        }
    }
}
