import Foundation

/// One thing before the camera.
public struct LiveRegion: Sendable {
    /// From 1; the same as long as the thing is followed.
    public let number: Int
    /// Its smoothed box and its group; with hits and all else as soon as it was searched.
    public let region: Region
    /// How many seconds ago it was answered; nil where it has not been yet.
    public let answeredSeconds: Double?
}

/// What is seen in one frame.
public struct LiveView: Sendable {
    /// Its number, from 0, among those that were looked at.
    public let frame: Int
    /// Of the upright frame, in its own pixels; boxes are in these.
    public let width: Int
    public let height: Int
    /// The most prominent first.
    public let regions: [LiveRegion]
    /// How many of them were embedded and searched in this frame.
    public let searched: Int
}

/// Searches what a camera sees: regions that stay, each answered once and anew only when it is another thing.
///
/// A detector runs on every frame; embedding and search run for one thing a frame at most, the one that waited longest.
/// An answer is kept while its box stands where it was answered, what is in it looks the same and it is not old: so a
/// thing that is swapped for another in the same place is seen. Not for several threads: frames that come meanwhile are
/// the caller's to drop.
public final class Watch {
    /// A box of less than this share of the bundle's threshold continues nothing.
    static let weak = 0.5
    /// An answer holds while its box overlaps the answered one by this much and its look differs by less than this.
    static let samePlace = 0.7
    static let sameLook = 12.0

    private struct Kept {
        let region: Region
        let box: Box
        let look: Look
        let when: Double
    }

    private let retriever: Retriever
    private let count: Int
    private let category: CategoryChoice
    private let filter: Where
    private let refresh: Double
    private let most: Int
    private let clock: () -> Double
    private var tracker = Tracker()
    private var answers: [Int: Kept] = [:]
    private var frame = 0

    /// - Parameters:
    ///   - count, category, where: as of `Retriever.search`.
    ///   - refresh: an answer older than this is asked for anew, in seconds.
    ///   - most: so many things are searched in one frame at most.
    ///   - clock: seconds that only grow.
    public init(
        _ retriever: Retriever, count: Int = 10, category: CategoryChoice = .auto, where filter: Where = [],
        refresh: Double = 3, most: Int = 1,
        clock: @escaping () -> Double = { ProcessInfo.processInfo.systemUptime }
    ) {
        self.retriever = retriever
        self.count = count
        self.category = category
        self.filter = filter
        self.refresh = refresh
        self.most = most
        self.clock = clock
    }

    /// One more frame.
    ///
    /// - Throws: as `Retriever.search`; what was followed still is.
    public func see(_ photo: Photo) throws -> LiveView {
        let boxes = try retriever.encoder.boxes(photo, weak: Self.weak)
        let tracks = tracker.update(found: boxes.all, new: boxes.chosen)
        let due = Array(self.due(photo, tracks).prefix(most))
        try answer(photo, tracks, due)
        let followed = Set(tracks.map(\.number))
        answers = answers.filter { followed.contains($0.key) }
        defer { frame += 1 }
        return LiveView(
            frame: frame, width: photo.width, height: photo.height, regions: tracks.map(live), searched: due.count)
    }

    /// Those in sight without an answer that still holds: first those without any, then by its age.
    private func due(_ photo: Photo, _ tracks: [Track]) -> [Track] {
        tracks.filter { $0.missed == 0 && !holds(photo, $0) }
            .sortedDescending { -(answers[$0.number]?.when ?? -.infinity) }
    }

    private func holds(_ photo: Photo, _ track: Track) -> Bool {
        guard let answer = answers[track.number], clock() - answer.when <= refresh,
            answer.box.overlap(track.box) >= Self.samePlace
        else { return false }
        return Look(photo, track.box).difference(answer.look) < Self.sameLook
    }

    private func answer(_ photo: Photo, _ tracks: [Track], _ due: [Track]) throws {
        guard !due.isEmpty else { return }
        let encoded = try retriever.encoder.embed(
            photo, boxes: tracks.map(\.detection), wanted: due.map(\.detection))
        for (track, each) in zip(due, encoded) {
            let found = try retriever.search(each, in: photo, count: count, category: category, where: filter)
            answers[track.number] = Kept(
                region: found.region, box: track.box, look: Look(photo, track.box), when: clock())
        }
    }

    private func live(_ track: Track) -> LiveRegion {
        let seen = track.detection, answer = answers[track.number]
        var region = answer?.region ?? Region(box: seen.box, group: seen.group, score: seen.score)
        (region.box, region.group, region.score) = (seen.box, seen.group, seen.score)
        return LiveRegion(
            number: track.number, region: region, answeredSeconds: answer.map { clock() - $0.when })
    }
}
