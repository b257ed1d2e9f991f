import Foundation

/// `POST /v1/search` of a server; a `Fallback` that is safe to share between threads.
///
/// A server that was away, or whose answer was none, is left alone for a while, so that not every search waits for it in
/// vain.
public final class ServerFallback: Fallback, @unchecked Sendable {
    static let mostAnswerBytes = 4_000_000
    private static let mostProblemBytes = 10_000

    private let url: String
    private let fetcher: any Fetcher
    private let timeout: Double
    private let rest: Double
    private let full: Bool
    private let clock: () -> Double
    private let lock = NSLock()
    private var awayUntil = -Double.infinity

    /// - Parameters:
    ///   - server: the address below which `/v1/search` lies.
    ///   - timeout: longest time until the answer's last byte, in seconds.
    ///   - rest: seconds for which a server that was away is not asked again.
    ///   - full: ask for each hit's image and attributes, too: by them colours are compared, as the shelf's are.
    ///   - clock: seconds that only grow.
    /// - Throws: `usage`: `server` is no address.
    public init(
        server: String, fetcher: any Fetcher, timeout: Double = 3, rest: Double = 30, full: Bool = true,
        clock: @escaping () -> Double = { ProcessInfo.processInfo.systemUptime }
    ) throws {
        url = "\(try ServerAddress.checked(server))/v1/search"
        self.fetcher = fetcher
        self.timeout = timeout
        self.rest = rest
        self.full = full
        self.clock = clock
    }

    /// A server that was away a moment ago counts as away.
    public func search(_ question: Question, told: String = "") throws -> Found {
        if clock() < locked({ awayUntil }) {
            throw PocketshelfError.server("\(url): was away a moment ago; not asked")
        }
        do {
            let (status, body) = try post(request(question, told: told))
            if status == 200 { return try ServerAnswer.found(body, where: url, most: question.count) }
            if status >= 500 || status == 429 { leaveAlone() }
            throw Refusal(error: .server("\(url): \(ServerAnswer.problem(body, status: status))"))
        } catch let refusal as Refusal {
            throw refusal.error
        } catch let error as PocketshelfError {
            leaveAlone()
            throw error
        }
    }

    /// What is sent: the vector, its space, what is wanted.
    func request(_ question: Question, told: String) -> FetchRequest {
        // Python's round(float(x), 6) of a float32.
        let vector = question.vector.map { Json.number(rounded(Double($0), 6)) }
        var pairs: [(String, Json)] = [
            ("vector", .array(vector)), ("space", .text(question.space)), ("k", .integer(question.count)),
        ]
        if !question.categories.isEmpty { pairs.append(("categories", .array(question.categories.map(Json.text)))) }
        if full { pairs.append(("full", .bool(true))) }
        var headers = ["Content-Type": "application/json", "Accept": "application/json"]
        if !told.isEmpty { headers["Pocketshelf-Local"] = told }
        let body = Array(Json.object(JsonObject(pairs)).serialized.utf8)
        return FetchRequest(url: url, seconds: timeout, body: body, headers: headers)
    }

    private func post(_ request: FetchRequest) throws -> (status: Int, body: [UInt8]) {
        let deadline = clock() + timeout
        let answer = try fetcher.send(request)
        let isFailure = answer.status >= 400
        var body: [UInt8] = []
        do {
            let most = isFailure ? Self.mostProblemBytes : Self.mostAnswerBytes
            body = try answer.read(most: most, url: url, deadline: deadline, clock: clock)
        } catch {
            // What a refusal says more is not needed.
            if !isFailure { throw error }
        }
        if ServerAnswer.isSignIn(status: answer.status, type: answer.contentType, body: body) {
            throw PocketshelfError.unreachable(
                "\(url): a web page answered instead of the server, as a captive portal does; sign in to this "
                    + "network, or check the address")
        }
        if (300..<400).contains(answer.status) {
            throw PocketshelfError.unreachable(
                "\(url): the server sends us on to \(oneLine(answer.location ?? "nowhere", limit: 100)); check the "
                    + "address, or sign in to this network")
        }
        return (answer.status, body)
    }

    private func leaveAlone() {
        let until = clock() + rest
        locked { awayUntil = until }
    }

    private func locked<Result>(_ work: () -> Result) -> Result {
        lock.lock()
        defer { lock.unlock() }
        return work()
    }

    /// A server that is there, and says no: it may be asked again at once.
    private struct Refusal: Error {
        let error: PocketshelfError
    }
}
