import Foundation

/// `GET /v1/pictures` of a server: pictures of what its full catalogue found, of which a shelf holds none. Safe to share
/// between threads.
///
/// To be asked for hits of the server's own alone: it found them, so that it learns nothing of a search by it. As a
/// `ServerFallback`, this leaves a server that was away alone for a while. What comes is from outside: it is a picture once it
/// was decoded. Blocks: call it from a thread of its own.
public final class ServerPictures: @unchecked Sendable {
    /// What a server makes, in pixels of the longer side.
    public static let sides = [96, 320, 480, 1200]
    static let mostBytes = 2_000_000
    /// What is known is kept in memory, up to so many bytes; of what is not there, too.
    static let keptBytes = 8_000_000
    private static let nothingBytes = 200
    /// It is there, and has too much to do this very moment.
    private static let busy = 503
    private static let busySeconds = 1.0

    private let url: String
    private let fetcher: any Fetcher
    private let timeout: Double
    private let rest: Double
    private let clock: () -> Double
    private let lock = NSLock()
    private var awayUntil = -Double.infinity
    private var kept: [ExactString: [UInt8]?] = [:]
    private var order: [ExactString] = []
    private var bytes = 0

    /// - Parameters:
    ///   - server: the address below which `/v1/pictures` lies.
    ///   - timeout: longest time until the last byte of one, in seconds.
    ///   - rest: seconds for which a server that was away is not asked again.
    ///   - clock: seconds that only grow.
    /// - Throws: `usage`: `server` is no address.
    public init(
        server: String, fetcher: any Fetcher, timeout: Double = 3, rest: Double = 30,
        clock: @escaping () -> Double = { ProcessInfo.processInfo.systemUptime }
    ) throws {
        url = "\(try ServerAddress.checked(server))/v1/pictures"
        self.fetcher = fetcher
        self.timeout = timeout
        self.rest = rest
        self.clock = clock
    }

    /// A picture's file, as the server made it; nil where it has none of this product.
    ///
    /// - Parameter side: pixels of the longer side that are enough; the server may send fewer, or more.
    /// - Throws: `server`: it is away, busy, or refuses; `photo`: what it sent is no picture.
    public func get(_ productId: String, side: Int = 320) throws -> [UInt8]? {
        let side = Self.sides.first { $0 >= side } ?? Self.sides[Self.sides.count - 1]
        let key = ExactString("\(side) \(productId)")
        if let known = lock.withLock({ kept[key] }) { return known }
        if clock() < lock.withLock({ awayUntil }) {
            throw PocketshelfError.server("\(url): was away a moment ago; not asked")
        }
        let found = try fetched(productId, side)
        keep(key, found)
        return found
    }

    private func fetched(_ productId: String, _ side: Int) throws -> [UInt8]? {
        let named = "\(url)?product_id=\(Self.escaped(productId))&side=\(side)"
        let request = FetchRequest(url: named, seconds: timeout, headers: ["Accept": "image/jpeg"])
        let deadline = clock() + timeout
        let answer: FetchAnswer, body: [UInt8]
        do {
            answer = try fetcher.send(request)
            defer { answer.close() }
            body = answer.status == 200
                ? try answer.read(most: Self.mostBytes, url: url, deadline: deadline, clock: clock) : []
        } catch {
            leaveAlone(rest)
            throw error
        }
        switch answer.status {
        case 200:
            guard answer.contentType.lowercased().hasPrefix("image/") else {
                throw PocketshelfError.photo("\(url): the server sent no picture")
            }
            return body
        case 404, 422:
            return nil
        default:
            if answer.status >= 500 || answer.status == 429 {
                leaveAlone(answer.status == Self.busy ? Self.busySeconds : rest)
            }
            throw PocketshelfError.server("\(url): the server answered \(answer.status)")
        }
    }

    /// As a value of a query; all but RFC 3986's unreserved characters is escaped.
    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            return isPlain || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte)
                ? String(UnicodeScalar(byte)) : String(format: "%%%02X", byte)
        }.joined()
    }

    private func leaveAlone(_ seconds: Double) {
        let until = clock() + seconds
        lock.withLock { awayUntil = until }
    }

    private func keep(_ key: ExactString, _ found: [UInt8]?) {
        lock.withLock {
            guard kept[key] == nil else { return }
            kept.updateValue(found, forKey: key)
            order.append(key)
            bytes += Self.size(found)
            while bytes > Self.keptBytes, let oldest = order.first {
                order.removeFirst()
                if let gone = kept.removeValue(forKey: oldest) { bytes -= Self.size(gone) }
            }
        }
    }

    private static func size(_ found: [UInt8]?) -> Int { found?.count ?? nothingBytes }
}
