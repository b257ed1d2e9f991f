import Foundation

/// A sync's way to the server: statuses that mean "later" are told apart, metadata is bounded and looked at.
final class FileSource: MetadataSource {
    /// The server's address, without a slash at its end.
    let server: String
    let pace: Pace
    let limits: Limits
    private let fetcher: Fetcher
    /// Sent with every request, as `Pocketshelf-Sequence`.
    private let headers: [String: String]

    /// - Parameter sequence: of the shelf that is here, told so that a shop sees how fresh its devices are.
    init(_ fetcher: Fetcher, server: String, pace: Pace, limits: Limits, sequence: Int?) {
        self.fetcher = fetcher
        self.server = server
        self.pace = pace
        self.limits = limits
        var headers = ["Accept-Encoding": "identity", "User-Agent": "pocketshelf"]
        if let sequence { headers["Pocketshelf-Sequence"] = String(sequence) }
        self.headers = headers
    }

    /// Ask for `url` from `offset` on; only files are answers, and refusals (4xx).
    ///
    /// - Throws: `unreachable`: no answer in time, or status 5xx or 429, with its `Retry-After`.
    func get(_ url: String, offset: Int = 0, etag: String? = nil) throws -> FetchAnswer {
        let request = FetchRequest(
            url: url, seconds: limits.gapSeconds, headers: headers, offset: offset, etag: etag)
        let answer = try fetcher.send(request)
        if answer.status >= 500 || answer.status == 429 {
            answer.close()
            throw PocketshelfError.unreachable(
                "\(url): the server answered \(answer.status)",
                retryAfter: answer.retryAfter.flatMap { RetryAfter.seconds($0, now: Date()) })
        }
        return answer
    }

    func metadata(_ name: String, most: Int) throws -> [UInt8] {
        let url = "\(server)/v1/metadata/\(name)"
        pace.start()
        let answer = try get(url)
        let data = try answer.metadata(url, most: min(most, MetadataRules.longest), pace: pace)
        try MetadataRules.check(data, where: "\(name): refused, its metadata is invalid")
        return data
    }
}

extension FetchAnswer {
    /// The body of metadata, of at most `most` bytes at `pace`; the answer is closed.
    ///
    /// - Throws: `TufError` of a status other than 200, or of more bytes; what `next` and `pace` throw.
    func metadata(_ url: String, most: Int, pace: Pace) throws -> [UInt8] {
        defer { close() }
        guard status == 200 else {
            throw TufError(.http, "\(url): status \(status)", status: status)
        }
        var data: [UInt8] = []
        while let piece = try next() {
            try pace.received(piece.count)
            data += piece
            guard data.count <= most else {
                throw TufError(.tooLong, "\(data.count) bytes exceed the \(most) allowed")
            }
        }
        return data
    }
}
