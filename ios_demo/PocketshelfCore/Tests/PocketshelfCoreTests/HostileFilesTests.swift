import Foundation
import XCTest

@testable import PocketshelfCore

/// Files with something in them exchanged or overwritten. A Swift program ends where a number overflows or an
/// index is out of range: so whatever comes is read, or refused by an error, and the process lives.
final class HostileFilesTests: XCTestCase {
    /// SplitMix64: the same series everywhere.
    private struct Chance: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    private static let odd: [Json] = [
        .null, .bool(true), .integer(-1), .integer(0), .integer(Int.max), .integer(-Int.max), .number(1.5),
        .number(1e308), .text(""), .text("x"), .text("\0"), .text(String(repeating: "9", count: 5000)),
        .text("2026-02-30T00:00:00Z"), .text("../../x"), .array([]), .object(JsonObject()),
        .array([.array([])]), .object(JsonObject([("", .null)])),
    ]

    /// `value` with something in it exchanged for something of another kind.
    private func mutated(_ value: Json, _ chance: inout Chance) -> Json {
        let goesDeeper = Int.random(in: 0..<10, using: &chance) > 0
        if goesDeeper, case .object(var object) = value, !object.isEmpty {
            let name = object.names[Int.random(in: 0..<object.count, using: &chance)]
            object[name] = mutated(object[name] ?? .null, &chance)
            return .object(object)
        }
        if goesDeeper, case .array(var values) = value, !values.isEmpty {
            let place = Int.random(in: 0..<values.count, using: &chance)
            values[place] = mutated(values[place], &chance)
            return .array(values)
        }
        return Self.odd.randomElement(using: &chance) ?? .null
    }

    /// Read documents like `original`, each with one to four faults.
    private func assertSurvives(
        _ original: String, rounds: Int = 400, _ read: ([UInt8]) throws -> Void
    ) throws {
        var chance = Chance(state: 15)
        var refused = 0
        XCTAssertNoThrow(try read(Array(original.utf8)))
        for _ in 0..<rounds {
            var document = try StrictJson.parse(original)
            for _ in 0...Int.random(in: 0..<4, using: &chance) { document = mutated(document, &chance) }
            do {
                try read(Array(document.serialized.utf8))
            } catch let error as PocketshelfError {
                refused += 1
                XCTAssertFalse(error.message.contains("\n"), error.message)
            } catch is TufError {
                refused += 1
            }
        }
        XCTAssertGreaterThan(refused, rounds / 4)
    }

    private static let manifest = """
        {"format": "pocketshelf-manifest", "version": 1, "shard": "all", "space": "s", "preprocessing": "p",
         "sequence": 42, "oldest_delta": 41, "snapshot": {"target": "all/s.gz", "length": 12},
         "deltas": [{"from": 41, "to": 42, "target": "all/d.gz", "length": 9}],
         "categories": {"Apple": {"local": 3, "catalogue": 10}, "Milk": {"local": 1, "catalogue": 1}}}
        """

    func testManifests() throws {
        let space = Space(name: "s", preprocessing: "p", dimension: 4)
        try assertSurvives(Self.manifest) { data in
            let manifest = try Manifest(parsing: data)
            _ = manifest.products
            let device = Device(shard: "all", sequence: 41, space: space, rolledBack: Int.max)
            _ = try Plan.decide(device, manifest)
        }
    }

    func testMetadata() throws {
        let key = #"{"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": "00"}}"#
        let role = #"{"keyids": ["k"], "threshold": 1}"#
        let head = #""version": 1, "spec_version": "1.0.31", "expires": "2030-01-01T00:00:00Z""#
        let hashes = #""length": 3, "hashes": {"sha256": "\#(String(repeating: "0", count: 64))"}"#
        let parts = [
            "root": #""keys": {"k": \#(key)}, "roles": {"root": \#(role), "timestamp": \#(role), "#
                + #""snapshot": \#(role), "targets": \#(role)}, "consistent_snapshot": true"#,
            "timestamp": #""meta": {"snapshot.json": {"version": 1, \#(hashes)}}"#,
            "snapshot": #""meta": {"targets.json": {"version": 1}}"#,
            "targets": #""targets": {"a/b": {\#(hashes), "custom": {"uncompressed_length": 9}}}"#,
        ]
        for (type, part) in parts {
            let text = #"{"signatures": [{"keyid": "k", "sig": "00"}], "signed": {"_type": "\#(type)", "#
                + "\(head), \(part)}}"
            try assertSurvives(text) { data in
                try MetadataRules.check(data, where: "x")
                switch type {
                case "root": _ = try Root(data).signers(Metadata(data, type: type), role: "root", PlatformVerifier())
                case "targets": _ = try TargetsMetadata(data).targets.values.map { $0.location(hashed: true) }
                default: _ = try MetaIndex(data, type: type)
                }
            }
        }
    }

    func testDelegations() throws {
        let text = """
            {"keys": {}, "roles": [{"name": "a", "keyids": ["k"], "threshold": 1, "terminating": false,
             "paths": ["a/*", "[a-"]}, {"name": "b", "keyids": [], "threshold": 1, "terminating": true,
             "path_hash_prefixes": ["5", "ab"]}]}
            """
        try assertSurvives(text) { data in
            let delegations = try Delegations(TufFields(StrictJson.parse(data)))
            _ = delegations.roles(for: "a/b")
            _ = try? delegations.role("a")
        }
        let bins = #"{"keys": {}, "succinct_roles": {"keyids": [], "threshold": 1, "bit_length": 8, "name_prefix": "b"}}"#
        try assertSurvives(bins) { data in
            let delegations = try Delegations(TufFields(StrictJson.parse(data)))
            _ = delegations.roles(for: "a/b")
            _ = try? delegations.role("b-ff")
        }
    }

    func testMemoriesOfSyncs() throws {
        let folder = try temporaryFolder(self)
        let text = """
            {"format": "pocketshelf-sync", "version": 1, "server": "http://a", "shard": "all", "last_attempt":
             "2026-11-01T12:00:00+00:00", "last_sync": "2026-11-01T12:00:00.5+02:00", "server_sequence": 4,
             "away": {"http://a": {"failures": 9223372036854775807, "next_attempt": "2026-11-01T12:00:00Z"}}}
            """
        let signed = #"{"format": "pocketshelf-signed", "version": 1, "keys": ["a"], "snapshot": null}"#
        var chance = Chance(state: 16)
        for round in 0..<400 {
            for (name, original) in [(SyncState.fileName, text), (SignedBy.fileName, signed)] {
                let document = try StrictJson.parse(original)
                let data = (round == 0 ? document : mutated(document, &chance)).serialized
                try Data(data.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
            }
            var state = SyncState(folder: folder)
            if round == 0 { XCTAssertEqual(state.failures(of: "http://a"), 1_000_000) }
            _ = state.waits(for: "http://a", at: 1.8e9)
            _ = Backoff.nextAttempt(after: state.failures(of: "http://a") + 1, jitter: { 0.5 })
            state.failed("http://a", at: 1.8e9, until: 1.8e9 + 60)
            XCTAssertFalse(state.status.isEmpty)
            _ = SignedBy(folder: folder)
        }
    }

    func testJsonWithBytesOverwritten() throws {
        var chance = Chance(state: 17), read = 0
        for _ in 0..<2000 {
            var bytes = Array(Self.manifest.utf8)
            for _ in 0...Int.random(in: 0..<3, using: &chance) {
                bytes[Int.random(in: 0..<bytes.count, using: &chance)] = UInt8.random(in: 0...255, using: &chance)
            }
            if (try? StrictJson.parse(Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &chance))))) != nil {
                read += 1
            }
        }
        XCTAssertLessThan(read, 2000)
    }

    func testDatabasesWithBytesOverwritten() throws {
        let folder = try temporaryFolder(self)
        var chance = Chance(state: 18), refused = 0
        for kind in [ProductFileKind.shard, .delta] {
            let original = try Contract.bytes("golden/formats/\(kind.rawValue)-v1.sqlite")
            for round in 0..<150 {
                var bytes = original
                for _ in 0...Int.random(in: 0..<8, using: &chance) {
                    let place = Int.random(in: 0..<bytes.count, using: &chance)
                    bytes[place] = UInt8.random(in: 0...255, using: &chance)
                }
                if round % 10 == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &chance)) }
                let path = "\(folder)/\(kind.rawValue)-\(round).sqlite"
                try Data(bytes).write(to: URL(fileURLWithPath: path))
                do {
                    try FileGuard.check(kind, path, name: "x", seconds: 5).products { _ in }
                } catch let error as PocketshelfError {
                    refused += 1
                    XCTAssertFalse(error.message.contains("\n"), error.message)
                }
            }
        }
        // Most of the golden files is empty: many faults change nothing.
        XCTAssertGreaterThan(refused, 50)
    }

    func testGzipWithBytesOverwritten() throws {
        let folder = try temporaryFolder(self)
        let packed = try Contract.bytes("golden/sync/blobs.gz").prefix(20_000)
        var chance = Chance(state: 19)
        for round in 0..<60 {
            var bytes = Array(packed)
            bytes[Int.random(in: 0..<(round < 30 ? 20 : bytes.count), using: &chance)] ^= 1 << UInt8.random(in: 0..<8, using: &chance)
            try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/x.gz"))
            XCTAssertThrowsError(
                try unpack(
                    "\(folder)/x.gz", to: "\(folder)/x", length: 1 << 20, sha256: "", FileSystem(), chunk: 999))
            XCTAssertFalse(exists("\(folder)/x"))
        }
    }
}
