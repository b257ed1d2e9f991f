/// A box of this share of the frame, or more, is what the frame is about; below, the frame counts for less.
private let fullShare = 0.15

/// How far the frame shows the same thing as `box`, 0 to 1; it scales a bundle's `frameWeight`.
///
/// min(1, a / 0.15) · max(0, 1 - b / a), a being the box's share of the frame's area, b that of all others.
///
/// - Parameters:
///   - others: the photo's other regions.
///   - width, height: of the photo.
func frameShare(_ box: Box, others: [Box], width: Int, height: Int) -> Double {
    let area = Double(width * height)
    let own = box.width * box.height / area
    let rest = others.reduce(0) { $0 + $1.width * $1.height } / area
    return min(1, own / fullShare) * max(0, 1 - rest / max(own, 1e-9))
}

/// Which categories of a catalogue belong to a detector's group, by their names.
///
/// Names are compared without case and plural, the last part of a path ("Women > Tops" is "top"). A name that no
/// group claims belongs where its products look to be of, if that is known, else to any.
public struct Shelves: Sendable {
    /// What each of two witnesses may cost a product, its category and its own picture.
    private static let word = 0.12, look = 0.12

    /// Cosine that a product of another group's category loses where nothing else tells; it falls, it does not vanish:
    /// a box may be of the wrong group.
    public let penalty: Double
    private let groups: Set<ExactString>
    /// Plain name → the groups that claim it; a group claims its own.
    private let owners: [ExactString: Set<ExactString>]
    /// Category → the groups that its products look to be of.
    private(set) var looks: [ExactString: Set<ExactString>] = [:]

    /// - Parameter names: group → names.
    public init(_ names: [(group: String, names: [String])], penalty: Double = 0.15) {
        self.penalty = penalty
        groups = Set(names.map { ExactString($0.group) })
        var owners: [ExactString: Set<ExactString>] = [:]
        for (group, claimed) in names {
            for name in [group] + claimed { owners[plain(name), default: []].insert(ExactString(group)) }
        }
        self.owners = owners
    }

    /// The same, knowing those of `categories` that no group claims by their products, too.
    ///
    /// - Parameter products: category → vectors of some of its products.
    func looking(_ categories: [String], _ head: GroupHead, products: (String) throws -> [Int8]) rethrows -> Shelves {
        var looking = self
        let unknown = groups.subtracting(head.names.map(ExactString.init))
        for name in categories where owners[plain(name)] == nil {
            let vectors = try products(name)
            if !vectors.isEmpty { looking.looks[ExactString(name)] = head.groups(vectors).union(unknown) }
        }
        return looking
    }

    /// Whether it says anything of a group.
    func knows(_ group: String) -> Bool { groups.contains(ExactString(group)) }

    /// Whether a product of `category` may be what a box of `group` shows.
    public func fits(group: String, category: String) -> Bool {
        guard knows(group), let owners = owners(category) else { return true }
        return owners.contains(ExactString(group))
    }

    /// Cosine that a product of `category` loses in a search for a box: its category says whether it may be what the
    /// box shows, and so does its own picture.
    ///
    /// - Parameter look: how far its picture looks to be of the box's group, 0 to 1; nil where nothing tells.
    func fall(_ detection: Detection, category: String, look: Double?) -> Double {
        guard knows(detection.group) else { return 0 }
        let stranger = fits(group: detection.group, category: category) ? 0.0 : 1.0
        let cost = look.map { Self.word * stranger + Self.look * (1 - $0) } ?? penalty * stranger
        return cost * detection.score
    }

    /// The groups that `category` belongs to; nil if nothing tells.
    func owners(_ category: String) -> Set<ExactString>? { owners[plain(category)] ?? looks[ExactString(category)] }

    /// Category probabilities in the light of the group: the surer the box, the less others keep.
    func weighed(_ detection: Detection, _ probabilities: Probabilities) -> Probabilities {
        let stranger = probabilities.names.map { !fits(group: detection.group, category: $0) }
        guard stranger.contains(true) else { return probabilities }
        let kept = 1 - detection.score
        let left = zip(probabilities.values, stranger).map { $1 ? $0 * kept : $0 }
        let total = left.reduce(0, +)
        return total > 0 ? probabilities.with(left.map { $0 / total }) : probabilities
    }
}

private func plain(_ name: String) -> ExactString {
    let parts = name.split(omittingEmptySubsequences: false) { $0 == ">" || $0 == "/" }
    let last = String(parts.last ?? "").trimmed.folded.text
    return ExactString(last.hasSuffix("s") && !last.hasSuffix("ss") ? String(last.dropLast()) : last)
}
