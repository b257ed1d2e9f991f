import Foundation
import XCTest

@testable import PocketshelfCore

/// A device that replays recorded syncs (`contract/golden/sync`) from the files alone.
final class SyncReplay {
    /// SHA-256 → bytes, of every byte string that the cases name.
    private static let blobs: [String: [UInt8]] = {
        do {
            return try readBlobs()
        } catch {
            fatalError("contract/golden/sync/blobs.gz: \(error)")
        }
    }()

    private let folder: String
    private let server = ReplayedServer()

    init(_ folder: String) { self.folder = folder }

    /// Replay every case of a file of `contract/golden/sync`.
    static func run(_ name: String, _ test: XCTestCase) throws {
        let document = try StrictJson.parse(Contract.bytes("golden/sync/\(name).json"))
        let file = try Fields(document, where: name, kind: .sync)
        let cases = try file.children("cases")
        XCTAssertFalse(cases.isEmpty)
        for one in cases {
            let replay = SyncReplay(try temporaryFolder(test))
            let label = "\(name)[\(try one.optionalText("case") ?? "")]"
            for (number, step) in try one.children("steps").enumerated() {
                try replay.step(step, "\(label) step \(number)")
            }
        }
    }

    private static func readBlobs() throws -> [String: [UInt8]] {
        var plain: [UInt8] = []
        let path = Contract.folder.appendingPathComponent("golden/sync/blobs.gz").path
        try inflatePieces(path, 1 << 20) { plain += $0 }
        var found: [String: [UInt8]] = [:], at = 0
        while at < plain.count, let end = plain[at...].firstIndex(of: 0x0A) {
            let head = String(decoding: plain[at..<end], as: UTF8.self).split(separator: " ")
            let length = Int(head[1]) ?? 0
            found[String(head[0])] = Array(plain[end + 1..<end + 1 + length])
            at = end + length + 2
        }
        return found
    }

    static func blob(_ sha256: String) throws -> [UInt8] { try XCTUnwrap(blobs[sha256], sha256) }

    private func step(_ step: Fields, _ label: String) throws {
        try self.step(step, path: "\(folder)/\(try step.optionalText("store") ?? "store")", label)
    }

    /// Do one step in the store at `path`.
    func step(_ step: Fields, path: String, _ label: String = "") throws {
        switch try step.text("do") {
        case "sync": try sync(step, path, label)
        case "rollback": try rollback(step, path, label)
        case "write": try write(step, path)
        default: XCTFail("\(label): unknown step")
        }
    }

    private func write(_ step: Fields, _ path: String) throws {
        let files = try step.child("files")
        for name in files.names {
            let file = "\(path)/\(name)"
            guard let sha256 = try files.optionalText(name) else {
                try remove(file)
                continue
            }
            let above = URL(fileURLWithPath: file).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: above, withIntermediateDirectories: true)
            try Data(Self.blob(sha256)).write(to: URL(fileURLWithPath: file))
        }
    }

    private func rollback(_ step: Fields, _ path: String, _ label: String) throws {
        let undo = step.object["undo"] == .bool(true)
        try compare(step, label) {
            JsonObject([("generation", .text(try rollbackStore(path, undo: undo)))])
        }
        try compareStore(step, path, label)
    }

    private func sync(_ step: Fields, _ path: String, _ label: String) throws {
        try serve(step)
        server.away = step.object["away"] == .bool(true)
        server.retryAfter = step.has("retry_after") ? try step.number("retry_after") : nil
        server.asked = []
        var request = SyncRequest(server: try step.optionalText("server") ?? "http://shop.test")
        request.root = try step.optionalText("root").map(Self.blob)
        request.shard = try step.optionalText("shard") ?? "all"
        request.allowOlder = step.object["allow_older"] == .bool(true)
        request.trustOnFirstUse = step.object["trust_on_first_use"] == .bool(true)
        request.ifDue = step.object["if_due"] == .bool(true)
        request.closely = step.object["closely"] == .bool(true)
        if step.has("bundle") {
            let bundle = try step.child("bundle")
            request.bundle = Space(
                name: try bundle.text("space"), preprocessing: try bundle.text("preprocessing"),
                dimension: try bundle.integer("dimension"))
        }
        let environment = try environment(step)
        try compare(step, label) {
            let report = try PocketshelfCore.sync(store: path, request, environment)
            XCTAssertEqual(report.problem == nil, report.features != nil || report.refusal == nil, label)
            XCTAssertFalse(report.problem?.contains("\n") ?? false, label)
            let reason = report.refusal.map { Json.text($0.rawValue) } ?? .null
            return JsonObject(report.fields + [("reason", reason)])
        }
        try compareStore(step, path, label)
        XCTAssertEqual(try step.value("asked"), .array(server.asked), label)
    }

    /// Change what is served as a step says.
    func serve(_ step: Fields) throws {
        let changes = try step.child("serve")
        for name in changes.names { server.routes[name] = changes.has(name) ? changes.object[name] : nil }
    }

    func environment(_ step: Fields) throws -> SyncEnvironment {
        let now = try XCTUnwrap(IsoTime.seconds(step.text("now")))
        var environment = SyncEnvironment(fetcher: server)
        environment.clock = { [server] in server.seconds }
        environment.sleep = { [server] in server.seconds += $0 }
        environment.now = { now }
        environment.jitter = { 0.5 }
        if step.has("attempts") { environment.attempts = try step.integer("attempts") }
        let free = step.has("free_bytes") ? try step.integer("free_bytes") : 1_000_000_000_000
        environment.freeBytes = { _ in free }
        environment.limits = try Self.limits(step.optionalChild("limits"))
        return environment
    }

    private static func limits(_ given: Fields) throws -> Limits {
        var limits = Limits()
        limits.chunk = 4096
        for name in given.names {
            switch name {
            case "manifest_bytes": limits.manifestBytes = try given.integer(name)
            case "download_bytes": limits.downloadBytes = try given.integer(name)
            case "unpacked_bytes": limits.unpackedBytes = try given.integer(name)
            case "gap_seconds": limits.gapSeconds = try given.number(name)
            case "rate": limits.rate = try given.number(name)
            case "window_seconds": limits.windowSeconds = try given.number(name)
            case "total_seconds": limits.totalSeconds = try given.number(name)
            case "database_seconds": limits.databaseSeconds = try given.number(name)
            case "chunk": limits.chunk = try given.integer(name)
            default: XCTFail("unknown limit \(name)")
            }
        }
        return limits
    }

    /// What `body` gives must be what the step expects, or it must be refused for the reason expected.
    private func compare(_ step: Fields, _ label: String, _ body: () throws -> JsonObject) throws {
        let expected = try step.child("expect")
        do {
            let found = try body()
            XCTAssertFalse(expected.has("error"), "\(label): was not refused")
            for name in expected.names where !expected.has("error") {
                if name == "problem", case .object(let problem)? = expected.object[name] {
                    // In words of its own, for that reason.
                    XCTAssertNotEqual(found[name], .null, "\(label): \(name)")
                    XCTAssertEqual(found["reason"], problem["reason"], "\(label): \(name): \(found[name] ?? .null)")
                } else {
                    XCTAssertEqual(found[name], expected.object[name], "\(label): \(name)")
                }
            }
        } catch let error as PocketshelfError {
            guard expected.has("error") else { return XCTFail("\(label): \(error)") }
            let wanted = try expected.child("error")
            let kinds = [
                "SyncError": "sync", "ServerError": "server", "StoreError": "store",
                "SpaceMismatch": "spaceMismatch",
            ]
            XCTAssertEqual(error.kind.rawValue, kinds[try wanted.text("kind")], "\(label): \(error)")
            XCTAssertEqual(error.refusal?.rawValue, try wanted.text("reason"), "\(label): \(error)")
            XCTAssertFalse(error.message.contains("\n"), label)
        }
    }

    /// The store holds what the step says, whole.
    private func compareStore(_ step: Fields, _ path: String, _ label: String) throws {
        let after = try step.child("after")
        guard after.has("sequence") else {
            XCTAssertNil(try? Store.open(path), label)
            return
        }
        let store = try Store.open(path)
        defer { store.close() }
        XCTAssertEqual(store.meta.sequence, try after.integer("sequence"), label)
        let lines = try Self.blob(after.text("products")).split(separator: 0x0A).map { Array($0) }
        var found: [Json] = []
        try store.shard.forEach { found.append($0.dumped(dimension: store.meta.dimension)) }
        XCTAssertEqual(found, try lines.map { try StrictJson.parse($0) }, label)
        if after.names.contains("features") {
            let file = DerivedFile(featuresOf: store.digest, folder: store.indexFolder)
            let wanted = try after.optionalText("features").map(Self.blob)
            XCTAssertEqual(file.read(most: 1 << 30), wanted, "\(label): features")
            XCTAssertEqual(exists(file.path), wanted != nil, label)
        }
        XCTAssertFalse(entries(of: "\(path)/generations").contains { $0.hasPrefix(".new-") }, label)
    }
}

/// Serves a case's routes, as `contract/golden/sync/README.md` says.
final class ReplayedServer: Fetcher {
    var routes: [String: Json] = [:]
    var away = false
    var retryAfter: Double?
    var asked: [Json] = []
    /// The clock.
    var seconds = 0.0

    func send(_ request: FetchRequest) throws -> FetchAnswer {
        let path = try XCTUnwrap(URL(string: request.url)).path
        let offset = request.offset
        if path.hasPrefix("/v1/targets/") { asked.append(.array([.text(path), .integer(offset)])) }
        if away { throw PocketshelfError.unreachable("no network", retryAfter: retryAfter) }
        guard let route = routes[path] else { return ReplayedAnswer(404) }
        if case .text(let sha256) = route { return plain(try SyncReplay.blob(sha256), request) }
        let fields = try Fields(route, where: path, kind: .sync)
        if fields.has("shifted") {
            let answer = ReplayedAnswer(206, pieces: pieces(try SyncReplay.blob(fields.text("shifted"))))
            answer.start = try fields.integer("start")
            return answer
        }
        let answer = ReplayedAnswer(offset > 0 ? 206 : 200)
        answer.start = offset
        answer.source = try body(path, fields, offset)
        return answer
    }

    private func plain(_ data: [UInt8], _ request: FetchRequest) -> FetchAnswer {
        let tag = "\"\(Sha256.hex(data).prefix(16))\"", offset = request.offset
        let isPart = offset > 0 && (request.etag == nil || request.etag == tag)
        let answer: ReplayedAnswer
        if isPart, offset >= data.count {
            answer = ReplayedAnswer(416)
        } else {
            answer = ReplayedAnswer(isPart ? 206 : 200, pieces: pieces(Array(data[(isPart ? offset : 0)...])))
        }
        answer.start = isPart ? offset : 0
        answer.etag = tag
        return answer
    }

    private func body(_ path: String, _ route: Fields, _ offset: Int) throws -> () throws -> [UInt8]? {
        if route.has("endless") {
            let piece = try SyncReplay.blob(route.text("endless"))
            return { piece }
        }
        if route.has("breaks") {
            routes[path] = .text(try route.text("breaks"))
            let goes = route.object["away"] == .bool(true)
            let end = try route.integer("at")
            var left = [Array(try SyncReplay.blob(route.text("breaks"))[offset..<end])]
            return { [unowned self] in
                guard let piece = left.popLast() else {
                    away = away || goes
                    throw PocketshelfError.unreachable("the connection broke")
                }
                return piece
            }
        }
        var rest = try SyncReplay.blob(route.text("drip"))[offset...]
        let pause = try route.number("seconds")
        return { [unowned self] in
            guard let byte = rest.popFirst() else { return nil }
            seconds += pause
            return [byte]
        }
    }

    private func pieces(_ data: [UInt8]) -> [[UInt8]] {
        stride(from: 0, to: data.count, by: 4096).map { Array(data[$0..<min(data.count, $0 + 4096)]) }
    }
}

final class ReplayedAnswer: FetchAnswer {
    let status: Int
    var etag: String?
    var start = 0
    let contentType = ""
    let location: String? = nil
    var source: () throws -> [UInt8]?

    init(_ status: Int, pieces: [[UInt8]] = []) {
        self.status = status
        var left = pieces[...]
        source = { left.popFirst() }
    }

    func next() throws -> [UInt8]? { try source() }
    func close() {}
}
