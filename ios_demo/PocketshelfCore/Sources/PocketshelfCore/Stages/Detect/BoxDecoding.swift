/// The points of a detector's pyramid: (x, y) in input pixels and the stride, level by level, row by row.
struct PyramidPoint: Sendable {
    let x: Float
    let y: Float
    let stride: Float
}

/// - Parameters:
///   - width, height: of the network's input.
///   - strides: of the levels, in pixels of the input.
func pyramidPoints(width: Int, height: Int, strides: [Int]) -> [PyramidPoint] {
    strides.flatMap { stride in
        (0..<height / stride).flatMap { row in
            (0..<width / stride).map { column in
                PyramidPoint(
                    x: Float((Double(column) + 0.5) * Double(stride)),
                    y: Float((Double(row) + 0.5) * Double(stride)), stride: Float(stride))
            }
        }
    }
}

/// Distances to the left, top, right and bottom, in strides, as corners within the input.
///
/// All in single precision, as numpy's, so that the boxes are the same to the bit.
func decodeBox(
    _ distances: UnsafePointer<Float>, at point: PyramidPoint, width: Float, height: Float
) -> Corners<Float> {
    func reach(_ side: Int) -> Float { atLeastZero(distances[side]) * point.stride }
    return Corners(
        left: clip(point.x - reach(0), width), top: clip(point.y - reach(1), height),
        right: clip(point.x + reach(2), width), bottom: clip(point.y + reach(3), height))
}

/// Not `max`, which takes 0 for what is no number: such a box must vanish later, not stand.
@inline(__always)
private func atLeastZero(_ value: Float) -> Float { value < 0 ? 0 : value }

@inline(__always)
private func clip(_ value: Float, _ limit: Float) -> Float { value < 0 ? 0 : value > limit ? limit : value }
