/// One thing before a camera, over time.
public struct Track: Sendable {
    /// From 1, never used again.
    public let number: Int
    /// Smoothed, in pixels of the upright frame.
    public fileprivate(set) var box: Box
    /// The detector's last box.
    public fileprivate(set) var newest: Detection
    /// How often it was seen in all, and how often in a row it was not.
    public fileprivate(set) var seen = 1
    public fileprivate(set) var missed = 0
    /// What the boxes together say it is: group → sum of scores.
    private var groups: [ExactString: Double]

    fileprivate init(number: Int, begunBy found: Detection) {
        self.number = number
        box = found.box
        newest = found
        groups = [ExactString(found.group): found.score]
    }

    /// It, as a detector would say it: in the group that its boxes speak for, all together.
    public var detection: Detection {
        let best = groups.max { ($0.value, $0.key) < ($1.value, $1.key) }
        return Detection(box: box, group: best?.key.text ?? newest.group, score: newest.score)
    }

    /// With the box of a new frame.
    fileprivate func continued(by found: Detection) -> Track {
        var next = self
        // A thing that jumped further is not smoothed.
        let share = box.overlap(found.box) >= Tracker.jumpIoU ? Tracker.newShare : 1
        func mix(_ new: Double, _ old: Double) -> Double { share * new + (1 - share) * old }
        next.box = Box(
            mix(found.box.x, box.x), mix(found.box.y, box.y), mix(found.box.width, box.width),
            mix(found.box.height, box.height))
        next.newest = found
        next.groups[ExactString(found.group), default: 0] += found.score
        next.seen += 1
        next.missed = 0
        return next
    }

    fileprivate func unseen() -> Track {
        var next = self
        next.missed += 1
        return next
    }
}

/// Tracking by overlap (Bochinski et al., AVSS 2017): which box of this frame is which thing of the last.
///
/// A detector's boxes tremble, vanish for a frame and change their group near a threshold; a person who is to tap one needs
/// them to stay. So a new thing is shown when it was seen twice, a known one is kept by boxes that are too weak for a new
/// one, outlives a few frames without any, and moves smoothly.
public struct Tracker: Sendable {
    /// A box continues a track from this overlap on, whatever its group.
    static let sameIoU = 0.3
    /// It is shown when it was seen so often, and forgotten when it was missed so often in a row.
    static let shownAfter = 2
    static let forgottenAfter = 4
    /// What the new box counts beside the old.
    static let newShare = 0.5
    static let jumpIoU = 0.6

    private var tracks: [Track] = []
    private var last = 0

    public init() {}

    /// The things to show after one more frame, in the order of `new`, others last.
    ///
    /// - Parameters:
    ///   - found: every box of the frame that may continue a thing.
    ///   - new: those of them that are good enough to begin one.
    public mutating func update(found: [Detection], new: [Detection]) -> [Track] {
        let kept = continued(found)
        let used = Set(kept.filter { $0.missed == 0 }.map(\.newest))
        let born = new.filter { box in
            !used.contains(box) && !kept.contains { $0.missed == 0 && $0.box.overlap(box.box) >= Self.jumpIoU }
        }
        tracks = kept + born.map { begun($0) }
        let order = Dictionary(new.enumerated().map { ($1, $0) }, uniquingKeysWith: { $1 })
        return kept.filter { $0.seen >= Self.shownAfter }
            .sortedDescending { -(order[$0.newest] ?? order.count) }
    }

    /// The tracks with their new boxes, each box once, the best overlap first.
    private func continued(_ found: [Detection]) -> [Track] {
        let pairs = tracks.indices.flatMap { i in
            found.indices.map { j in (i: i, j: j, overlap: tracks[i].box.overlap(found[j].box)) }
        }
        var boxes: [Int: Int] = [:], taken: Set<Int> = []
        for pair in pairs.filter({ $0.overlap >= Self.sameIoU }).sortedDescending(by: \.overlap)
        where boxes[pair.i] == nil && taken.insert(pair.j).inserted {
            boxes[pair.i] = pair.j
        }
        return tracks.enumerated()
            .map { i, track in boxes[i].map { track.continued(by: found[$0]) } ?? track.unseen() }
            .filter { $0.missed < Self.forgottenAfter }
    }

    private mutating func begun(_ box: Detection) -> Track {
        last += 1
        return Track(number: last, begunBy: box)
    }
}
