/// What a photo showed, and the shelf's answers to it, most prominent region first.
struct Seen {
    /// As it came.
    let photo: Photo
    let answers: [Answer]
    /// By so many quarter turns, anticlockwise, the photo was turned for this look.
    var quarters = 0

    /// The score of the most prominent region's first product; lowest where there is none.
    var lead: Double { answers.first.map(Looking.lead) ?? -1 }

    /// What the detector found in it.
    var boxes: [Detection] {
        answers.map(\.region.detection).filter { !exactlyEqual($0.group, Detection.frameGroup) }
    }

    /// A region of the look, its box in the photo as it came.
    func asItCame(_ region: Region) -> Region {
        var region = region
        for turn in (0..<quarters).reversed() {
            // The width before this turn.
            let across = Double(turn % 2 == 0 ? photo.width : photo.height), box = region.box
            region.box = Box(across - box.y - box.height, box.x, box.height, box.width)
        }
        return region
    }
}

/// How a photo is looked at, the same for every shelf: as it came, closely, as one thing, and turned where nobody knows
/// the way up.
struct Looking {
    /// A box of this score, or more, is a thing of its own.
    private static let sure = 0.7
    /// Where boxes that may be parts lie, all together, in less of the photo than this share, they are none.
    private static let wide = 0.4
    /// Cosine by which a turned look must be ahead of the upright one.
    private static let ahead = 0.06
    private static let allTurns = [1, 2, 3]

    let encoder: Encoder
    let answering: Answering

    /// A photo's regions and the shelf's own answers: of the arguments see `Retriever.search`.
    func look(
        _ shelf: Shelf, _ photo: Photo, _ wish: Wish, whole: Bool, anyWayUp: Bool?, _ timings: inout Timings
    ) throws -> Seen {
        let regions = try encoder.encode(photo, whole: whole, timings: &timings)
        let boxes = try timed(&timings.search) {
            let answered = try regions.map { try answering.answer(shelf, $0, wish) }
            return try looked(shelf, photo, answered, wish)
        }
        let answers = try takesApart(photo, boxes) ? asOne(shelf, photo, boxes, wish, &timings) : boxes
        let upright = Seen(photo: photo, answers: answers)
        let wanted = turns(answers, anyWayUp)
        var best = upright, lead = upright.lead + Self.ahead, shown = photo
        for quarters in Self.allTurns.prefix(wanted.last ?? 0) {
            shown = try shown.turned()
            guard wanted.contains(quarters) else { continue }
            let answers = try answered(shelf, shown, wish, whole, &timings)
            let turned = Seen(photo: photo, answers: answers, quarters: quarters)
            guard mayCount(turned, upright) else { continue }
            if turned.lead > lead { (best, lead) = (turned, turned.lead) }
        }
        guard best.quarters > 0 else { return upright }
        // Of several tries the best is found: what is known of one says nothing of it.
        let limited = best.answers.map { answering.limited($0, answers) }
        return Seen(photo: photo, answers: limited, quarters: best.quarters)
    }

    /// By how many quarters the photo is to be looked at turned, fewest first: none where something is trusted.
    private func turns(_ answers: [Answer], _ anyWayUp: Bool?) -> [Int] {
        if anyWayUp == false || answers.contains(where: answering.isTrusted) { return [] }
        if anyWayUp == true { return Self.allTurns }
        guard let head = encoder.bundle.turnedHead, let first = answers.first else { return [] }
        return head.turns(first.region.embedding.vector)
    }

    /// Whether a turned look finds anything, and does not lose a box that is sure for a frame alone.
    private func mayCount(_ turned: Seen, _ upright: Seen) -> Bool {
        guard let first = turned.answers.first, !answering.isAbsent(first) else { return false }
        return !turned.boxes.isEmpty || !upright.boxes.contains { $0.score >= Self.sure }
    }

    static func lead(_ answer: Answer) -> Double { answer.hits.first?.score ?? -1 }

    /// The photo turned; a print would have been found upright, since local features know no way up.
    private func answered(
        _ shelf: Shelf, _ turned: Photo, _ wish: Wish, _ whole: Bool, _ timings: inout Timings
    ) throws -> [Answer] {
        let regions = try encoder.encode(turned, whole: whole, timings: &timings)
        return try timed(&timings.search) { try regions.map { try answering.answer(shelf, $0, wish) } }
    }

    /// The answers after a close look at the whole photo, where the shelf has prints; a print that no box claims gets
    /// a region of its own.
    ///
    /// A photo whose every answer is confident already is not looked at: that would change next to nothing.
    private func looked(_ shelf: Shelf, _ photo: Photo, _ local: [Answer], _ wish: Wish) throws -> [Answer] {
        guard let closely = shelf.closely, local.isEmpty || !local.allSatisfy(answering.isConfident) else {
            return local
        }
        let nearest = local.flatMap { $0.hits.prefix(Closely.nearest).map(\.productId) }
        let seen = closely.sightings(photo, nearest: nearest)
        let own = Deciding.unclaimed(
            seen, local.map(\.region.detection.box), width: photo.width, height: photo.height)
        let more = try own.map { try answering.answer(shelf, encoder.encodePrint(photo, $0), wish) }
        let looked = try (local + more).map { try answering.looked(shelf, $0, seen) }
        guard looked.contains(where: \.isConfirmed) else { return looked }
        // What is certain stands out more than what the detector takes for something.
        return looked.sortedDescending { prominence($0.seenAs, width: photo.width, height: photo.height) }
    }

    /// Whether the boxes may be parts of one thing, which fills the photo: the detector is sure of none, and none is
    /// trusted, or a print.
    private func takesApart(_ photo: Photo, _ answers: [Answer]) -> Bool {
        let found = answers.map(\.region.detection)
        let isUnsure = found.allSatisfy { !exactlyEqual($0.group, Detection.frameGroup) && $0.score < Self.sure }
        guard isUnsure, let all = Box.around(found.map(\.box)) else { return false }
        let share = all.width * all.height / (photo.frame.width * photo.frame.height)
        guard share >= Self.wide else { return false }
        return !answers.contains { $0.isConfirmed || answering.isTrusted($0) }
    }

    /// The frame as one thing before the boxes, no surer of itself than they are, if its first product is nearer.
    private func asOne(
        _ shelf: Shelf, _ photo: Photo, _ boxes: [Answer], _ wish: Wish, _ timings: inout Timings
    ) throws -> [Answer] {
        let frames = try encoder.encode(photo, whole: true, timings: &timings)
        return try timed(&timings.search) {
            let one = try frames.map { try answering.answer(shelf, $0, wish) }
            let nearest = boxes.map(Self.lead).max() ?? -1
            guard let first = one.first, Self.lead(first) > nearest else { return boxes }
            return [answering.limited(first, boxes)] + boxes
        }
    }
}
