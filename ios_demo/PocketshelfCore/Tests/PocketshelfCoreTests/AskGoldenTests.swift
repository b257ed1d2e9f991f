import XCTest

@testable import PocketshelfCore

final class AskGoldenTests: XCTestCase {
    private let address = "https://shop.example/shelf"

    /// Stands in for the network, and for the clock.
    private final class Stub: Fetcher {
        var now = 0.0
        var sent: [FetchRequest] = []
        var next = Json.null

        func send(_ request: FetchRequest) throws -> FetchAnswer {
            sent.append(request)
            if next["away"].flag { throw PocketshelfError.unreachable("\(request.url): cannot be reached") }
            return Reply(next)
        }
    }

    private final class Reply: FetchAnswer {
        let status: Int
        let etag: String? = nil
        let start = 0
        let contentType: String
        let location: String?
        private var left: [UInt8]?

        init(_ told: Json) {
            status = told["status"].int
            contentType = told["content_type"].string
            location = told["location"].isNull ? nil : told["location"].string
            left = Array(told["body"].string.utf8)
        }

        func next() -> [UInt8]? {
            defer { left = nil }
            return left?.isEmpty == false ? left : nil
        }

        func close() {}
    }

    func testWhatAServerIsAsked() throws {
        try Golden("ask").check { input in
            let stub = Stub()
            stub.next = try StrictJson.parse(
                #"{"status": 200, "content_type": "application/json", "location": null, "body": "{\"hits\": []}"}"#)
            let server = try ServerFallback(server: address, fetcher: stub, full: input["full"].flag)
            let asker = Asker(server)
            for _ in 1..<input["searches"].int { asker.passBy() }
            let question = Question(
                vector: input["vector"].floats, space: input["space"].string,
                categories: input["categories"].strings, count: input["k"].int)
            let recall = input["recall"].isNull ? nil : input["recall"].double
            XCTAssertEqual(asker.ask(question, recall: recall, seconds: 5).0, .server)
            let sent = try XCTUnwrap(stub.sent.first)
            return .of([
                "url": .text(sent.url), "body": try StrictJson.parse(sent.body ?? []),
                "headers": .object(JsonObject(sent.headers.map { ($0, .text($1)) })),
            ])
        }
    }

    func testWhatAServerAnswers() throws {
        try Golden("server").check { input in
            let stub = Stub()
            let server = try ServerFallback(server: address, fetcher: stub, clock: { stub.now })
            let question = Question(vector: [0.6, 0.8], space: "space", count: input["k"].int)
            let answers = try input["replies"].list.map { reply -> Json in
                (stub.now, stub.next) = (reply["at"].double, reply)
                let before = stub.sent.count
                var pairs: [(String, Json)]
                do {
                    let found = try server.search(question)
                    pairs = [("hits", .array(found.hits.map { $0.json(full: true) }))]
                    if let told = found.catalogue { pairs.append(("told", self.json(told))) }
                } catch let error as PocketshelfError where error.isServer {
                    pairs = [("error", .bool(true))]
                }
                pairs.append(("asked", .bool(stub.sent.count > before)))
                return .object(JsonObject(pairs))
            }
            return .of(["answers": .array(answers)])
        }
    }

    private func json(_ told: CatalogueSpread) -> Json {
        func listed(_ spread: Neighbourhood.Spread) -> Json {
            .array([.number(spread.mean), .number(spread.deviation)])
        }
        let ofHits = told.ofHits.map { ($0.key.text, listed($0.value)) }
        return .of([
            "nearest": listed(told.nearest), "of_query": listed(told.ofQuery), "of_hits": .object(JsonObject(ofHits)),
        ])
    }

    func testAServerThatTakesTooLongIsNotWaitedFor() {
        final class Slow: Fallback, @unchecked Sendable {
            func search(_ question: Question, told: String) throws -> Found {
                Thread.sleep(forTimeInterval: 3)
                return []
            }
        }
        let started = Date()
        let (asked, found) = Asker(Slow()).ask(
            Question(vector: [1], space: "s", count: 1), recall: nil, seconds: 0.1)
        XCTAssertEqual(asked, .unavailable)
        XCTAssertEqual(found.hits, [])
        XCTAssertLessThan(Date().timeIntervalSince(started), 2)
    }

    func testAServerHearsHowManyRegionsWereAnsweredWithoutIt() {
        final class Told: Fallback, @unchecked Sendable {
            var told: [String] = []
            var away = true
            func search(_ question: Question, told: String) throws -> Found {
                self.told.append(told)
                if away { throw PocketshelfError.server("away") }
                return []
            }
        }
        let server = Told(), asker = Asker(server), question = Question(vector: [1], space: "s", count: 1)
        asker.passBy()
        XCTAssertEqual(asker.ask(question, recall: 0.25, seconds: 5).0, .unavailable)
        server.away = false
        XCTAssertEqual(asker.ask(question, recall: nil, seconds: 5).0, .server)
        XCTAssertEqual(asker.ask(question, recall: nil, seconds: 5).0, .server)
        XCTAssertEqual(server.told, ["searches=2 recall=0.250", "searches=3", "searches=1"])
    }
}
