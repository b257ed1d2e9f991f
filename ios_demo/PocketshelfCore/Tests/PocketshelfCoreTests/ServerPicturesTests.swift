import XCTest

@testable import PocketshelfCore

final class ServerPicturesTests: XCTestCase {
    private let jpeg: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0]

    /// Stands in for the network, and for the clock.
    private final class Stub: Fetcher {
        var now = 0.0
        var sent: [FetchRequest] = []
        var status = 200
        var type = "image/jpeg"
        var body: [UInt8] = []
        var away = false
        var closed = 0

        func send(_ request: FetchRequest) throws -> FetchAnswer {
            sent.append(request)
            if away { throw PocketshelfError.unreachable("\(request.url): cannot be reached") }
            return Reply(self)
        }
    }

    private final class Reply: FetchAnswer {
        let status: Int
        let etag: String? = nil
        let start = 0
        let contentType: String
        let location: String? = nil
        private let stub: Stub
        private var left: [UInt8]?

        init(_ stub: Stub) {
            self.stub = stub
            (status, contentType, left) = (stub.status, stub.type, stub.body)
        }

        func next() -> [UInt8]? {
            defer { left = nil }
            return left?.isEmpty == false ? left : nil
        }

        func close() { stub.closed += 1 }
    }

    private func pictures(_ stub: Stub) throws -> ServerPictures {
        try ServerPictures(server: "https://shop.example/a/", fetcher: stub, clock: { stub.now })
    }

    func testAPictureIsAskedForByItsProductAndOnce() throws {
        let stub = Stub(), pictures = try pictures(stub)
        stub.body = jpeg
        XCTAssertEqual(try pictures.get("a&b é/1", side: 300), jpeg)
        XCTAssertEqual(
            stub.sent.map(\.url), ["https://shop.example/a/v1/pictures?product_id=a%26b%20%C3%A9%2F1&side=320"])
        XCTAssertEqual(stub.sent[0].headers, ["Accept": "image/jpeg"])
        XCTAssertNil(stub.sent[0].body)
        XCTAssertGreaterThan(stub.closed, 0)
        XCTAssertEqual(try pictures.get("a&b é/1"), jpeg, "it is kept")
        XCTAssertEqual(stub.sent.count, 1)
        _ = try pictures.get("a&b é/1", side: 5_000)
        XCTAssertEqual(stub.sent.last?.url.hasSuffix("side=1200"), true)
    }

    func testThereMayBeNone() throws {
        let stub = Stub(), pictures = try pictures(stub)
        stub.status = 404
        XCTAssertNil(try pictures.get("1"))
        XCTAssertNil(try pictures.get("1"))
        XCTAssertEqual(stub.sent.count, 1, "it is known that there is none")
    }

    func testAServerThatWasAwayIsLeftAlone() throws {
        let stub = Stub(), pictures = try pictures(stub)
        func refuses(_ line: UInt = #line) {
            XCTAssertThrowsError(try pictures.get("1"), line: line) {
                XCTAssertEqual(($0 as? PocketshelfError)?.isServer, true, line: line)
            }
        }
        stub.away = true
        refuses()
        stub.away = false
        refuses()
        XCTAssertEqual(stub.sent.count, 1)
        stub.now = 31
        stub.status = 503
        refuses()
        stub.now = 32.5
        stub.status = 200
        stub.body = jpeg
        XCTAssertEqual(try pictures.get("1"), jpeg, "who is busy is asked again soon")
    }

    func testWhatIsNoPictureIsRefused() throws {
        let stub = Stub(), pictures = try pictures(stub)
        stub.type = "application/json"
        stub.body = jpeg
        XCTAssertThrowsError(try pictures.get("1")) { XCTAssertEqual(($0 as? PocketshelfError)?.kind, .photo) }
        stub.type = "image/jpeg"
        stub.body = [UInt8](repeating: 7, count: ServerPictures.mostBytes + 1)
        XCTAssertThrowsError(try pictures.get("2")) { XCTAssertEqual(($0 as? PocketshelfError)?.kind, .unreachable) }
    }

    func testNoMoreThanSoMuchIsKept() throws {
        let stub = Stub(), pictures = try pictures(stub)
        stub.body = [UInt8](repeating: 7, count: ServerPictures.mostBytes)
        let many = ServerPictures.keptBytes / ServerPictures.mostBytes + 1
        for each in 0..<many { _ = try pictures.get("\(each)") }
        _ = try pictures.get("\(many - 1)")
        XCTAssertEqual(stub.sent.count, many)
        _ = try pictures.get("0")
        XCTAssertEqual(stub.sent.count, many + 1, "the oldest had to go")
    }
}
