/// Widens `box` by `margin` and towards `maxAspect`, then moves or cuts it into the frame.
///
/// - Parameters:
///   - margin: share of the box's sides added on each side.
///   - maxAspect: a crop longer than this is widened with the photo around it.
/// - Returns: a box inside the frame, at least one pixel wide and high; the frame where `box` holds what is no number.
public func cropBox(_ box: Box, columns: Int, rows: Int, margin: Double, maxAspect: Double) -> Box {
    guard [box.x, box.y, box.width, box.height].allSatisfy(\.isFinite) else {
        return Box(0, 0, Double(columns), Double(rows))
    }
    let middleX = box.x + box.width / 2, middleY = box.y + box.height / 2
    let wide = max(box.width, 1) * (1 + 2 * margin), high = max(box.height, 1) * (1 + 2 * margin)
    let width = max(wide, high / maxAspect), height = max(high, wide / maxAspect)
    let (left, right) = slide(middleX - width / 2, middleX + width / 2, Double(columns))
    let (top, bottom) = slide(middleY - height / 2, middleY + height / 2, Double(rows))
    return Box(left, top, right - left, bottom - top)
}

/// Moves an interval into [0, limit], cutting only what is longer than it.
private func slide(_ from: Double, _ to: Double, _ limit: Double) -> (Double, Double) {
    var (low, high) = (from, to)
    if high - low >= limit { return (0, limit) }
    if low < 0 {
        (low, high) = (0, high - low)
    } else if high > limit {
        (low, high) = (low - (high - limit), limit)
    }
    if high - low < 1 {
        low = min(max(low, 0), limit - 1)
        high = low + 1
    }
    return (low, high)
}
