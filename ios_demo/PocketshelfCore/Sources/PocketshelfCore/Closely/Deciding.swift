// When geometry overrules the embedding. Products of one brand share its mark, variants of one design most of their
// print, and a photo shows a product's neighbours on the shelf. So a print counts as seen where its inliers are many and
// spread over much of it; those seen come before what is not; and of two the one that is clearly more there, else the
// embedding's order stays. The numbers are those of the Python SDK (docs/closely.md).

enum Deciding {
    /// The confidence that a confirmed first hit is right.
    static let sure = 0.93
    /// From so many inliers on it has that confidence: with fewer, a variant may be seen in its place.
    static let sureInliers = 22
    /// From so many inliers on, spread over such a share of the picture, a print is there.
    static let confirmed = 12, leastSpread = 0.1
    /// Of two that are there, one with so many times the evidence comes first, whatever the embedding says.
    static let clearly = 1.15
    /// Share of a sighting's inliers in a box, or of the box in its outline, from which on they belong together.
    static let inside = 0.5, covered = 0.7
    /// So many prints that no box claims become regions; each has at least such a share of the frame.
    static let mostOwn = 3, leastShare = 0.04

    /// Those that lie in a region's box, or that its box lies in.
    static func ofRegion(_ sightings: [Sighting], _ box: Box) -> [Sighting] {
        sightings.filter { isThere($0) && belongs($0, box) }
    }

    /// Boxes of the prints that are there and belong to none of `boxes`: first those with most inliers.
    static func unclaimed(_ sightings: [Sighting], _ boxes: [Box], width: Int, height: Int) -> [Box] {
        let wide = Double(width), high = Double(height)
        var found: [Box] = []
        for each in sightings where isThere(each) {
            let outline = each.box.corners
            let left = max(outline.left, 0), top = max(outline.top, 0)
            let own = Box(left, top, max(min(outline.right, wide) - left, 0), max(min(outline.bottom, high) - top, 0))
            guard own.width * own.height >= leastShare * wide * high,
                !(boxes + found).contains(where: { belongs(each, $0) })
            else { continue }
            found.append(own)
        }
        return Array(found.prefix(mostOwn))
    }

    /// At most `count` hits: those seen first, as far as `clearly` says, then the others in their order.
    ///
    /// - Parameter find: a product that is not among the hits; nil where it is not to be had, or not wished for.
    static func lifted(
        _ hits: [Hit], _ sightings: [Sighting], count: Int, find: (String) throws -> Hit?
    ) rethrows -> [Hit] {
        let ranks = Dictionary(
            hits.enumerated().map { (ExactString($1.productId), $0) }, uniquingKeysWith: { first, _ in first })
        var seen: [(evidence: Double, rank: Int, hit: Hit)] = []
        for sighting in sightings {
            let rank = ranks[ExactString(sighting.productId)]
            guard var hit = try rank.map({ hits[$0] }) ?? find(sighting.productId) else { continue }
            hit.inliers = sighting.inliers
            seen.append((sighting.evidence, rank ?? hits.count, hit))
        }
        seen = seen.sortedDescending(by: \.evidence)
        guard let most = seen.first?.evidence else { return Array(hits.prefix(count)) }
        // Of those about as much there as the first, the one that the embedding likes best.
        var first = 0
        for (place, each) in seen.enumerated() where each.evidence * clearly >= most && each.rank < seen[first].rank {
            first = place
        }
        let order = [seen.remove(at: first).hit] + seen.map(\.hit)
        let chosen = Set(order.map { ExactString($0.productId) })
        return Array((order + hits.filter { !chosen.contains(ExactString($0.productId)) }).prefix(count))
    }

    private static func isThere(_ sighting: Sighting) -> Bool {
        sighting.inliers >= confirmed && sighting.spread >= leastSpread
    }

    private static func belongs(_ sighting: Sighting, _ box: Box) -> Bool {
        let right = box.x + box.width, bottom = box.y + box.height
        let within = sighting.points.filter { $0.x >= box.x && $0.x <= right && $0.y >= box.y && $0.y <= bottom }
        let share = Double(within.count) / Double(sighting.points.count)
        return share >= inside || coverage(sighting.corners, box) >= covered
    }

    /// Share of a box inside a convex outline, by a grid of 12 x 12 points.
    private static func coverage(_ corners: [Point], _ box: Box) -> Double {
        var held = 0
        for down in 0..<12 {
            for across in 0..<12 {
                let point = Point(
                    box.x + (Double(across) + 0.5) / 12 * box.width, box.y + (Double(down) + 0.5) / 12 * box.height)
                let isHeld = corners.indices.allSatisfy { place in
                    let from = corners[place], to = corners[(place + 1) % corners.count]
                    return (to - from).cross(point - from) >= 0
                }
                held += isHeld ? 1 : 0
            }
        }
        return Double(held) / 144
    }
}
