/// The network as this module sees it: one request, one answer. Tests put a repository simulator here.
public protocol Fetcher: AnyObject {
    /// Send `request` and wait for the answer's header.
    ///
    /// - Throws: `unreachable`: no connection, no answer within `request.seconds`, or a network's sign-in
    ///   page in its place. Any HTTP status is an answer, 5xx included.
    func send(_ request: FetchRequest) throws -> FetchAnswer
}

/// One request.
public struct FetchRequest: Sendable {
    public var url: String
    /// POSTed where there is one, else this is a GET.
    public var body: [UInt8]?
    /// Header name → value.
    public var headers: [String: String]
    /// Longest wait for the answer's header, and for each next byte of it.
    public var seconds: Double
    /// First byte wanted; with `etag` as If-Range: a file that changed comes whole.
    public var offset: Int
    public var etag: String?

    public init(
        url: String, seconds: Double, body: [UInt8]? = nil, headers: [String: String] = [:],
        offset: Int = 0, etag: String? = nil
    ) {
        self.url = url
        self.seconds = seconds
        self.body = body
        self.headers = headers
        self.offset = offset
        self.etag = etag
    }
}

/// A server's answer, its body not yet read.
public protocol FetchAnswer: AnyObject {
    /// The HTTP status.
    var status: Int { get }
    /// The entity tag, to resume by.
    var etag: String? { get }
    /// The body's first byte's offset in the file: from Content-Range with status 206, else 0.
    var start: Int { get }
    var contentType: String { get }
    /// Where a redirect leads that was not followed.
    var location: String? { get }
    /// What a busy server asks for, as it wrote it.
    var retryAfter: String? { get }
    /// The next piece of the body, of any length but 0; nil at its end.
    ///
    /// - Throws: `unreachable`: the connection broke, or nothing came in time.
    func next() throws -> [UInt8]?
    /// Release the connection; may be called more than once.
    func close()
}

extension FetchAnswer {
    public var retryAfter: String? { nil }

    /// The whole body, of at most `most` bytes, by `deadline` of `clock` (seconds).
    ///
    /// - Throws: `unreachable`: it is longer, or not there in time.
    public func read(most: Int, url: String, deadline: Double, clock: () -> Double) throws -> [UInt8] {
        var gathered: [UInt8] = []
        defer { close() }
        while let piece = try next() {
            gathered += piece
            if gathered.count > most {
                throw PocketshelfError.unreachable("\(url): the answer is longer than \(most) bytes")
            }
            if clock() > deadline {
                throw PocketshelfError.unreachable("\(url): the server did not answer in time")
            }
        }
        return gathered
    }
}
