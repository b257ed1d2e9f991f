import XCTest

@testable import PocketshelfCore

final class EmbedGoldenTests: XCTestCase {
    private func embedder(_ input: Json, dimension: Int) -> NetworkEmbedder {
        let heads = input["attributes"].pairs.enumerated().map { place, head in
            AttributeSpec(name: head.0, output: 1 + place, labels: head.1.strings, categories: [])
        }
        let spec = EmbedderSpec(
            file: .golden, precision: "int8", preprocessing: Preprocessing(height: 8, width: 8),
            dimension: dimension, categories: input["categories"].strings, embeddingOutput: 1 + heads.count,
            categoriesOutput: 0, temperature: input["temperature"].double, attributes: heads)
        return NetworkEmbedder(spec: spec, runner: Outputs([]))
    }

    private func outputs(_ input: Json) -> [ModelOutput] {
        let heads = input["attributes"].object.names.map { input["attribute_logits"][$0].tensor }
        return [input["logits"].tensor] + heads + [input["vector"].tensor]
    }

    private func embedding(_ input: Json) throws -> Embedding {
        try embedder(input, dimension: input["vector"].shape[1]).decode(outputs(input))
    }

    private func said(_ embedding: Embedding, _ input: Json) -> Json {
        let attributes = input["attributes"].object.names.map {
            ($0, Json.of(embedding.attributes[ExactString($0)] ?? []))
        }
        return .of([
            "vector": .of(embedding.vector.map(Double.init)),
            "categories": .object(JsonObject(embedding.categories.pairs.map { ($0.name, .number($0.probability)) })),
            "attributes": .object(JsonObject(attributes)),
            "top": .of(embedding.categories.top(5).map(\.name)),
        ])
    }

    func testEmbeddingsOfRawOutputs() throws {
        try Golden("embed").check { said(try embedding($0), $0) }
    }

    func testBlends() throws {
        try Golden("blend").check { input in
            let crop = try embedding(input["crop"]), frame = try embedding(input["frame"])
            return said(crop.blended(with: frame, weight: input["weight"].double), input["crop"])
        }
    }

    func testFrameWeights() throws {
        try Golden("frame").check { input in
            let box = detection(input["box"])
            let share = frameShare(
                box.box, others: input["others"].list.map { detection($0).box }, width: input["frame"][0].int,
                height: input["frame"][1].int)
            let weight = input["frame_weight"].object[box.group]?.double ?? 0
            let shelves = Shelves(input["groups"].pairs.map { (group: $0.0, names: $0.1.strings) })
            let given = input["probabilities"].pairs
            let weighed = shelves.weighed(
                box, Probabilities(names: given.map(\.0), values: given.map(\.1.double)))
            return .of([
                "share": .number(share), "weight": .number(weight * share),
                "fits": .array(given.map { .bool(shelves.fits(group: box.group, category: $0.0)) }),
                "probabilities": .object(JsonObject(weighed.pairs.map { ($0.name, .number($0.probability)) })),
            ])
        }
    }

    func testWhatLiesInACategory() throws {
        try Golden("groups").check { input in
            let groups = input["detector"].pairs.map { (group: $0.0, names: $0.1.strings) }
            do {
                let head = try GroupHead(
                    Fields(input["groups"], where: "groups", kind: .bundle), dimension: input["dimension"].int,
                    known: groups.map(\.group))
                let categories = input["categories"].object.names
                let shelves = Shelves(groups).looking(categories, head) { input["categories"][$0].bytes }
                let looks = shelves.looks.map { ($0.key.text, Json.of($0.value.sorted().map(\.text))) }
                let fits = groups.map { group, _ in
                    (group, Json.array(categories.map { .bool(shelves.fits(group: group, category: $0)) }))
                }
                return .of(["looks": .object(JsonObject(looks)), "fits": .object(JsonObject(fits))])
            } catch let error as PocketshelfError where error.kind == .bundle {
                return .of(["error": .bool(true)])
            }
        }
    }

    func testOutputsThatTheBundleDoesNotDescribe() throws {
        let input = try XCTUnwrap(Golden("embed").cases.first).input
        let size = input["vector"].shape[1], all = outputs(input)
        XCTAssertThrowsError(try embedder(input, dimension: size + 1).decode(all))
        XCTAssertThrowsError(try embedder(input, dimension: size).decode(Array(all.dropLast()))) { error in
            XCTAssertEqual((error as? PocketshelfError)?.kind, .bundle)
        }
    }

    func testVectorsAreOfLengthOneWhateverTheNetworkGives() {
        for vector in [[3, 4], [1e-20, 0], [1e18, 1e18]] as [[Float]] {
            let length = normalised(vector).reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            XCTAssertEqual(length, vector[0] > 1e-9 ? 1 : 0, accuracy: 1e-6)
        }
        XCTAssertEqual(normalised([0, 0]), [0, 0])
    }
}
