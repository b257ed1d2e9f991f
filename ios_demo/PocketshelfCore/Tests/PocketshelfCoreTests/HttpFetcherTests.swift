import Foundation
import XCTest

@testable import PocketshelfCore

/// The system's own HTTP, against a server on loopback that answers as it should not.
final class HttpFetcherTests: XCTestCase {
    private let fetcher = HttpFetcher()

    private func body(_ request: FetchRequest, most: Int = 1 << 20) throws -> (FetchAnswer, String) {
        let answer = try fetcher.send(request)
        let deadline = monotonicSeconds() + 10
        let bytes = try answer.read(most: most, url: request.url, deadline: deadline, clock: monotonicSeconds)
        return (answer, String(decoding: bytes, as: UTF8.self))
    }

    private func assertUnreachable(
        _ words: String, line: UInt = #line, _ body: () throws -> Void
    ) {
        XCTAssertThrowsError(try body(), line: line) { error in
            let error = error as? PocketshelfError
            XCTAssertEqual(error?.kind, .unreachable, "\(String(describing: error))", line: line)
            XCTAssertTrue(error?.message.contains(words) ?? false, error?.message ?? "", line: line)
            XCTAssertFalse(error?.message.contains("\n") ?? true, line: line)
        }
    }

    func testAFileWithItsTag() throws {
        let server = try LoopbackServer { connection in
            connection.send("HTTP/1.1 200 OK\r\nETag: \"t\"\r\nContent-Length: 5\r\n\r\nbytes")
        }
        let (answer, text) = try body(FetchRequest(url: server.url + "/file", seconds: 5))
        XCTAssertEqual(answer.status, 200)
        XCTAssertEqual(answer.etag, "\"t\"")
        XCTAssertEqual(answer.start, 0)
        XCTAssertEqual(text, "bytes")
    }

    func testTheRestOfAFileIsAskedForByItsTag() throws {
        let server = try LoopbackServer { connection in
            let asked = "\(connection.header("Range") ?? "") \(connection.header("If-Range") ?? "")"
            let end = 7 + asked.utf8.count
            connection.send(
                "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 7-\(end - 1)/\(end)\r\n"
                    + "Content-Length: \(asked.utf8.count)\r\n\r\n\(asked)")
        }
        let request = FetchRequest(url: server.url, seconds: 5, offset: 7, etag: "\"t\"")
        let (answer, text) = try body(request)
        XCTAssertEqual(answer.status, 206)
        XCTAssertEqual(answer.start, 7)
        XCTAssertEqual(text, "bytes=7- \"t\"")
    }

    func testRefusalsAreAnswers() throws {
        for status in [404, 416, 429, 503] {
            let server = try LoopbackServer { connection in
                connection.send("HTTP/1.1 \(status) No\r\nContent-Length: 2\r\n\r\nno")
            }
            XCTAssertEqual(try body(FetchRequest(url: server.url, seconds: 5)).0.status, status)
        }
    }

    func testAPostCarriesItsBodyAndIsNotRedirected() throws {
        let server = try LoopbackServer { connection in
            if connection.head.hasPrefix("POST /moved") {
                connection.send(
                    "HTTP/1.1 307 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
            } else {
                let text = "\(connection.header("Content-Type") ?? "") \(connection.body)"
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
            }
        }
        var request = FetchRequest(url: server.url + "/ask", seconds: 5, body: Array("{}".utf8))
        request.headers["Content-Type"] = "application/json"
        XCTAssertEqual(try body(request).1, "application/json {}")
        request.url = server.url + "/moved"
        let moved = try fetcher.send(request)
        XCTAssertEqual(moved.status, 307)
        XCTAssertEqual(moved.location, "/elsewhere")
        moved.close()
    }

    func testCredentialsOfAnAddressAreSentAsAHeader() throws {
        let server = try LoopbackServer { connection in
            let text = connection.header("Authorization") ?? "none"
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
        }
        let url = "http://me:secret@127.0.0.1:\(server.port)/"
        XCTAssertEqual(try body(FetchRequest(url: url, seconds: 5)).1, "Basic bWU6c2VjcmV0")
    }

    func testCredentialsDoNotFollowARedirect() throws {
        let server = try LoopbackServer { connection in
            if connection.head.hasPrefix("GET /moved") {
                connection.send("HTTP/1.1 302 Moved\r\nLocation: /here\r\nContent-Length: 0\r\n\r\n")
            } else {
                let text = connection.header("Authorization") ?? "none"
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
            }
        }
        let url = "http://me:secret@127.0.0.1:\(server.port)/moved"
        XCTAssertEqual(try body(FetchRequest(url: url, seconds: 5)).1, "none")
    }

    func testNobodyThere() throws {
        let port = try LoopbackServer { _ in }.port
        assertUnreachable("cannot be reached") {
            _ = try fetcher.send(FetchRequest(url: "http://127.0.0.1:\(port)/", seconds: 5))
        }
        assertUnreachable("no address") {
            _ = try fetcher.send(FetchRequest(url: "file:///etc/passwd", seconds: 5))
        }
    }

    func testAHeaderThatDoesNotComeInTime() throws {
        let server = try LoopbackServer { connection in
            for _ in 0..<40 where connection.send("") { Thread.sleep(forTimeInterval: 0.1) }
        }
        let started = monotonicSeconds()
        assertUnreachable("did not answer within 0.5 s") {
            _ = try fetcher.send(FetchRequest(url: server.url, seconds: 0.5))
        }
        XCTAssertLessThan(monotonicSeconds() - started, 3)
    }

    func testABodyThatStopsInTheMiddle() throws {
        let server = try LoopbackServer { connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            Thread.sleep(forTimeInterval: 3)
        }
        assertUnreachable("the connection broke") {
            _ = try body(FetchRequest(url: server.url, seconds: 0.5))
        }
    }

    func testABodyThatIsCutShort() throws {
        let server = try LoopbackServer { connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        }
        assertUnreachable("the connection broke") {
            _ = try body(FetchRequest(url: server.url, seconds: 5))
        }
    }

    func testAnAnswerThatNeverEnds() throws {
        let server = try LoopbackServer { connection in
            connection.send("HTTP/1.1 200 OK\r\n\r\n")
            let piece = [UInt8](repeating: 0x78, count: 1 << 16)
            // With pauses, as every network has: on Linux, Foundation cancels a task on the queue that reads its
            // socket, and a socket that is never empty keeps that queue for itself (an hour was seen).
            while connection.send(piece) { Thread.sleep(forTimeInterval: 0.001) }
        }
        assertUnreachable("longer than 100000 bytes") {
            _ = try body(FetchRequest(url: server.url, seconds: 5), most: 100_000)
        }
    }

    func testAPageOfTheNetworksOwn() throws {
        for text in [
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n  <html/>",
            "HTTP/1.1 511 Sign in\r\nContent-Length: 0\r\n\r\n",
        ] {
            let server = try LoopbackServer { $0.send(text) }
            assertUnreachable("captive portal") {
                _ = try fetcher.send(FetchRequest(url: server.url, seconds: 5))
            }
        }
    }

    func testALargeBodyArrivesWhole() throws {
        let size = 20 << 20
        let server = try LoopbackServer { connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
            let piece = [UInt8](repeating: 7, count: 1 << 20)
            for _ in 0..<20 where connection.send(piece) {}
        }
        let answer = try fetcher.send(FetchRequest(url: server.url, seconds: 5))
        defer { answer.close() }
        // Slowly at first: the connection is paused meanwhile.
        var count = 0
        while let piece = try answer.next() {
            if count < 1 << 20 { Thread.sleep(forTimeInterval: 0.02) }
            count += piece.count
        }
        XCTAssertEqual(count, size)
    }
}
