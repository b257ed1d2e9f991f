/// Where a box of a frame lies on the screen, when the frame fills a view and is cut at two sides (aspect fill), or is seen
/// whole, with bands at two sides (aspect fit).
public struct PreviewFit: Equatable, Sendable {
    /// A rectangle in points of the view: its upper left corner, width and height.
    public struct Place: Equatable, Sendable {
        public let x: Double
        public let y: Double
        public let width: Double
        public let height: Double

        public init(x: Double, y: Double, width: Double, height: Double) {
            self.x = x
            self.y = y
            self.width = width
            self.height = height
        }
    }

    /// Points a pixel of the frame.
    public let scale: Double
    /// Points that the frame's upper left corner lies left of and above the view's: how much is cut there; below 0
    /// where there is a band.
    public let cutLeft: Double
    public let cutTop: Double
    private let viewWidth: Double
    private let viewHeight: Double

    /// - Parameters:
    ///   - frameWidth, frameHeight: of the upright frame, in pixels.
    ///   - viewWidth, viewHeight: in points.
    ///   - fills: whether the frame is cut; else it is seen whole.
    ///   A side that is not above 0 gives a scale of 0: everything lies in one point.
    public init(
        frameWidth: Double, frameHeight: Double, viewWidth: Double, viewHeight: Double, fills: Bool = true
    ) {
        let usable = frameWidth > 0 && frameHeight > 0 && viewWidth > 0 && viewHeight > 0
        let across = viewWidth / frameWidth, down = viewHeight / frameHeight
        scale = usable ? (fills ? max(across, down) : min(across, down)) : 0
        cutLeft = usable ? (frameWidth * scale - viewWidth) / 2 : 0
        cutTop = usable ? (frameHeight * scale - viewHeight) / 2 : 0
        self.viewWidth = max(viewWidth, 0)
        self.viewHeight = max(viewHeight, 0)
    }

    /// A box of the frame on the screen, cut where the view ends: what is drawn can be touched.
    public func place(_ box: Box) -> Place {
        let left = min(max(box.x * scale - cutLeft, 0), viewWidth)
        let top = min(max(box.y * scale - cutTop, 0), viewHeight)
        let right = min(max((box.x + box.width) * scale - cutLeft, 0), viewWidth)
        let bottom = min(max((box.y + box.height) * scale - cutTop, 0), viewHeight)
        return Place(x: left, y: top, width: max(right - left, 0), height: max(bottom - top, 0))
    }
}
