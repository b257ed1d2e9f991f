/// The copy that is looked at, its longer side.
private let copySide = 250

/// What differs by no more is of one colour; a line across the page differs by more, in so much of its width.
private let alikeWithin = 6
private let line = 12
private let across = 0.6

/// How much of either side tells whether a row is of the page, and of a row without anything in it the ground.
private let margin = 0.02
private let mostlyEmpty = 0.9

/// Of the height: what a picture takes. A screen so many times as high as wide may have a bar at one end alone.
private let least = 0.25
private let most = 0.9
private let tall = 1.9

/// A row of the page in the midst of the picture counts against it as so many of its own count for it.
private let against = 4

/// What of a photo is searched: of a screenshot the picture in it, and how far down that begins in the photo's own
/// pixels; else the photo, and 0.
func shownIn(_ photo: Photo) throws -> (photo: Photo, down: Double) {
    let decoded = Page(pixels: photo.pixels, columns: photo.columns, rows: photo.rows)
    // No photo of a camera begins or ends with one colour at both its sides.
    guard decoded.isPlain(0, within: 4 * alikeWithin) || decoded.isPlain(photo.rows - 1, within: 4 * alikeWithin),
        let rows = pictureRows(smallCopy(photo))
    else { return (photo, 0) }
    let down = (rows.top * Double(photo.height)).rounded(.toNearestOrEven)
    return (try photo.rows(from: rows.top, to: rows.bottom), down)
}

/// The rows of the picture in a phone's page, as shares of the page's height; nil where there is none.
///
/// A page's ground is of one colour to its last pixel, which no camera's is; so the picture begins where that ends along
/// a line across the page.
///
/// - Parameter page: a small copy.
func pictureRows(_ page: Page) -> (top: Double, bottom: Double)? {
    let height = page.rows, all = 0..<height
    let plain = all.map { page.isPlain($0, within: alikeWithin) }
    guard plain[0] || plain[height - 1] else { return nil }  // As of most photos.
    let empty = all.map { plain[$0] && page.isEmpty($0) }
    // A page begins or ends with its ground: of these two colours the one that more of its empty rows are of.
    func like(_ end: Int) -> [Bool] { all.map { page.apart($0, 0, end, 0) <= alikeWithin } }
    func count(_ rows: [Bool]) -> Int { all.filter { rows[$0] && empty[$0] }.count }
    let first = like(0), last = like(height - 1)
    let alike = count(last) > count(first) ? last : first
    let ofPage = all.map { plain[$0] && alike[$0] }
    let ground = all.map { ofPage[$0] && empty[$0] }
    // A line lies between two rows, or within one that is of both: three rows on, all is different.
    let lines = (0..<max(height - 3, 0)).filter { page.differ($0, $0 + 3) }
    var tops = lines.filter { ground[$0] }.map { $0 + 3 }
    var ends = lines.filter { ground[$0 + 3] }.map { $0 + 1 }
    if Double(height) >= tall * Double(page.columns) {
        tops = [0] + tops
        ends += [height]
    }
    let own = ofPage.reduce(into: [0]) { sums, of in sums.append(sums[sums.count - 1] + (of ? -against : 1)) }
    var found = (worth: 0, top: 0, end: 0)
    for top in tops {
        for end in ends {
            let share = Double(end - top)
            guard share >= least * Double(height), share <= most * Double(height) else { continue }
            let next = (worth: own[end] - own[top], top: top, end: end)
            if next > found { found = next }
        }
    }
    guard found.worth > 0 else { return nil }
    return (Double(found.top) / Double(height), Double(found.end) / Double(height))
}

private func smallCopy(_ photo: Photo) -> Page {
    let scale = Double(copySide) / Double(max(photo.columns, photo.rows))
    func side(_ length: Int) -> Int { max(1, Int((Double(length) * scale).rounded(.toNearestOrEven))) }
    let columns = side(photo.columns), rows = side(photo.rows)
    let frame = Box(0, 0, Double(photo.columns), Double(photo.rows))
    let pixels = resize(
        photo.pixels, columns: photo.columns, rows: photo.rows, box: frame, toWidth: columns, height: rows)
    return Page(pixels: pixels, columns: columns, rows: rows)
}

/// Rows of pixels, and by how much they differ in the channel that differs most.
struct Page {
    let pixels: [UInt8]
    let columns: Int
    let rows: Int

    /// Whether both ends of a row are of one colour.
    func isPlain(_ row: Int, within most: Int) -> Bool {
        let side = max(1, Int((margin * Double(columns)).rounded(.toNearestOrEven)))
        let ends = Array(0..<side) + Array(columns - side..<columns)
        return (0..<3).allSatisfy { channel in
            let levels = ends.map { level(row, $0, channel) }
            return (levels.max() ?? 0) - (levels.min() ?? 0) <= most
        }
    }

    /// Whether next to all of a row is of the colour that it begins with.
    func isEmpty(_ row: Int) -> Bool {
        let alike = (0..<columns).filter { apart(row, $0, row, 0) <= alikeWithin }.count
        return Double(alike) >= mostlyEmpty * Double(columns)
    }

    /// Whether two rows differ along a line across the page.
    func differ(_ one: Int, _ other: Int) -> Bool {
        let different = (0..<columns).filter { apart(one, $0, other, $0) > line }.count
        return Double(different) >= across * Double(columns)
    }

    func apart(_ row: Int, _ column: Int, _ otherRow: Int, _ otherColumn: Int) -> Int {
        (0..<3).map { abs(level(row, column, $0) - level(otherRow, otherColumn, $0)) }.max() ?? 0
    }

    private func level(_ row: Int, _ column: Int, _ channel: Int) -> Int {
        Int(pixels[3 * (columns * row + column) + channel])
    }
}
