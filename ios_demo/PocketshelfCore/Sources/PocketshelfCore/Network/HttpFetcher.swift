import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// `Fetcher` over HTTP(S) by the system's URLSession: its proxies, certificates and redirects.
///
/// A wait for the header or for the next byte ends after `seconds`. What nobody has read yet is held back: beyond
/// some megabytes the session's own thread waits. Only a GET is redirected: a POST's body belongs to whom it was
/// addressed to; and none from HTTPS to HTTP, nor from a public address to one that is not: no server of the internet
/// has a phone ask what only its own network can reach. The system does not say in time whom it reached, so the names
/// are looked up. Holds no connection between requests, no cookies and no cache. Blocks: call it from a thread of its
/// own.
public final class HttpFetcher: Fetcher {
    private let configuration: URLSessionConfiguration
    private let lookUp: @Sendable (String) -> [[UInt8]]

    public convenience init() { self.init(lookUp: Peers.lookUp) }

    /// - Parameter lookUp: the addresses of a host.
    init(lookUp: @escaping @Sendable (String) -> [[UInt8]]) {
        self.lookUp = lookUp
        configuration = URLSessionConfiguration.ephemeral
        configuration.urlCache = nil
        configuration.httpShouldSetCookies = false
        configuration.httpCookieAcceptPolicy = .never
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        // Ours end sooner.
        configuration.timeoutIntervalForRequest = 120
        configuration.timeoutIntervalForResource = 24 * 3600
    }

    public func send(_ request: FetchRequest) throws -> FetchAnswer {
        let (plain, authorization) = splitCredentials(request.url)
        guard let url = URL(string: plain), let scheme = url.scheme, ["http", "https"].contains(scheme) else {
            throw PocketshelfError.unreachable("\(request.url): is no address of a server")
        }
        var wire = URLRequest(url: url)
        for (name, value) in request.headers { wire.setValue(value, forHTTPHeaderField: name) }
        if let authorization { wire.setValue(authorization, forHTTPHeaderField: "Authorization") }
        if request.offset > 0 {
            wire.setValue("bytes=\(request.offset)-", forHTTPHeaderField: "Range")
            if let etag = request.etag, !etag.isEmpty { wire.setValue(etag, forHTTPHeaderField: "If-Range") }
        }
        if let body = request.body {
            wire.httpMethod = "POST"
            wire.httpBody = Data(body)
        }
        let stream = HttpStream(url: request.url, seconds: request.seconds)
        // A session of its own: its thread may wait without holding up other requests.
        let session = URLSession(
            configuration: configuration, delegate: HttpReceiver(stream, lookUp), delegateQueue: nil)
        stream.session = session
        session.dataTask(with: wire).resume()
        let answer = try HttpAnswer(stream)
        guard !answer.isSignIn else {
            answer.close()
            throw signIn(request.url, answer.location ?? answer.movedTo)
        }
        return answer
    }
}

/// What to say of a network that answers with a page of its own: a captive portal (RFC 8910).
private func signIn(_ url: String, _ page: String?) -> PocketshelfError {
    .unreachable(
        "\(url): a web page\(page.map { " at \(oneLine($0, limit: 100))" } ?? "") answered instead of the "
            + "server, as a captive portal does; sign in to this network, or check the address")
}

/// `url` without its `user:password@`, and those as a header (RFC 7617); nil where there are none.
func splitCredentials(_ url: String) -> (url: String, authorization: String?) {
    guard var parts = URLComponents(string: url), let user = parts.user else { return (url, nil) }
    let token = Data("\(user):\(parts.password ?? "")".utf8).base64EncodedString()
    parts.user = nil
    parts.password = nil
    return (parts.string ?? url, "Basic \(token)")
}

/// An answer whose body arrives on another thread.
private final class HttpAnswer: FetchAnswer {
    let status: Int
    let etag: String?
    let start: Int
    let contentType: String
    let location: String?
    let retryAfter: String?
    /// Where the answer came from, if it was redirected to another server.
    let movedTo: String?
    private let stream: HttpStream
    /// Read already, to see what the body begins with.
    private var first: [UInt8]?

    init(_ stream: HttpStream) throws {
        self.stream = stream
        let header: HTTPURLResponse
        do {
            header = try stream.header()
            first = try stream.next()
        } catch {
            stream.close()
            throw error
        }
        status = header.statusCode
        etag = header.value(forHTTPHeaderField: "ETag")
        contentType = (header.value(forHTTPHeaderField: "Content-Type") ?? "").lowercased()
        location = header.value(forHTTPHeaderField: "Location")
        retryAfter = header.value(forHTTPHeaderField: "Retry-After")
        start = header.statusCode == 206
            ? HttpAnswer.start(header.value(forHTTPHeaderField: "Content-Range") ?? "") : 0
        let asked = URL(string: stream.url)
        movedTo = header.url?.host == asked?.host && header.url?.path == asked?.path
            ? nil : header.url?.absoluteString
    }

    /// No file and no answer of ours is a page, nor begins like one.
    var isSignIn: Bool {
        if status == 511 { return true }
        guard (200..<400).contains(status) else { return false }
        let blanks: [UInt8] = [0xEF, 0xBB, 0xBF, 0x20, 0x09, 0x0D, 0x0A]
        return contentType.hasPrefix("text/html") || contentType.hasPrefix("application/xhtml")
            || first?.first { !blanks.contains($0) } == UInt8(ascii: "<")
    }

    func next() throws -> [UInt8]? {
        if let piece = first {
            first = nil
            return piece
        }
        return try stream.next()
    }

    deinit { stream.close() }

    func close() { stream.close() }

    /// Where "bytes 7-99/100" begins.
    private static func start(_ range: String) -> Int {
        guard range.hasPrefix("bytes ") else { return 0 }
        return Int(range.dropFirst(6).prefix { $0.isASCII && $0.isNumber }) ?? 0
    }
}

/// The bytes of one answer between the session's thread, which brings them, and the caller's.
private final class HttpStream {
    let url: String
    /// Keeps the session until the stream is closed.
    var session: URLSession?
    private let seconds: Double
    private let changed = NSCondition()
    private var response: HTTPURLResponse?
    private var pieces: [Data] = []
    /// Bytes of `pieces`; beyond `high` the session's thread waits.
    private var held = 0
    private var isDone = false
    private var failure: String?
    private static let high = 4 << 20

    init(url: String, seconds: Double) {
        self.url = url
        self.seconds = seconds
    }

    func header() throws -> HTTPURLResponse {
        try waiting("the server did not answer within \(plain(seconds)) s") { response }
    }

    /// The next piece; nil at the end.
    func next() throws -> [UInt8]? {
        let piece: Data? = try waiting("the connection broke (timed out)") {
            if !pieces.isEmpty { return .some(pieces.removeFirst()) }
            return isDone && failure == nil ? .some(nil) : nil
        }
        guard let piece else { return nil }
        update { held -= piece.count }
        return Array(piece)
    }

    /// Wait until `ready` gives something; what it gives is taken under the lock.
    private func waiting<T>(_ late: String, _ ready: () -> T?) throws -> T {
        try changed.withLock {
            let deadline = Date(timeIntervalSinceNow: seconds)
            while true {
                if let found = ready() { return found }
                if let failure {
                    let what = response == nil ? "the server cannot be reached" : "the connection broke"
                    throw PocketshelfError.unreachable("\(url): \(what) (\(failure))")
                }
                if isDone { throw PocketshelfError.unreachable("\(url): the server cannot be reached") }
                if !changed.wait(until: deadline) {
                    throw PocketshelfError.unreachable("\(url): \(late)")
                }
            }
        }
    }

    func began(_ response: HTTPURLResponse?) { update { if !isDone { self.response = response } } }

    /// `go`, unless nobody waits any more; whether it did.
    func goesOn(_ go: () -> Void) -> Bool {
        changed.withLock {
            if !isDone { go() }
            return !isDone
        }
    }

    /// It must not go on.
    func refused(_ why: String) {
        update {
            if !isDone { failure = why }
            isDone = true
        }
    }

    /// A redirect that is not followed is the whole answer.
    func answered(_ response: HTTPURLResponse) {
        update {
            self.response = response
            isDone = true
        }
    }

    func received(_ data: Data) {
        guard !data.isEmpty else { return }
        changed.withLock {
            while held > Self.high, !isDone { changed.wait() }
            guard !isDone else { return }
            pieces.append(data)
            held += data.count
            changed.broadcast()
        }
    }

    /// Nobody reads any more.
    func close() {
        update {
            isDone = true
            pieces = []
            failure = failure ?? "closed"
        }
        session?.invalidateAndCancel()
        session = nil
    }

    func ended(_ error: Error?) {
        update {
            if !isDone { failure = error.map { oneLine($0.localizedDescription) } }
            isDone = true
        }
    }

    private func update(_ change: () -> Void) {
        changed.withLock {
            change()
            changed.broadcast()
        }
    }
}

/// Hands what a session brings to its one stream.
private final class HttpReceiver: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    private let stream: HttpStream
    private let lookUp: @Sendable (String) -> [[UInt8]]

    init(_ stream: HttpStream, _ lookUp: @escaping @Sendable (String) -> [[UInt8]]) {
        self.stream = stream
        self.lookUp = lookUp
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
        stream.began(response as? HTTPURLResponse)
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        stream.received(data)
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: Error?) {
        stream.ended(error)
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
    ) {
        // Credentials are for whom they were given to, not for where that one leads.
        var next = request
        next.setValue(nil, forHTTPHeaderField: "Authorization")
        // In this order: who has the answer may close it, and on Linux Foundation stops the process where it
        // is told of a redirection of what was cancelled meanwhile.
        if task.originalRequest?.httpMethod == "POST" {
            completionHandler(nil)
            stream.answered(response)
        } else if let why = Peers.refusal(
            from: response.url ?? task.currentRequest?.url, to: request.url, lookUp)
        {
            _ = stream.goesOn { completionHandler(nil) }
            stream.refused(why)
        } else if !stream.goesOn({ completionHandler(next) }) {
            #if !canImport(FoundationNetworking)
            completionHandler(nil)
            #endif
        }
    }
}
