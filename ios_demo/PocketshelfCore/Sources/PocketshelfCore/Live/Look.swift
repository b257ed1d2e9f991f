/// What is in a box, coarsely: 8 · 8 · 3 numbers from 0 to 255, each the mean of 4 · 4 pixels.
struct Look: Equatable, Sendable {
    private static let side = 8
    private static let steps = 4

    let values: [Float]

    init(_ photo: Photo, _ box: Box) {
        let inside = photo.toDecoded(box), count = Self.side * Self.steps
        func places(_ from: Double, _ length: Double, _ limit: Int) -> [Int] {
            (0..<count).map { step in
                let at = from + (Double(step) + 0.5) / Double(count) * length
                return Int(min(max(at, 0), Double(limit - 1)))
            }
        }
        let columns = places(inside.x, inside.width, photo.columns)
        let rows = places(inside.y, inside.height, photo.rows)
        var sums = [Float](repeating: 0, count: Self.side * Self.side * 3)
        for (i, row) in rows.enumerated() {
            for (j, column) in columns.enumerated() {
                let from = (row * photo.columns + column) * 3
                let to = (i / Self.steps * Self.side + j / Self.steps) * 3
                for channel in 0..<3 { sums[to + channel] += Float(photo.pixels[from + channel]) }
            }
        }
        values = sums.map { $0 / Float(Self.steps * Self.steps) }
    }

    /// The mean of the absolute differences.
    func difference(_ other: Look) -> Double {
        let total = zip(values, other.values).reduce(Float(0)) { $0 + abs($1.0 - $1.1) }
        return Double(total) / Double(values.count)
    }
}
