import Foundation

/// A homography that most pairs of points agree on, by samples of four (Fischler and Bolles, 1981).
struct Ransac {
    private static let rounds = 400, confidence = 0.995, polishings = 4
    /// Pixels.
    private static let near = 6.0

    let from: [Point]
    let to: [Point]
    /// The same pairs give the same answer.
    private var state: UInt64 = 1

    init(from: [Point], to: [Point]) { (self.from, self.to) = (from, to) }

    /// The best of the rounds, refined by its inliers, and their places; nil where no four agree.
    mutating func found() -> (homography: Homography, inliers: [Int])? {
        guard from.count >= 4 else { return nil }
        var best: (homography: Homography, inliers: [Int])?
        var round = 0, rounds = Self.rounds
        while round < rounds {
            round += 1
            guard let sample = sample(),
                let homography = Homography(from: sample.map { from[$0] }, to: sample.map { to[$0] })
            else { continue }
            let inliers = inliers(of: homography)
            guard inliers.count >= 4, inliers.count > best?.inliers.count ?? 0 else { continue }
            let polished = polished(homography, inliers)
            if polished.inliers.count > best?.inliers.count ?? 0 { best = polished }
            rounds = min(rounds, enough(Double(inliers.count) / Double(from.count)))
        }
        return best
    }

    /// Refined by its inliers, and these found anew, as long as there are more of them.
    private func polished(
        _ homography: Homography, _ inliers: [Int]
    ) -> (homography: Homography, inliers: [Int]) {
        var best = (homography: homography, inliers: inliers)
        for round in 0..<Self.polishings {
            let refined = best.homography.refined(best.inliers.map { from[$0] }, best.inliers.map { to[$0] })
            let again = self.inliers(of: refined)
            // The first time some may be lost: four points alone fit their own noise.
            guard again.count > best.inliers.count || (round == 0 && again.count >= 4) else { break }
            best = (refined, again)
        }
        return best
    }

    private func inliers(of homography: Homography) -> [Int] {
        let h = homography.values
        return from.indices.filter { place in
            let x = from[place].x, y = from[place].y, depth = h[6] * x + h[7] * y + h[8]
            let across = (h[0] * x + h[1] * y + h[2]) / depth - to[place].x
            let down = (h[3] * x + h[4] * y + h[5]) / depth - to[place].y
            return across * across + down * down <= Self.near * Self.near
        }
    }

    /// After how many rounds one sample was of inliers alone, as likely as `confidence` has it.
    private func enough(_ share: Double) -> Int {
        let miss = 1 - pow(share, 4)
        guard miss > .leastNormalMagnitude else { return 0 }
        let rounds = log(1 - Self.confidence) / log(miss)
        return rounds.isFinite && rounds >= 0 && rounds < Double(Self.rounds) ? Int(rounds.rounded()) : Self.rounds
    }

    /// Four pairs that a camera can have seen so; nil where none were drawn.
    private mutating func sample() -> [Int]? {
        for _ in 0..<100 {
            var places: [Int] = []
            while places.count < 4 {
                let place = Int(next() % UInt64(from.count))
                if !places.contains(place) { places.append(place) }
            }
            if isPossible(places) { return places }
        }
        return nil
    }

    /// Whether no three lie in a line, and all turn the same way in both planes.
    private func isPossible(_ places: [Int]) -> Bool {
        for (a, b, c) in [(0, 1, 2), (1, 2, 3), (0, 2, 3), (0, 1, 3)] {
            func turn(_ points: [Point]) -> Double {
                let one = points[places[b]] - points[places[a]], other = points[places[c]] - points[places[a]]
                let lengths = one.length * other.length
                return lengths > 0 ? one.cross(other) / lengths : 0
            }
            let here = turn(from), there = turn(to)
            if abs(here) < 1e-6 || abs(there) < 1e-6 || (here > 0) != (there > 0) { return false }
        }
        return true
    }

    /// SplitMix64 (Steele, Lea and Flood, 2014).
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
