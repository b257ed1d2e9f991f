import Foundation

/// What a search of one region found.
public struct RegionAnswer: Sendable {
    public let region: Region
    /// What was embedded: the region that was asked about, or one of a print that no box claims.
    public let encoded: EncodedRegion
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
    private let looking: Looking
    private let makeSearcher: (any ShelfReader) -> any Searcher
    private let seconds: Double
    private let closely: Bool
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
    ///   - closely: look for the store's covers and cartons by local features, where it has any.
    /// - Throws: `spaceMismatch`: the store is of another space or preprocessing than the bundle; `bundle`: its
    ///   calibration cannot be read.
    public init(
        store: any ShelfReader, encoder: Encoder, router: any Router = MassRouter(),
        reranker: any Reranker = AttributeReranker(), estimator: (any RecallEstimator)? = nil,
        fallback: (any Fallback)? = nil, seconds: Double = 10, closely: Bool = true,
        searcher: @escaping (any ShelfReader) -> any Searcher = { StoreSearcher($0) }
    ) throws {
        guard seconds > 0, seconds < .infinity else {
            throw PocketshelfError.usage("seconds must be a number above 0")
        }
        self.encoder = encoder
        self.seconds = seconds
        self.closely = closely
        makeSearcher = searcher
        let answering = Answering(
            router: router, reranker: reranker,
            estimator: try estimator ?? RecallModel.ofRecall(encoder.bundle.recall),
            confidence: try RecallModel.ofConfidence(encoder.bundle.recall), asker: Asker(fallback))
        self.answering = answering
        looking = Looking(encoder: encoder, answering: answering)
        shelf = try Self.shelf(store, encoder, searcher(store), closely: closely)
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
        let fresh = try Self.shelf(store, encoder, searcher, closely: closely)
        try check(searcher)
        lock.lock()
        defer { lock.unlock() }
        shelf = fresh
    }

    /// Takes up the local features that a sync has brought to the open generation; whether it has.
    ///
    /// - Throws: `store`: it is damaged.
    @discardableResult
    public func reloadFeatures() throws -> Bool { closely ? try current.lookClosely() : false }

    /// The products in a photo.
    ///
    /// - Parameters:
    ///   - count: hits a region, 1 to 1,000.
    ///   - whole: take the frame as the one region instead of detecting.
    ///   - ask: true asks the server in any case, false never, nil when the local answer does not suffice.
    ///   - name: what the result calls the photo.
    ///   - where: attribute → values: only products that state one of them.
    ///   - anyWayUp: whether to look at the photo turned by quarters, too, where no answer is confident: nil where it
    ///     looks turned to the bundle, true in any case, false never. An answer of such a look is never confident.
    /// - Throws: `usage`: the store has no such category, or `count` is out of range; `store`: it is damaged; `bundle`:
    ///   the networks' outputs are not those of the bundle.
    public func search(
        _ photo: Photo, count: Int = 10, category: CategoryChoice = .auto, whole: Bool = false, ask: Bool? = nil,
        name: String = "photo", where filter: Where = [], anyWayUp: Bool? = nil
    ) throws -> SearchResult {
        let shelf = current, wish = try wish(shelf, count, category, filter)
        var timings = Timings()
        var total = 0.0
        let started = DispatchTime.now().uptimeNanoseconds
        let (look, answers) = try timed(&total) {
            let look = try looking.look(shelf, photo, wish, whole: whole, anyWayUp: anyWayUp, &timings)
            let answers = try timed(&timings.search) {
                // Every local answer is there before anyone is waited for.
                return try look.answers.map { answer in
                    let gone = Double(DispatchTime.now().uptimeNanoseconds - started) / 1e9
                    return try answering.escalated(shelf, answer, ask: ask, seconds: seconds - gone)
                }
            }
            return (look, answers)
        }
        timings.total = total
        return SearchResult(
            photo: name, width: photo.width, height: photo.height,
            regions: answers.map { look.asItCame(answering.region($0)) },
            timings: timings, store: shelf.info, localRecall: answers.first?.recall,
            fallback: .overall(answers.map(\.asked)))
    }

    /// The products for a region that is embedded already: another category, without the photo.
    ///
    /// - Parameters:
    ///   - photo: the photo that it is of, whose covers are looked at closely, if the answer is not confident; nil: the
    ///     vector answers alone.
    ///   - ask: as of the photo's search.
    /// - Throws: as the photo's search.
    public func search(
        _ region: EncodedRegion, in photo: Photo? = nil, count: Int = 10, category: CategoryChoice = .auto,
        ask: Bool? = false, where filter: Where = []
    ) throws -> RegionAnswer {
        let shelf = current
        var local = try answering.answer(shelf, region, wish(shelf, count, category, filter))
        if let photo, let closely = shelf.closely, !answering.isConfident(local) {
            let nearest = local.hits.prefix(Closely.nearest).map(\.productId)
            local = try answering.looked(shelf, local, closely.sightings(photo, nearest: nearest))
        }
        return told(try answering.escalated(shelf, local, ask: ask, seconds: seconds))
    }

    /// The products in a photo, most prominent region first: as `search`, of which see the arguments, but that a server is
    /// asked for the first alone, so that nobody waits for the others, and that each region can be asked about again.
    ///
    /// - Throws: as the photo's search.
    public func answers(
        _ photo: Photo, count: Int = 10, category: CategoryChoice = .auto, whole: Bool = false, ask: Bool? = nil,
        where filter: Where = [], anyWayUp: Bool? = nil
    ) throws -> [RegionAnswer] {
        let shelf = current, wish = try wish(shelf, count, category, filter)
        var timings = Timings()
        let look = try looking.look(shelf, photo, wish, whole: whole, anyWayUp: anyWayUp, &timings)
        return try look.answers.enumerated().map { place, each in
            let answer = try answering.escalated(shelf, each, ask: place > 0 ? false : ask, seconds: seconds)
            return told(answer, look.asItCame)
        }
    }

    private func told(_ answer: Answer, _ seen: (Region) -> Region = { $0 }) -> RegionAnswer {
        RegionAnswer(
            region: seen(answering.region(answer)), encoded: answer.region, recall: answer.recall, asked: answer.asked)
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
        _ store: any ShelfReader, _ encoder: Encoder, _ searcher: any Searcher, closely: Bool
    ) throws -> Shelf {
        let name = encoder.bundle.name
        try store.meta.vectorSpace.requireSame(
            as: encoder.bundle.vectorSpace, us: "the shelf's vectors are", them: "those of the bundle '\(name)'",
            remedy: "sync the shelf again, or use its bundle")
        let shelf = try Shelf(store, searcher: searcher, named: encoder.shelves, head: encoder.bundle.groupHead)
        if closely { _ = try shelf.lookClosely() }
        return shelf
    }
}
