import Foundation

/// A shelf's prints, and which of them a photo shows; safe to share between threads.
///
/// An embedding says what a picture is like; a few hundred corners of a print say which print it is, and where it lies
/// in the photo. They find products that the embedding ranks far behind, and overrule it only on strong evidence.
final class Closely: @unchecked Sendable {
    /// So many products that the photo's corners speak for are looked at, and so many of the embedding's.
    static let voted = 10, nearest = 5

    private let ids: [String]
    private let table: FeatureTable
    private let places: [ExactString: Int]
    private let lock = NSLock()
    private var known: Inverted?

    /// - Parameter ids: the products' ids, ascending by their bytes.
    init(ids: [String], table: FeatureTable) {
        self.ids = ids
        self.table = table
        places = Dictionary(
            ids.enumerated().map { (ExactString($1), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The shelf's prints; nil where it has none that are sound.
    convenience init?(_ shelf: any ShelfReader) throws {
        guard let table = try shelf.features(), table.features > 0 else { return nil }
        self.init(ids: try shelf.productIds(), table: table)
    }

    /// The products whose picture the photo shows, most inliers first.
    ///
    /// - Parameter nearest: ids of the embedding's hits, best first, of each region.
    func sightings(_ photo: Photo, nearest: [String]) -> [Sighting] {
        guard let features = LocalFeatures.ofPhoto(photo), features.count > 0 else { return [] }
        return sightings(features, width: photo.width, height: photo.height, nearest: nearest)
    }

    /// The same of a photo's features.
    func sightings(_ features: LocalFeatures, width: Int, height: Int, nearest: [String]) -> [Sighting] {
        let votes = inverted().votes(Descriptor.each(features.descriptors), most: Self.voted)
        var looked: Set<Int> = []
        let candidates = (votes + nearest.compactMap { places[ExactString($0)] }).filter { looked.insert($0).inserted }
        let seen = candidates.compactMap { place -> Sighting? in
            guard let print = table.print(place) else { return nil }
            let shape = Double(table.shapes[place]) / Double(FeatureTable.shapeParts)
            return Geometry.sighted(ids[place], print, features, size: (width, height), shape: shape)
        }
        return seen.sorted {
            $0.inliers != $1.inliers ? $0.inliers > $1.inliers : precedes($0.productId, $1.productId)
        }
    }

    /// Built when a photo is first looked at.
    private func inverted() -> Inverted {
        lock.withLock {
            if let known { return known }
            let built = Inverted(table)
            known = built
            return built
        }
    }
}
