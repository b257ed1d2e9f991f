import Foundation
import XCTest

@testable import PocketshelfCore

/// Where a server may send a phone: not from the internet into a private network, nor from TLS to none.
final class RedirectsTests: XCTestCase {
    private final class Asked: @unchecked Sendable {
        private let lock = NSLock()
        private var heads: [String] = []
        func add(_ head: String) { lock.withLock { heads.append(head) } }
        var all: String { lock.withLock { heads.joined() } }
    }

    /// The status of an answer by way of a redirect from "localhost", which has the address `outside`, to
    /// "127.0.0.1", which has `inside`.
    private func status(_ outside: [UInt8], _ inside: [UInt8], _ asked: Asked) throws -> Int {
        let server = try LoopbackServer { connection in
            asked.add(connection.head)
            let port = connection.header("Host")?.split(separator: ":").last ?? ""
            let moved = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:\(port)/inside\r\nContent-Length: 0\r\n\r\n"
            let here = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
            connection.send(connection.head.hasPrefix("GET /moved") ? moved : here)
        }
        let fetcher = HttpFetcher { $0 == "localhost" ? [outside] : [inside] }
        let answer = try fetcher.send(FetchRequest(url: "http://localhost:\(server.port)/moved", seconds: 5))
        answer.close()
        return answer.status
    }

    func testAServerOfTheInternetSendsNobodyIntoAPrivateNetwork() throws {
        let asked = Asked()
        for inside: [UInt8] in [[127, 0, 0, 1], [192, 168, 1, 1], [169, 254, 169, 254]] {
            XCTAssertThrowsError(try status([93, 184, 216, 34], inside, asked)) { error in
                let error = error as? PocketshelfError
                XCTAssertEqual(error?.kind, .unreachable)
                XCTAssertTrue(error?.message.contains("private network") ?? false, error?.message ?? "")
            }
        }
        XCTAssertTrue(asked.all.contains("/moved"))
        XCTAssertFalse(asked.all.contains("/inside"))
    }

    /// A shop whose server is in its own network may have its files there, too.
    func testOtherRedirectsAreFollowed() throws {
        XCTAssertEqual(try status([192, 168, 1, 2], [192, 168, 1, 1], Asked()), 200)
        XCTAssertEqual(try status([192, 168, 1, 2], [93, 184, 216, 34], Asked()), 200)
        XCTAssertEqual(try status([93, 184, 216, 34], [8, 8, 8, 8], Asked()), 200)
    }

    func testNobodyIsSentFromTlsToNone() {
        let tls = URL(string: "HTTPS://shop.example/a"), none = URL(string: "http://shop.example/a")
        XCTAssertTrue(Peers.refusal(from: tls, to: none) { _ in [] }?.contains("from https") ?? false)
        XCTAssertNil(Peers.refusal(from: none, to: tls) { _ in [] })
        XCTAssertNil(Peers.refusal(from: tls, to: tls) { _ in [] })
    }

    func testWhichAddressesAreTheInternets() throws {
        let outside = ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822", "172.15.0.1", "192.1.0.1"]
        for text in outside {
            let found = Peers.lookUp(text)
            XCTAssertFalse(found.isEmpty, text)
            XCTAssertTrue(found.allSatisfy(Peers.isPublic), text)
        }
        for text in [
            "127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1", "172.31.0.1",
            "::ffff:127.0.0.1", "fe80::1", "fd00::1", "::", "64:ff9b::a00:1", "224.0.0.1", "255.255.255.255",
        ] {
            let found = Peers.lookUp(text)
            XCTAssertFalse(found.isEmpty, text)
            XCTAssertFalse(found.contains(where: Peers.isPublic), text)
        }
        XCTAssertEqual(Peers.lookUp("no.such.host.invalid"), [])
    }
}
