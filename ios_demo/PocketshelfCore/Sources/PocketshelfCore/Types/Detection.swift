/// A rectangle in pixels of the upright photo: its upper left corner, width and height.
public struct Box: Hashable, Sendable {
    public var x: Double
    public var y: Double
    public var width: Double
    public var height: Double

    public init(_ x: Double, _ y: Double, _ width: Double, _ height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// Intersection over union.
    func overlap(_ other: Box) -> Double { corners.overlap(other.corners) }

    /// The smallest box that holds all of `boxes`; nil for none.
    static func around(_ boxes: [Box]) -> Box? {
        let corners = boxes.map(\.corners)
        guard let left = corners.map(\.left).min(), let top = corners.map(\.top).min(),
            let right = corners.map(\.right).max(), let bottom = corners.map(\.bottom).max()
        else { return nil }
        return Box(left, top, right - left, bottom - top)
    }

    /// The same as left, top, right, bottom.
    var corners: Corners<Double> { Corners(left: x, top: y, right: x + width, bottom: y + height) }
}

/// One box that the detector proposes.
public struct Detection: Hashable, Sendable {
    /// Pixels of the upright photo, inside its frame.
    public let box: Box
    /// One of the bundle's detector groups, or `Detection.frameGroup`.
    public let group: String
    /// Probability in [0, 1].
    public let score: Double

    public init(box: Box, group: String, score: Double) {
        self.box = box
        self.group = group
        self.score = score
    }

    /// The group of a region that no detector claims: the frame, as asked (score 1) or for want of boxes (0).
    public static let frameGroup = "frame"
}

/// A rectangle by its sides.
struct Corners<Number: BinaryFloatingPoint & SIMDScalar & Sendable>: Sendable {
    var left: Number
    var top: Number
    var right: Number
    var bottom: Number

    /// Intersection over union, in the arithmetic of `Number`: the detector's own boxes are compared in Float,
    /// regions in Double, as the Python SDK does.
    func overlap(_ other: Corners) -> Number {
        let width = max(min(right, other.right) - max(left, other.left), 0)
        let height = max(min(bottom, other.bottom) - max(top, other.top), 0)
        let shared = width * height
        return shared / max(area + other.area - shared, 1e-9)
    }

    private var area: Number { (right - left) * (bottom - top) }
}
