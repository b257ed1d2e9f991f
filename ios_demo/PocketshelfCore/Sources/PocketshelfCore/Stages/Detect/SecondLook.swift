import Foundation

/// Boxes from this score on say where somebody is.
private let sureScore = 0.3
/// What is worn covers no more of the photo's width and height than this.
private let farShare = 0.6
/// Somebody wears two of these, in two places: a belt that lies on a table is small as well.
private let wornGroups = ["upper", "outerwear", "dress", "trousers", "shorts", "skirt", "footwear"].map(ExactString.init)
private let apartIoU = 0.3
/// Room around what is worn, of its sides, and how narrow the part may be.
private let room = 0.1
private let maxAspect = 4.0 / 3.0

/// `found` in the photo, with what the detector sees of somebody far away at a second look, best score first.
///
/// A network sees a photo at a few hundred pixels a side. Where all that is worn lies in a small part of it, that part
/// is looked at again in the photo's own pixels, as in the Python SDK's `stages/afar.py`.
public func lookAgain(_ detector: any Detector, _ photo: Photo, _ found: [Detection]) throws -> [Detection] {
    guard let part = farPart(found, width: photo.width, height: photo.height) else { return found }
    let across = Double(photo.columns) / Double(photo.width), down = Double(photo.rows) / Double(photo.height)
    let decoded = photo.toDecoded(part)
    let left = decoded.x.rounded(.down), top = decoded.y.rounded(.down)
    // A part at the frame's edge ends there, whatever its sides are rounded to.
    let right = min(Int((decoded.x + decoded.width).rounded(.up)), photo.columns)
    let bottom = min(Int((decoded.y + decoded.height).rounded(.up)), photo.rows)
    let cut = try photo.cut(left: Int(left), top: Int(top), right: right, bottom: bottom)
    let second = try detector.detect(cut).map { each in
        Detection(
            box: Box(
                (left + each.box.x) / across, (top + each.box.y) / down, each.box.width / across,
                each.box.height / down),
            group: each.group, score: each.score)
    }
    return putTogether(found, second, part)
}

/// The part of a photo that deserves a second look; nil where nobody is in it, or is near.
///
/// - Parameters:
///   - width, height: of the photo.
public func farPart(_ found: [Detection], width: Int, height: Int) -> Box? {
    let sure = found.filter { $0.score >= sureScore }
    guard showsSomebody(sure) else { return nil }
    guard let box = Box.around(sure.map(\.box)) else { return nil }
    guard box.width <= farShare * Double(width), box.height <= farShare * Double(height) else { return nil }
    return cropBox(box, columns: width, rows: height, margin: room, maxAspect: maxAspect)
}

private func showsSomebody(_ sure: [Detection]) -> Bool {
    let worn = sure.filter { wornGroups.contains(ExactString($0.group)) }
    return worn.indices.contains { i in
        worn[..<i].contains { other in
            !exactlyEqual(other.group, worn[i].group)
                && worn[i].box.overlap(other.box) < apartIoU
        }
    }
}

/// What a first look found outside `part`, and a second in it; the first's alone if that saw nobody.
private func putTogether(_ first: [Detection], _ second: [Detection], _ part: Box) -> [Detection] {
    guard second.contains(where: { $0.score >= sureScore }) else { return first }
    let outside = first.filter { !middle(of: $0.box, isIn: part) }
    return Array((second + outside).sortedDescending(by: \.score).prefix(mostBoxes))
}

private func middle(of box: Box, isIn part: Box) -> Bool {
    let x = box.x + box.width / 2, y = box.y + box.height / 2
    return part.x <= x && x <= part.x + part.width && part.y <= y && y <= part.y + part.height
}
