import Foundation

/// At most so many regions a photo.
let maxRegions = 8
/// Two groups that claim nearly the same box are one thing seen twice.
let sameThingIoU = 0.7

/// What a search looks at: from `threshold` on, each thing once, most prominent first.
///
/// - Parameters:
///   - width, height: of the photo.
public func selectRegions(_ detections: [Detection], width: Int, height: Int, threshold: Double) -> [Detection] {
    let good = detections.filter { $0.score >= threshold }.sortedDescending(by: \.score)
    let distinct = nonMaximumSuppression(good.map(\.box.corners), iou: sameThingIoU).map { good[$0] }
    let ordered = distinct.sortedDescending { prominence($0, width: width, height: height) }
    return Array(ordered.prefix(maxRegions))
}

/// How much a photo is about a box: score · sqrt(share of the area) · centrality.
///
/// Centrality falls linearly from 1 in the middle to 1/2 in a corner.
public func prominence(_ detection: Detection, width: Int, height: Int) -> Double {
    let box = detection.box, across = Double(width), down = Double(height)
    let share = box.width * box.height / (across * down)
    let x = (box.x + box.width / 2) / across - 0.5, y = (box.y + box.height / 2) / down - 0.5
    let off = hypot(x, y) / hypot(0.5, 0.5)
    return detection.score * share.squareRoot() * (1 - 0.5 * off)
}
