/// A product's picture, found in a photo.
struct Sighting: Sendable {
    let productId: String
    /// Features of the picture that lie in the photo where the homography says.
    let inliers: Int
    /// Share of the picture that the outline of its inliers encloses: little of a brand's mark alone.
    let spread: Double
    /// Of the picture in pixels of the upright photo, clockwise from its upper left.
    let corners: [Point]
    /// The inliers, in such pixels.
    let points: [Point]

    /// How much of the picture is there: inliers · sqrt(spread).
    var evidence: Double { Double(inliers) * spread.squareRoot() }

    /// The box about its corners.
    var box: Box {
        let x = corners.map(\.x), y = corners.map(\.y)
        let left = x.min() ?? 0, top = y.min() ?? 0
        return Box(left, top, (x.max() ?? 0) - left, (y.max() ?? 0) - top)
    }
}

/// A point in a plane.
struct Point: Equatable, Sendable {
    var x: Double
    var y: Double

    init(_ x: Double, _ y: Double) { (self.x, self.y) = (x, y) }

    static func - (left: Point, right: Point) -> Point { Point(left.x - right.x, left.y - right.y) }

    var length: Double { (x * x + y * y).squareRoot() }

    /// Above 0 where `other` turns clockwise from it, y downwards.
    func cross(_ other: Point) -> Double { x * other.y - y * other.x }
}
