import Foundation
import XCTest

/// A server on loopback that says to each request what a test wants, byte by byte.
final class LoopbackServer: @unchecked Sendable {
    /// A connection: what was asked, and how to answer.
    struct Connection {
        /// Request line and headers.
        let head: String
        let body: String
        fileprivate let descriptor: Int32

        /// Send bytes; false when the other side has hung up.
        @discardableResult
        func send(_ text: String) -> Bool { send(Array(text.utf8)) }

        @discardableResult
        func send(_ bytes: [UInt8]) -> Bool {
            var done = 0
            while done < bytes.count {
                let count = bytes[done...].withUnsafeBytes {
                    #if canImport(Darwin)
                    Darwin.send(descriptor, $0.baseAddress, $0.count, 0)
                    #else
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                    #endif
                }
                if count <= 0 { return false }
                done += count
            }
            return true
        }

        /// The value of a header of the request.
        func header(_ name: String) -> String? {
            for line in head.components(separatedBy: "\r\n").dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                if parts.count == 2, parts[0].lowercased() == name.lowercased() {
                    return parts[1].trimmingCharacters(in: .whitespaces)
                }
            }
            return nil
        }
    }

    let port: UInt16
    private let descriptor: Int32

    var url: String { "http://127.0.0.1:\(port)" }

    /// - Parameter answer: called on a thread of its own a connection; the connection ends when it returns.
    init(_ answer: @escaping @Sendable (Connection) -> Void) throws {
        #if canImport(Darwin)
        let kind = SOCK_STREAM
        #else
        let kind = Int32(SOCK_STREAM.rawValue)
        #endif
        let listening = socket(AF_INET, kind, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let made = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listening, $0, length) == 0 && listen(listening, 16) == 0
                    && getsockname(listening, $0, &length) == 0
            }
        }
        guard made else { throw XCTSkip("no socket on loopback") }
        descriptor = listening
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread {
            while true {
                let connected = accept(listening, nil, nil)
                guard connected >= 0 else {
                    #if !canImport(Darwin)
                    // Not before: its number would be another server's, whose connections this one took.
                    close(listening)
                    #endif
                    return
                }
                Thread.detachNewThread {
                    if let connection = Self.read(connected) { answer(connection) }
                    shutdown(connected, Int32(SHUT_RDWR))
                    close(connected)
                }
            }
        }
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
        #if canImport(Darwin)
        close(descriptor)  // There nothing else wakes who accepts.
        #endif
    }

    private static func read(_ descriptor: Int32) -> Connection? {
        var gathered: [UInt8] = [], buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let text = String(decoding: gathered, as: UTF8.self)
            if let end = text.range(of: "\r\n\r\n") {
                let head = String(text[..<end.lowerBound]), body = String(text[end.upperBound...])
                let wanted = head.components(separatedBy: "\r\n")
                    .first { $0.lowercased().hasPrefix("content-length:") }
                    .flatMap { Int($0.drop { $0 != ":" }.dropFirst().trimmingCharacters(in: .whitespaces)) }
                if body.utf8.count >= wanted ?? 0 {
                    return Connection(head: head, body: body, descriptor: descriptor)
                }
            }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            gathered += buffer[..<count]
        }
    }
}
