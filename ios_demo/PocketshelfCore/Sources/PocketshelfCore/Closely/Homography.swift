import Foundation

/// A plane seen from elsewhere: x' = (h0 x + h1 y + h2) / (h6 x + h7 y + h8), and so y' (Hartley and Zisserman, 2004,
/// ch. 4).
struct Homography: Sendable {
    /// Nine, row by row; the last is 1.
    var values: [Double]

    /// Where a point comes to lie; nil behind the camera.
    func callAsFunction(_ point: Point) -> Point? {
        let depth = values[6] * point.x + values[7] * point.y + values[8]
        guard depth > 1e-6 else { return nil }
        return Point(
            (values[0] * point.x + values[1] * point.y + values[2]) / depth,
            (values[3] * point.x + values[4] * point.y + values[5]) / depth)
    }

    /// Through four pairs; nil where there is none.
    init?(from: [Point], to: [Point]) {
        var system = LinearSystem()
        for (from, to) in zip(from, to) {
            let row = system.rows
            system.add([from.x, from.y, 1, 0, 0, 0, -from.x * to.x, -from.y * to.x], to.x, at: row)
            system.add([0, 0, 0, from.x, from.y, 1, -from.x * to.y, -from.y * to.y], to.y, at: row + 1)
            system.rows += 2
        }
        guard let found = system.solved() else { return nil }
        values = found + [1]
    }

    /// The one of the least squares of distances, by Levenberg and Marquardt, from this one on.
    func refined(_ from: [Point], _ to: [Point], rounds: Int = 10) -> Homography {
        var best = self, damping = 1e-3
        var (system, error) = best.normal(from, to)
        for _ in 0..<rounds {
            guard let step = system.damped(by: damping).solved() else { return best }
            var next = best
            for k in 0..<8 { next.values[k] += step[k] }
            let (following, its) = next.normal(from, to)
            if its < error {
                let gained = error - its
                (best, system, error, damping) = (next, following, its, damping / 10)
                if gained <= 1e-9 * error { break }
            } else {
                damping *= 10
            }
        }
        return best
    }

    /// The normal equations of the distances' first derivatives, and the sum of the squares.
    private func normal(_ from: [Point], _ to: [Point]) -> (LinearSystem, Double) {
        var system = LinearSystem(), error = 0.0
        var across = [Double](repeating: 0, count: 8), down = across
        for (from, to) in zip(from, to) {
            let depth = values[6] * from.x + values[7] * from.y + values[8]
            let share = abs(depth) > 1e-12 ? 1 / depth : 0
            let x = (values[0] * from.x + values[1] * from.y + values[2]) * share
            let y = (values[3] * from.x + values[4] * from.y + values[5]) * share
            (across[0], across[1], across[2]) = (from.x * share, from.y * share, share)
            (across[6], across[7]) = (-from.x * share * x, -from.y * share * x)
            (down[3], down[4], down[5]) = (from.x * share, from.y * share, share)
            (down[6], down[7]) = (-from.x * share * y, -from.y * share * y)
            system.addSquares(across, to.x - x)
            system.addSquares(down, to.y - y)
            error += (to.x - x) * (to.x - x) + (to.y - y) * (to.y - y)
        }
        return (system, error)
    }
}

/// Eight equations for eight numbers.
private struct LinearSystem {
    static let size = 8, width = 9
    /// Row by row, each with what it must give.
    var values = [Double](repeating: 0, count: size * width)
    var rows = 0

    mutating func add(_ factors: [Double], _ result: Double, at row: Int) {
        for k in 0..<Self.size { values[row * Self.width + k] = factors[k] }
        values[row * Self.width + Self.size] = result
    }

    mutating func addSquares(_ factors: [Double], _ result: Double) {
        for row in 0..<Self.size where factors[row] != 0 {
            for k in 0..<Self.size { values[row * Self.width + k] += factors[row] * factors[k] }
            values[row * Self.width + Self.size] += factors[row] * result
        }
    }

    func damped(by share: Double) -> LinearSystem {
        var system = self
        for k in 0..<Self.size { system.values[k * Self.width + k] *= 1 + share }
        return system
    }

    /// By Gauss's elimination; nil where there is no one solution.
    func solved() -> [Double]? {
        var a = values
        let width = Self.width
        for column in 0..<Self.size {
            let pivot = (column..<Self.size).max { abs(a[$0 * width + column]) < abs(a[$1 * width + column]) } ?? column
            guard abs(a[pivot * width + column]) > 1e-13 else { return nil }
            if pivot != column {
                for k in 0..<width { a.swapAt(pivot * width + k, column * width + k) }
            }
            for row in column + 1..<max(Self.size, column + 1) {
                let factor = a[row * width + column] / a[column * width + column]
                if factor == 0 { continue }
                for k in column..<width { a[row * width + k] -= factor * a[column * width + k] }
            }
        }
        var found = [Double](repeating: 0, count: Self.size)
        for row in stride(from: Self.size - 1, through: 0, by: -1) {
            var sum = a[row * width + Self.size]
            for k in row + 1..<max(Self.size, row + 1) { sum -= a[row * width + k] * found[k] }
            found[row] = sum / a[row * width + row]
        }
        return found.allSatisfy(\.isFinite) ? found : nil
    }
}
