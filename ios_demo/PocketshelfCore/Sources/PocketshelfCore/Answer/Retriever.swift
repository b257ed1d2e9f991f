import Foundation

/// What a search of one region found.
public struct RegionAnswer: Sendable {
    public let region: Region
    /// The estimate of local recall; nil where the bundle carries no calibration for it.
    public let recall: Double?
    /// What came of asking a server.
    public let asked: FallbackState
}

/// The facade: a store, a bundle's models, and one `search` that runs every stage.
///
///     let retriever = try Retriever(store: Store.open(path), encoder: encoder)
///     let result = try retriever.search(photo)
///
/// Safe to share between threads. Every stage is an object behind a small protocol, and can be replaced here.
public final class Retriever: @unchecked Sendable {
    public static let maxHits = 1000

    public let encoder: Encoder
    private let answering: Answering
    private let makeSearcher: (any ShelfReader) -> any Searcher
    private let seconds: Double
    private let lock = NSLock()
    private var shelf: Shelf

    /// - Parameters:
    ///   - encoder: detects and embeds; its bundle must be of the store's space.
    ///   - router, reranker: in the place of the defaults.
    ///   - searcher: makes what finds products of a generation.
    ///   - estimator: if nil the bundle's own, if any.
    ///   - fallback: whom to ask when the estimate does not suffice, or there is none; nobody if nil.
    ///   - seconds: longest time of one search, by the wall clock: after it nobody is waited for, and the local hits are
    ///     the answer, whatever the server does.
    /// - Throws: `spaceMismatch`: the store is of another space or preprocessing than the bundle; `bundle`: its
    ///   calibration cannot be read.
    public init(
        store: any ShelfReader, encoder: Encoder, router: any Router = MassRouter(),
        reranker: any Reranker = AttributeReranker(), estimator: (any RecallEstimator)? = nil,
        fallback: (any Fallback)? = nil, seconds: Double = 10,
        searcher: @escaping (any ShelfReader) -> any Searcher = { StoreSearcher($0) }
    ) throws {
        guard seconds > 0, seconds < .infinity else {
            throw PocketshelfError.usage("seconds must be a number above 0")
        }
        self.encoder = encoder
        self.seconds = seconds
        makeSearcher = searcher
        answering = Answering(
            router: router, reranker: reranker,
            estimator: try estimator ?? RecallModel.ofRecall(encoder.bundle.recall),
            confidence: try RecallModel.ofConfidence(encoder.bundle.recall), asker: Asker(fallback))
        shelf = try Self.shelf(store, encoder, searcher(store))
    }

    /// The open generation that is searched.
    public var store: any ShelfReader { current.store }

    private var current: Shelf {
        lock.lock()
        defer { lock.unlock() }
        return shelf
    }

    /// Takes up another generation. Searches that are under way end in the one they began with.
    ///
    /// - Parameter check: a last look before it is used, as `WarmUp` takes; what it throws keeps the old one in use.
    /// - Throws: `spaceMismatch`: it belongs to other models; the old one stays in use.
    public func replaceStore(_ store: any ShelfReader, check: (any Searcher) throws -> Void = { _ in }) throws {
        let searcher = makeSearcher(store)
        let fresh = try Self.shelf(store, encoder, searcher)
        try check(searcher)
        lock.lock()
        defer { lock.unlock() }
        shelf = fresh
    }

    /// The products in a photo.
    ///
    /// - Parameters:
    ///   - count: hits a region, 1 to 1,000.
    ///   - whole: take the frame as the one region instead of detecting.
    ///   - ask: true asks the server in any case, false never, nil when the local answer does not suffice.
    ///   - name: what the result calls the photo.
    ///   - where: attribute → values: only products that state one of them.
    /// - Throws: `usage`: the store has no such category, or `count` is out of range; `store`: it is damaged; `bundle`:
    ///   the networks' outputs are not those of the bundle.
    public func search(
        _ photo: Photo, count: Int = 10, category: CategoryChoice = .auto, whole: Bool = false, ask: Bool? = nil,
        name: String = "photo", where filter: Where = []
    ) throws -> SearchResult {
        let shelf = current, wish = try wish(shelf, count, category, filter)
        var timings = Timings()
        var total = 0.0
        let started = DispatchTime.now().uptimeNanoseconds
        let answers = try timed(&total) {
            let regions = try encoder.encode(photo, whole: whole, timings: &timings)
            return try timed(&timings.search) {
                let local = try regions.map { try answering.answer(shelf, $0, wish) }
                // Every local answer is there before anyone is waited for.
                return try local.map { answer in
                    let gone = Double(DispatchTime.now().uptimeNanoseconds - started) / 1e9
                    return try answering.escalated(shelf, answer, ask: ask, seconds: seconds - gone)
                }
            }
        }
        timings.total = total
        return SearchResult(
            photo: name, width: photo.width, height: photo.height, regions: answers.map(answering.region),
            timings: timings, store: shelf.info, localRecall: answers.first?.recall,
            fallback: .overall(answers.map(\.asked)))
    }

    /// The products for a region that is embedded already: another category, without the photo.
    ///
    /// - Parameter ask: as of the photo's search.
    /// - Throws: as the photo's search.
    public func search(
        _ region: EncodedRegion, count: Int = 10, category: CategoryChoice = .auto, ask: Bool? = false,
        where filter: Where = []
    ) throws -> RegionAnswer {
        let shelf = current
        let local = try answering.answer(shelf, region, wish(shelf, count, category, filter))
        let answer = try answering.escalated(shelf, local, ask: ask, seconds: seconds)
        return RegionAnswer(region: answering.region(answer), recall: answer.recall, asked: answer.asked)
    }

    private func wish(_ shelf: Shelf, _ count: Int, _ category: CategoryChoice, _ filter: Where) throws -> Wish {
        guard (1...Self.maxHits).contains(count) else {
            throw PocketshelfError.usage("count must lie in 1 to \(Self.maxHits)")
        }
        return Wish(
            count: count, categories: try category.names(among: shelf.names), everything: category == .all,
            where: filter)
    }

    private static func shelf(
        _ store: any ShelfReader, _ encoder: Encoder, _ searcher: any Searcher
    ) throws -> Shelf {
        let name = encoder.bundle.name
        try store.meta.vectorSpace.requireSame(
            as: encoder.bundle.vectorSpace, us: "the shelf's vectors are", them: "those of the bundle '\(name)'",
            remedy: "sync the shelf again, or use its bundle")
        return try Shelf(store, searcher: searcher, named: encoder.shelves, head: encoder.bundle.groupHead)
    }
}
