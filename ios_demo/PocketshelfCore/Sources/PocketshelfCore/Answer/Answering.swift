/// One region's answer; `asked` says what came of the fallback.
struct Answer {
    let region: EncodedRegion
    var hits: [Hit]
    var signals: Signals
    var recall: Double?
    let wish: Wish
    var asked: FallbackState = .local
    /// What a close look found in it.
    var seen: [Sighting] = []
    /// Its confidence is no higher; nil: whatever it is.
    var atMost: Double?

    /// Whether the first hit's picture lies in the photo.
    var isConfirmed: Bool { hits.first?.inliers != nil }

    /// Whether it is confirmed by so many inliers that no variant of it is taken for it.
    var isSure: Bool { hits.first?.inliers ?? 0 >= Deciding.sureInliers }

    /// The region's box; the print's own, and certain, where one is confirmed.
    var seenAs: Detection {
        guard isConfirmed, let first = hits.first,
            let print = seen.first(where: { exactlyEqual($0.productId, first.productId) })
        else { return region.detection }
        return Detection(box: print.box, group: region.detection.group, score: 1)
    }
}

/// How a region is answered: routed, searched, re-ranked, judged; a server asked where due. The same for every shelf and
/// photo.
struct Answering {
    /// Re-ranking may lift a product from below the cut: so many times the wanted hits enter it.
    private static let rerankDepth = 3
    /// So many enter at least where colours count, that what stands first does not depend on how many are wanted.
    private static let colourDepth = 30
    /// Cosine by which a product of an unlikely category must be ahead of all of the likely ones.
    private static let ahead = 0.05

    let router: any Router
    let reranker: any Reranker
    /// nil where the bundle carries no calibration.
    let estimator: (any RecallEstimator)?
    let confidence: RecallModel?
    /// Asks when the local answer does not suffice.
    let asker: Asker

    /// What the shelf itself holds.
    func answer(_ shelf: Shelf, _ region: EncodedRegion, _ wish: Wish) throws -> Answer {
        var hits = try routedHits(shelf, region, wish)
        if !wish.where.isEmpty, wish.isOpen, hits.count < wish.depth {
            // The likely categories hold too few of what is wanted.
            hits = try localHits(shelf, region, shelf.names, wish)
        }
        let signals = try shelf.signals(region, hits)
        return Answer(
            region: region, hits: hits, signals: signals, recall: estimator.flatMap { $0.estimate(signals) },
            wish: wish)
    }

    /// The answer after a close look at the photo, of which `sightings` came.
    func looked(_ shelf: Shelf, _ answer: Answer, _ sightings: [Sighting]) throws -> Answer {
        var looked = answer
        looked.seen = Deciding.ofRegion(sightings, answer.region.detection.box)
        guard !looked.seen.isEmpty else { return answer }
        looked.hits = try lifted(shelf, looked, looked.hits)
        if looked.isSure {
            looked.recall = max(Deciding.sure, answer.recall ?? 0)
        } else if looked.isConfirmed {
            // Seen, but with few inliers: what stands first now is judged like any other.
            looked.signals = try shelf.signals(looked.region, looked.hits)
        }
        return looked
    }

    /// Whether the first hit is trusted as it is; never where the bundle carries no calibration.
    func isConfident(_ answer: Answer) -> Bool { judged(answer)?.isConfident ?? false }

    /// Whether it is confident, or confirmed by so much of a print that it is sure.
    func isTrusted(_ answer: Answer) -> Bool { answer.isSure || isConfident(answer) }

    /// Whether the shelf has nothing like it, as far as the bundle tells.
    func isAbsent(_ answer: Answer) -> Bool { judged(answer)?.isAbsent ?? false }

    /// The answer, no surer of its first hit than the surest of `others`, given to the same question: of several tries
    /// the best is found, and what is known of one says nothing of it.
    func limited(_ answer: Answer, _ others: [Answer]) -> Answer {
        var limited = answer
        limited.atMost = others.compactMap { judged($0)?.confidence }.max()
        let recall = (others + [answer]).compactMap(\.recall)
        limited.recall = recall.count > others.count ? recall.min() : nil
        return limited
    }

    /// The answer with the server's hits, where it is to be asked and there is time left.
    ///
    /// - Parameters:
    ///   - ask: true in any case, false never, nil where the local answer does not suffice.
    ///   - seconds: how long it may take.
    func escalated(_ shelf: Shelf, _ answer: Answer, ask: Bool?, seconds: Double) throws -> Answer {
        guard asker.hasWhom, escalates(answer, ask) else {
            asker.passBy()
            return answer
        }
        let question = Question(
            vector: answer.region.embedding.vector, space: shelf.info.space, categories: answer.wish.categories,
            count: answer.wish.count)
        let (asked, found) = asker.ask(question, recall: answer.recall, seconds: seconds)
        var escalated = answer
        escalated.asked = asked
        if !found.hits.isEmpty {
            let fitting = found.hits.filter { fits($0.attributes, answer.wish.where) }
            var server = try placed(shelf, answer.region, fitting)
            if let colours = try colours(shelf, answer.region) {
                server = fallen(server, colours, among: answer.hits)
            }
            escalated.hits = merged(local: answer.hits, server: server, count: answer.wish.depth)
            escalated.hits = try lifted(shelf, answer, escalated.hits)
            escalated.signals = try shelf.signals(answer.region, escalated.hits, found.catalogue)
        }
        return escalated
    }

    /// The typed result.
    func region(_ answer: Answer) -> Region {
        let judged = judged(answer), hits = Array(answer.hits.prefix(answer.wish.count))
        guard answer.isSure else {
            return answer.region.region(
                hits: hits, confidence: judged?.confidence, isConfident: judged?.isConfident,
                isAbsent: judged?.isAbsent)
        }
        return answer.region.region(
            hits: hits, confidence: max(Deciding.sure, judged?.confidence ?? 0), isConfident: true,
            isAbsent: false)
    }

    private func escalates(_ answer: Answer, _ ask: Bool?) -> Bool {
        if let ask { return ask }
        if answer.isSure { return false }
        guard let estimator, let recall = answer.recall else { return true }
        return !estimator.suffices(recall)
    }

    /// The confidence in the first hit, wherever that is from; nil where the bundle carries no calibration of it.
    private func judged(_ answer: Answer) -> (confidence: Double, isConfident: Bool, isAbsent: Bool?)? {
        guard let confidence else { return nil }
        let found = !answer.signals.scores.isEmpty
        let own = found ? confidence.probability(answer.signals) : 0
        let probability = min(own, answer.atMost ?? 1)
        // By its own look: that another way of looking found nothing does not make this one's hits absent.
        return (probability, found && confidence.suffices(probability), confidence.saysAbsent(own))
    }

    private func lifted(_ shelf: Shelf, _ answer: Answer, _ hits: [Hit]) throws -> [Hit] {
        let wish = answer.wish, vector = answer.region.embedding.vector
        return try Deciding.lifted(hits, answer.seen, count: wish.depth) { id in
            guard let hit = try shelf.known(id, vector), fits(hit.attributes, wish.where),
                wish.categories.isEmpty || wish.categories.contains(where: { exactlyEqual($0, hit.category) })
            else { return nil }
            return hit
        }
    }

    private func categories(_ shelf: Shelf, _ region: EncodedRegion, _ wish: Wish) -> [String] {
        guard wish.isOpen, !wish.everything else { return wish.isOpen ? shelf.names : wish.categories }
        let likely = region.embedding.categories
        return filled(router.route(likely, available: shelf.names), likely, counts: shelf.counts, wanted: wish.depth)
    }

    /// Those of the likely categories; of all, where a much better product lies in another: a shop's names may mean something
    /// else than the model's. Where the others hold too many products for a look at them, they are left out.
    private func routedHits(_ shelf: Shelf, _ region: EncodedRegion, _ wish: Wish) throws -> [Hit] {
        let categories = categories(shelf, region, wish), likely = Set(categories.map(ExactString.init))
        let hits = try localHits(shelf, region, categories, wish)
        let others = wish.isOpen ? shelf.counts.filter { !likely.contains(ExactString($0.name)) } : []
        // A router of one's own has the last word.
        let held = others.reduce(0) { $0 + $1.products }
        guard !others.isEmpty, router is MassRouter, held <= StoreSearcher.exactLimit else { return hits }
        let first = Wish(count: 1, categories: [], everything: false, where: wish.where)
        guard let best = try localHits(shelf, region, others.map(\.name), first).first else { return hits }
        if let own = hits.first, best.score <= own.score + Self.ahead { return hits }
        return try localHits(shelf, region, shelf.names, wish)
    }

    private func localHits(
        _ shelf: Shelf, _ region: EncodedRegion, _ categories: [String], _ wish: Wish
    ) throws -> [Hit] {
        let attributes = region.attributes
        let colours = try colours(shelf, region)
        let grouped = shelf.named.knows(region.detection.group)
        let reranked = !attributes.isEmpty || grouped || colours != nil
        let least = colours == nil ? 0 : Self.colourDepth
        let depth = max(reranked ? Self.rerankDepth * wish.depth : wish.depth, least)
        let nearest = try shelf.nearest(
            region.embedding.vector, categories: categories, wanted: depth, where: wish.where)
        var hits = try placed(shelf, region, nearest)
        if let colours {
            // The detector's group and the categories say which kind of thing it is; no colour against them.
            let shelves = try shelf.shelves()
            hits = byColour(hits, colours, kinds: grouped ? hits.map { shelves.owners($0.category) } : [])
        }
        return Array((attributes.isEmpty ? hits : reranker.rerank(attributes, hits)).prefix(wish.depth))
    }

    /// The histograms of a region's colours, where products state theirs.
    private func colours(_ shelf: Shelf, _ region: EncodedRegion) throws -> [[Float]]? {
        try shelf.hasPalettes() ? region.colours?.histograms : nil
    }

    /// The hits, best first, those fallen that are of another group than the box: `Shelves.fall`.
    private func placed(_ shelf: Shelf, _ region: EncodedRegion, _ hits: [Hit]) throws -> [Hit] {
        let shelves = try shelf.shelves(), detection = region.detection
        return try hits.map { hit in
            let look = try shelf.look(hit, group: detection.group)
            var fallen = hit
            fallen.score = hit.score - shelves.fall(detection, category: hit.category, look: look)
            return fallen
        }.sortedDescending(by: \.score)
    }
}
