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

/// A card keeps away from either side of its page by no more, of the width.
private let away = 0.08

/// A part of a picture, by shares of its sides.
struct Part: Equatable {
    var left: Double
    var top: Double
    var right: Double
    var bottom: Double
}

/// What of a photo is searched: of a screenshot the picture in it, and where that begins in the photo's own pixels;
/// else nil.
func shownIn(_ photo: Photo) throws -> (photo: Photo, across: Double, down: Double)? {
    let decoded = Page(pixels: photo.pixels, columns: photo.columns, rows: photo.rows)
    // No photo of a camera begins or ends with one colour at both its sides.
    guard decoded.isPlain(0, within: 4 * alikeWithin) || decoded.isPlain(photo.rows - 1, within: 4 * alikeWithin),
        let part = pictureIn(smallCopy(photo))
    else { return nil }
    func begin(_ share: Double, _ length: Int) -> Double { (share * Double(length)).rounded(.toNearestOrEven) }
    return (try photo.part(part), begin(part.left, photo.width), begin(part.top, photo.height))
}

/// The picture in a phone's page; nil where there is none.
///
/// A page's ground is of one colour to its last pixel, which no camera's is; so the picture begins where that ends along
/// a line across the page, or across what lies between its sides.
///
/// - Parameter page: a small copy.
func pictureIn(_ page: Page) -> Part? {
    guard page.isPlain(0, within: alikeWithin) || page.isPlain(page.rows - 1, within: alikeWithin) else {
        return nil  // As of most photos.
    }
    let width = Double(page.columns), height = Double(page.rows), ground = page.ground()
    if let (top, end) = page.pictureRows(on: ground) {
        return Part(left: 0, top: Double(top) / height, right: 1, bottom: Double(end) / height)
    }
    // The sides of a page with cards are of its ground, whatever stands between.
    let others = (0..<page.columns).filter { Double(page.count(of: ground, in: $0)) <= (1 - least) * height }
    guard let left = others.first, let last = others.last else { return nil }
    let right = last + 1
    guard Double(max(left, page.columns - right)) <= away * width,
        let (top, end) = page.between(left, right).pictureRows(on: ground)
    else { return nil }
    return Part(
        left: Double(left) / width, top: Double(top) / height, right: Double(right) / width,
        bottom: Double(end) / height)
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

/// Rows of pixels, which differ by the channel that differs most.
struct Page {
    let pixels: [UInt8]
    let columns: Int
    let rows: Int

    /// The columns from `left` to before `right`.
    func between(_ left: Int, _ right: Int) -> Page {
        let kept = (0..<rows).flatMap { row in pixels[3 * (columns * row + left)..<3 * (columns * row + right)] }
        return Page(pixels: kept, columns: right - left, rows: rows)
    }

    /// Whether both ends of a row are of one colour.
    func isPlain(_ row: Int, within most: Int) -> Bool {
        let side = min(columns, max(1, Int((margin * Double(columns)).rounded(.toNearestOrEven))))
        let ends = Array(0..<side) + Array(columns - side..<columns)
        return (0..<3).allSatisfy { channel in
            let levels = ends.map { level(row, $0, channel) }
            return (levels.max() ?? 0) - (levels.min() ?? 0) <= most
        }
    }

    /// The page's colour: it begins or ends with it, and of these two more of its empty rows are of that.
    func ground() -> [Int] {
        let empty = (0..<rows).filter { isPlain($0, within: alikeWithin) && isFull($0) }
        func count(_ end: [Int]) -> Int { empty.filter { apart($0, 0, end) <= alikeWithin }.count }
        let first = colour(0), last = colour(rows - 1)
        return count(last) > count(first) ? last : first
    }

    /// The first row of a picture as wide as this and the one behind its last; nil where there is none.
    func pictureRows(on ground: [Int]) -> (top: Int, end: Int)? {
        let ofPage = (0..<rows).map { isPlain($0, within: alikeWithin) && apart($0, 0, ground) <= alikeWithin }
        func isBare(_ row: Int) -> Bool { ofPage[row] && isFull(row) }
        // A line lies between two rows, or within one that is of both: three rows on, all is different.
        let lines = (0..<max(rows - 3, 0)).filter { differ($0, $0 + 3) }
        var tops = lines.filter { isBare($0) }.map { $0 + 3 }
        var ends = lines.filter { isBare($0 + 3) }.map { $0 + 1 }
        if Double(rows) >= tall * Double(columns) {
            tops = [0] + tops
            ends += [rows]
        }
        let own = ofPage.reduce(into: [0]) { sums, of in sums.append(sums[sums.count - 1] + (of ? -against : 1)) }
        var found = (worth: 0, top: 0, end: 0)
        for top in tops {
            for end in ends {
                let taken = Double(end - top)
                guard taken >= least * Double(rows), taken <= most * Double(rows) else { continue }
                let next = (worth: own[end] - own[top], top: top, end: end)
                if next > found { found = next }
            }
        }
        return found.worth > 0 ? (found.top, found.end) : nil
    }

    /// How many pixels of a column are of a colour.
    func count(of colour: [Int], in column: Int) -> Int {
        (0..<rows).filter { apart($0, column, colour) <= alikeWithin }.count
    }

    /// Whether next to all of a row is of the colour that it begins with.
    private func isFull(_ row: Int) -> Bool {
        let first = colour(row)
        let alike = (0..<columns).filter { apart(row, $0, first) <= alikeWithin }.count
        return Double(alike) >= mostlyEmpty * Double(columns)
    }

    /// Whether two rows differ along a line across the page.
    private func differ(_ one: Int, _ other: Int) -> Bool {
        let different = (0..<columns).filter { apart(one, $0, colour(other, $0)) > line }.count
        return Double(different) >= across * Double(columns)
    }

    private func colour(_ row: Int, _ column: Int = 0) -> [Int] { (0..<3).map { level(row, column, $0) } }

    private func apart(_ row: Int, _ column: Int, _ colour: [Int]) -> Int {
        (0..<3).map { abs(level(row, column, $0) - colour[$0]) }.max() ?? 0
    }

    private func level(_ row: Int, _ column: Int, _ channel: Int) -> Int {
        Int(pixels[3 * (columns * row + column) + channel])
    }
}
