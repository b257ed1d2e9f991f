// Where a print lies in a photo: matches, a homography, doubts.

enum Geometry {
    private static let mostBits = 72, ratio = 0.88
    static let leastInliers = 8
    /// How much the scale may differ between matches, in octaves, and the turn, in turns.
    private static let octaves: Float = 0.75, turns: Float = 1 / 9
    /// Of the photo's frame: of a smaller print no features are left, and none is larger.
    private static let smallest = 0.01, largest = 6.0
    /// Neighbouring sides of a print in a photo stand to each other as 1 to at most so much more than its own do.
    private static let slant = 3.5, flattestSine = 0.25

    /// Features of a print and of a photo that look alike: their places.
    typealias Matches = [(print: Int, photo: Int)]

    /// The print in the photo, if it is there.
    ///
    /// - Parameters:
    ///   - size: of the upright photo, in pixels.
    ///   - shape: the print's width by its height.
    static func sighted(
        _ productId: String, _ print: LocalFeatures, _ photo: LocalFeatures, size: (width: Int, height: Int),
        shape: Double
    ) -> Sighting? {
        let found = consistent(print, photo, matches(print, photo))
        guard Set(found.map(\.print)).count >= leastInliers else { return nil }
        let scale = Double(LocalFeatures.photoSide) / Double(max(size.width, size.height))
        let frame = Point(Double(size.width) * scale, Double(size.height) * scale)
        let own = found.map { Point(print.point($0.print).x * shape, print.point($0.print).y) }
        let there = found.map { Point(photo.point($0.photo).x * frame.x, photo.point($0.photo).y * frame.y) }
        var ransac = Ransac(from: own, to: there)
        guard let (homography, inliers) = ransac.found() else { return nil }
        let kept = distinct(inliers, found)
        let outline = [Point(0, 0), Point(shape, 0), Point(shape, 1), Point(0, 1)]
        let corners = outline.compactMap { homography($0) }
        guard kept.count >= leastInliers, corners.count == 4, isPlausible(corners, shape: shape, frame) else {
            return nil
        }
        func inPhoto(_ point: Point) -> Point { Point(point.x / scale, point.y / scale) }
        return Sighting(
            productId: productId, inliers: kept.count,
            spread: hullArea(kept.map { print.point(found[$0].print) }), corners: corners.map(inPhoto),
            points: kept.map { inPhoto(there[$0]) })
    }

    /// Features that look alike, and clearly more than the next of the print.
    static func matches(_ print: LocalFeatures, _ photo: LocalFeatures) -> Matches {
        let own = Descriptor.each(print.descriptors)
        guard !own.isEmpty else { return [] }
        return Descriptor.each(photo.descriptors).enumerated().compactMap { place, descriptor in
            var best = Int.max, second = Int.max, nearest = 0
            for (other, candidate) in own.enumerated() {
                let distance = descriptor.distance(candidate)
                if distance < best {
                    (second, best, nearest) = (best, distance, other)
                } else if distance < second {
                    second = distance
                }
            }
            let isClear = second == Int.max || Double(best) <= ratio * Double(second)
            return best <= mostBits && isClear ? (nearest, place) : nil
        }
    }

    /// The matches that agree on turn and scale with most others (Lowe, IJCV 2004, by a vote).
    static func consistent(_ print: LocalFeatures, _ photo: LocalFeatures, _ matches: Matches) -> Matches {
        guard matches.count >= leastInliers else { return matches }
        let turned = matches.map { match -> Float in
            let turn = photo.angles[match.photo] - print.angles[match.print]
            return turn < 0 ? turn + 1 : turn
        }
        let scaled = matches.map { photo.sizes[$0.photo] - print.sizes[$0.print] }
        func agree(_ one: Int, _ other: Int) -> Bool {
            let apart = abs(turned[one] - turned[other])
            return min(apart, 1 - apart) <= turns && abs(scaled[one] - scaled[other]) <= octaves
        }
        var best = 0, most = 0
        for one in matches.indices {
            let votes = matches.indices.reduce(0) { $0 + (agree(one, $1) ? 1 : 0) }
            if votes > most { (best, most) = (one, votes) }
        }
        return matches.indices.filter { agree(best, $0) }.map { matches[$0] }
    }

    /// Of the inliers each of the print's features once, and each of the photo's.
    private static func distinct(_ inliers: [Int], _ matches: Matches) -> [Int] {
        var ofPrint: [Int: Int] = [:]
        for place in inliers where ofPrint[matches[place].print] == nil { ofPrint[matches[place].print] = place }
        // A photo's feature has one match.
        return ofPrint.values.sorted()
    }

    /// Whether a camera can have seen a print so: convex, not mirrored, neither tiny nor a sliver.
    private static func isPlausible(_ corners: [Point], shape: Double, _ frame: Point) -> Bool {
        let sides = (0..<4).map { corners[($0 + 1) % 4] - corners[$0] }
        let lengths = sides.map(\.length)
        for place in 0..<4 {
            let next = (place + 1) % 4
            // Mirrored ones turn the other way.
            let turn = sides[place].cross(sides[next])
            guard lengths[place] > 1e-3, turn > flattestSine * lengths[place] * lengths[next] else { return false }
        }
        let share = 0.5 * (0..<4).reduce(0) { $0 + corners[$1].cross(corners[($1 + 1) % 4]) } / (frame.x * frame.y)
        let aspect = (lengths[0] + lengths[2]) / (lengths[1] + lengths[3]) / shape
        let opposite = max(
            lengths[0] / lengths[2], lengths[2] / lengths[0], lengths[1] / lengths[3], lengths[3] / lengths[1])
        return share >= smallest && share <= largest && aspect >= 1 / slant && aspect <= slant && opposite <= slant
    }

    /// The area of the points' convex hull (Andrew's chain).
    private static func hullArea(_ points: [Point]) -> Double {
        let sorted = points.sorted { $0.x != $1.x ? $0.x < $1.x : $0.y < $1.y }
        func half(_ points: some Sequence<Point>) -> [Point] {
            points.reduce(into: []) { chain, point in
                while chain.count > 1,
                    (chain[chain.count - 1] - chain[chain.count - 2]).cross(point - chain[chain.count - 1]) <= 0
                {
                    chain.removeLast()
                }
                chain.append(point)
            }
        }
        let hull = half(sorted).dropLast() + half(sorted.reversed()).dropLast()
        let outline = Array(hull)
        return abs(outline.indices.reduce(0) { $0 + outline[$1].cross(outline[($1 + 1) % outline.count]) }) / 2
    }
}

extension LocalFeatures {
    /// Where a feature lies, in shares of the picture's sides.
    func point(_ place: Int) -> Point { Point(Double(points[2 * place]), Double(points[2 * place + 1])) }
}
