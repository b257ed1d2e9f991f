/// Lets one frame through in a while, so that drawing boxes does not heat the phone.
public struct Throttle: Sendable {
    private let pause: Double
    private var next = -Double.infinity

    /// - Parameter perSecond: at most so many; above 0.
    public init(perSecond: Double) {
        precondition(perSecond > 0, "a throttle lets something through")
        pause = 1 / perSecond
    }

    /// Whether what comes now is let through.
    ///
    /// - Parameter time: seconds of a clock that only grows.
    public mutating func lets(at time: Double) -> Bool {
        guard time >= next else { return false }
        next = time + pause
        return true
    }
}
