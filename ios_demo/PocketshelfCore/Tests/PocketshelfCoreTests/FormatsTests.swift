import Foundation
import XCTest

@testable import PocketshelfCore

/// Shards and deltas, on the golden files that the formats' first version wrote.
final class FormatsTests: XCTestCase {
    private func golden(_ name: String, in folder: String) throws -> String {
        let path = "\(folder)/\(name)"
        try Data(Contract.bytes("golden/formats/\(name)")).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func assertStoreError(
        _ words: String, line: UInt = #line, _ body: () throws -> Void
    ) {
        XCTAssertThrowsError(try body(), line: line) { error in
            let error = error as? PocketshelfError
            XCTAssertEqual(error?.isStore, true, "\(String(describing: error))", line: line)
            XCTAssertTrue(error?.message.contains(words) ?? false, error?.message ?? "", line: line)
        }
    }

    func testTheSqlIsTheContractsWordForWord() throws {
        let texts = [
            "apply_delta": ContractSql.applyDelta, "check_delta": ContractSql.checkDelta,
            "check_shard": ContractSql.checkShard, "delta": ContractSql.delta, "shard": ContractSql.shard,
        ]
        for (name, text) in texts { XCTAssertEqual(text, try Contract.text("sql/\(name).sql"), name) }
    }

    func testAGoldenShardIsRead() throws {
        let shard = try Shard(golden("shard-v1.sqlite", in: try temporaryFolder(self)))
        try shard.check()
        XCTAssertEqual(try shard.count(), 3)
        var products: [Product] = []
        try shard.forEach { products.append($0) }
        XCTAssertEqual(products.map(\.productId), products.map(\.productId).sorted(by: precedes))
        for product in products {
            XCTAssertEqual(try shard.product(product.productId), product)
            XCTAssertEqual(product.vectors.count % shard.meta.dimension, 0)
        }
        XCTAssertNil(try shard.product("no such product"))
        XCTAssertEqual(try shard.categories().map(\.products).reduce(0, +), 3)
    }

    func testWhoIsPassedAProductMayAskOn() throws {
        let shard = try Shard(golden("shard-v1.sqlite", in: try temporaryFolder(self)))
        let done = expectation(description: "nobody waits for himself")
        Thread.detachNewThread {
            do {
                try shard.forEach { product in
                    let (found, categories) = (try shard.product(product.productId), try shard.categories())
                    XCTAssertEqual(found, product)
                    XCTAssertEqual(categories.count, 2)
                }
            } catch {
                XCTFail("\(error)")
            }
            done.fulfill()
        }
        wait(for: [done], timeout: 20)
    }

    func testVectorsOfACategoryAreThoseOfItsProducts() throws {
        let shard = try Shard(golden("shard-v1.sqlite", in: try temporaryFolder(self)))
        for category in try shard.categories() {
            let found = try shard.vectors(of: category.name)
            XCTAssertEqual(found.productIds.count, category.products)
            var block: [Int8] = [], owners: [Int32] = []
            for (place, id) in found.productIds.enumerated() {
                let product = try XCTUnwrap(try shard.product(id))
                XCTAssertEqual(product.category, category.name)
                block += product.vectors
                owners += [Int32](
                    repeating: Int32(place), count: product.vectors.count / shard.meta.dimension)
            }
            XCTAssertEqual(found.block, block)
            XCTAssertEqual(found.owners, owners)
        }
        XCTAssertTrue(try shard.vectors(of: "no such category").productIds.isEmpty)
    }

    func testFirstVectorsAreInTheOrderOfIds() throws {
        let shard = try Shard(golden("shard-v1.sqlite", in: try temporaryFolder(self)))
        var firsts: [[Int8]] = []
        try shard.forEach { firsts.append(Array($0.vectors.prefix(shard.meta.dimension))) }
        XCTAssertEqual(try shard.firstVectors(at: [0, 1, 2]), firsts.flatMap { $0 })
        XCTAssertEqual(try shard.firstVectors(at: [2]), firsts[2])
    }

    func testTheFirstRowsTellWhetherAnAttributeIsStated() throws {
        let shard = try Shard(golden("shard-v1.sqlite", in: temporaryFolder(self)))
        XCTAssertEqual([try shard.states("tags", most: 3), try shard.states("tags", most: 1)], [true, false])
        XCTAssertFalse(try shard.states("tag", most: 3))
    }

    func testSomeOfACategoryAreEvenlyApartInTheOrderOfTheirRows() throws {
        let path = try golden("shard-v1.sqlite", in: try temporaryFolder(self))
        let rows = (0..<100).map { "('p\(199 - $0)', 1, 'c', '', NULL, '{}', x'\(hexadecimal([UInt8($0)]))01020309090909')" }
        try change(path, "INSERT INTO products VALUES \(rows.joined(separator: ", "))")
        let shard = try Shard(path)
        func firsts(_ most: Int) throws -> [Int] {
            let block = try shard.someVectors(of: "c", most: most)
            return stride(from: 0, to: block.count, by: 4).map { Int(block[$0]) }
        }
        XCTAssertEqual(try firsts(4), [0, 25, 50, 75])
        XCTAssertEqual(try firsts(32), (0..<32).map { $0 * 100 / 32 })
        XCTAssertEqual(try firsts(500), Array(0..<100))
        XCTAssertEqual(try shard.someVectors(of: "c", most: 1), [0, 1, 2, 3])
        XCTAssertEqual(try shard.someVectors(of: "nothing", most: 32), [])
    }

    func testAGoldenDeltaBringsAGoldenShardToItsState() throws {
        let folder = try temporaryFolder(self)
        let shard = try golden("shard-v1.sqlite", in: folder), delta = try golden("delta-v1.sqlite", in: folder)
        let before = try Shard(shard).meta, changes = try ProductFile(delta, .delta)
        let after = try applyDelta(toShard: shard, delta: delta)
        XCTAssertEqual(after.sequence, changes.number("to_sequence"))
        XCTAssertEqual(before.sequence, changes.number("from_sequence"))
        let opened = try Shard(shard)
        try opened.check()
        XCTAssertEqual(try opened.count(), 2)
        var upserts: [Product] = []
        try changes.products { upserts.append($0) }
        XCTAssertEqual(upserts.count, 1)
        XCTAssertEqual(try opened.product(upserts[0].productId), upserts[0])
    }

    func testADeltaFitsOnlyItsOwnSequence() throws {
        let folder = try temporaryFolder(self)
        let shard = try golden("shard-v1.sqlite", in: folder), delta = try golden("delta-v1.sqlite", in: folder)
        try applyDelta(toShard: shard, delta: delta)
        let bytes = try readPlain(shard, most: 1 << 20)
        assertStoreError("leads from sequence") { try applyDelta(toShard: shard, delta: delta) }
        XCTAssertEqual(try readPlain(shard, most: 1 << 20), bytes)
    }

    func testADeltaOfAnotherSpaceIsAMismatch() throws {
        let folder = try temporaryFolder(self)
        let shard = try golden("shard-v1.sqlite", in: folder), delta = try golden("delta-v1.sqlite", in: folder)
        try change(delta, "UPDATE meta SET value = 'other' WHERE key = 'space'")
        XCTAssertThrowsError(try applyDelta(toShard: shard, delta: delta)) { error in
            XCTAssertEqual((error as? PocketshelfError)?.kind, .spaceMismatch)
        }
    }

    func testFilesOfAnotherFormatAreRefused() throws {
        let folder = try temporaryFolder(self)
        let shard = try golden("shard-v1.sqlite", in: folder), delta = try golden("delta-v1.sqlite", in: folder)
        assertStoreError("not a pocketshelf-shard") { _ = try Shard(delta) }
        assertStoreError("no such file") { _ = try Shard("\(folder)/none.sqlite") }
        try Data("no database".utf8).write(to: URL(fileURLWithPath: "\(folder)/text"))
        assertStoreError("cannot be read") { _ = try Shard("\(folder)/text") }
        try change(shard, "UPDATE meta SET value = '2' WHERE key = 'version'")
        assertStoreError("version 2 is unknown") { _ = try Shard(shard) }
    }

    func testSqlOfAFilesOwnIsRefused() throws {
        for sql in [
            "CREATE VIEW v AS SELECT 1", "CREATE INDEX i ON products(category)",
            "CREATE TRIGGER t AFTER UPDATE ON products BEGIN SELECT 1; END", "CREATE TABLE more(a)",
        ] {
            let shard = try golden("shard-v1.sqlite", in: try temporaryFolder(self))
            try change(shard, sql)
            assertStoreError("its format") { _ = try Shard(shard) }
        }
    }

    func testNumbersInMetaAreBounded() throws {
        for (key, value, words) in [
            ("dimension", "0", "not 1 to"), ("dimension", "70000", "not 1 to"),
            ("sequence", "99999999999999999999", "beyond 63 bits"), ("sequence", "-1", "not a number"),
            ("sequence", "", "lacks"), ("space", "", "lacks"),
        ] {
            let shard = try golden("shard-v1.sqlite", in: try temporaryFolder(self))
            try change(shard, "UPDATE meta SET value = '\(value)' WHERE key = '\(key)'")
            assertStoreError(words) { _ = try Shard(shard) }
        }
    }

    func testRowsThatDoNotFitAreFound() throws {
        for (sql, words) in [
            ("category = ''", "bad value"), ("sequence = 1 << 40", "newer than the shard"),
            ("attributes = '[]'", "bad value"), ("vectors = x'00'", "bad value"), ("title = x'00'", "bad value"),
            ("image = 'a' || char(10)", "control character"), ("title = 'a' || char(0) || 'b'", "NUL"),
            ("title = CAST(x'ff' AS TEXT)", "no UTF-8"),
            ("attributes = '{\"a\": 1e999}'", "too large"),
            ("attributes = '{\"a\": 9223372036854775808}'", "63 bits"),
            ("vectors = zeroblob(33 * \(try dimension()))", "bad value"),
        ] {
            let path = try golden("shard-v1.sqlite", in: try temporaryFolder(self))
            try change(path, "UPDATE products SET \(sql)")
            let shard = try Shard(path)
            assertStoreError(words) { try shard.check() }
        }
    }

    func testAttributesNestAtMostSixteenDeep() throws {
        for (depth, fits) in [(16, true), (17, false)] {
            let path = try golden("shard-v1.sqlite", in: try temporaryFolder(self))
            let text = String(repeating: "{\"a\":", count: depth - 1) + "{}" + String(repeating: "}", count: depth - 1)
            try change(path, "UPDATE products SET attributes = '\(text)'")
            let shard = try Shard(path)
            if fits { try shard.check() } else { assertStoreError("nested too deeply") { try shard.check() } }
        }
    }

    func testADumpedProductNamesEveryVector() throws {
        let product = Product(
            productId: "a", sequence: 3, category: "c", title: "t", image: nil, attributes: JsonObject(),
            vectors: [1, -1, 127, -127])
        let line = product.dumped(dimension: 2).serialized
        let wanted = """
            {"product_id":"a","title":"t","category":"c","image":null,"attributes":{},"vectors":["01ff","7f81"]}
            """
        XCTAssertEqual(line, wanted)
    }

    private func dimension() throws -> Int {
        try Shard(golden("shard-v1.sqlite", in: try temporaryFolder(self))).meta.dimension
    }

    private func change(_ path: String, _ sql: String) throws {
        let connection = try Sqlite(uri: Sqlite.uri(path, writable: true), writable: true)
        try connection.run(sql)
        connection.close()
    }
}
