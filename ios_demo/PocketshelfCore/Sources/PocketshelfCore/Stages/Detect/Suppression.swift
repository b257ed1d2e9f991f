/// Greedy suppression: the places of the boxes, best first, that no better kept one overlaps by more than `iou`.
func nonMaximumSuppression<Number>(_ boxes: [Corners<Number>], iou: Number) -> [Int] {
    var alive = [Bool](repeating: true, count: boxes.count)
    var kept: [Int] = []
    for i in boxes.indices where alive[i] {
        kept.append(i)
        for j in boxes.indices.dropFirst(i + 1) where alive[j] {
            alive[j] = boxes[i].overlap(boxes[j]) <= iou
        }
    }
    return kept
}
