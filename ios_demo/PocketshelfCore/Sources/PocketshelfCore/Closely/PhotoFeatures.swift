import Foundation

/// The local features of one picture.
struct LocalFeatures: Sendable {
    /// x and y as shares of its width and height, one after the other.
    var points: [Float] = []
    /// Octaves: log2 of the scale, in a picture of the longer side 400.
    var sizes: [Float] = []
    /// Turns in [0, 1), clockwise.
    var angles: [Float] = []
    /// 32 bytes each.
    var descriptors: [UInt8] = []

    var count: Int { sizes.count }

    /// Of a photo that is searched; nil where it is too narrow. A shelf's own are made where its pictures are.
    static func ofPhoto(_ photo: Photo) -> LocalFeatures? {
        guard let grey = GreyImage.of(photo, side: photoSide) else { return nil }
        let orb = Orb(grey, wanted: spare * wanted)
        let width = Double(grey.width), height = Double(grey.height)
        let points = orb.points.flatMap { point -> [Float] in
            let (x, y) = orb.place(point)
            return [Float(Double(x) / width), Float(Double(y) / height)]
        }
        let strengths = orb.points.map { max($0.corner.strength, 1e-9) }
        let places = spread(points, strengths)
        let chosen = places.map { orb.points[$0] }
        let octave = Float(log2(1.2)), base = Float(log2(Double(gallerySide) / max(width, height)))
        return LocalFeatures(
            points: places.flatMap { [points[2 * $0], points[2 * $0 + 1]] },
            sizes: chosen.map { Float($0.level) * octave + base },
            angles: chosen.map { ($0.angle / 360).truncatingRemainder(dividingBy: 1) },
            descriptors: orb.descriptors(chosen))
    }

    static let photoSide = 640
    private static let gallerySide = 400, wanted = 500
    /// Before the choice, so many times the wanted are looked for.
    private static let spare = 3
    private static let grid = 6, full = 3

    /// Places of the strongest, of no cell of a grid much more than its share while others have some.
    static func spread(_ points: [Float], _ strengths: [Float]) -> [Int] {
        let order = strengths.indices.sorted {
            strengths[$0] != strengths[$1] ? strengths[$0] > strengths[$1] : $0 < $1
        }
        let cap = (full * wanted + grid * grid - 1) / (grid * grid)
        var held = [Int](repeating: 0, count: grid * grid), first: [Int] = [], rest: [Int] = []
        for place in order {
            let x = min(Int(points[2 * place] * Float(grid)), grid - 1)
            let y = min(Int(points[2 * place + 1] * Float(grid)), grid - 1)
            if held[y * grid + x] < cap { first.append(place) } else { rest.append(place) }
            held[y * grid + x] += 1
        }
        return Array((first + rest).prefix(wanted))
    }
}
