extension ShelfReader {
    /// The first picture of the products at these places, in the order of all ids: `dimension` bytes each.
    ///
    /// A store may know a faster way than this one, which reads every vector.
    ///
    /// - Parameter places: ascending.
    public func firstVectors(at places: [Int]) throws -> [Int8] {
        var firsts: [(id: String, vector: ArraySlice<Int8>)] = []
        for category in try categories() {
            let pictures = try vectors(of: category.name), size = pictures.dimension
            var last: Int32 = -1
            for (picture, owner) in pictures.owners.enumerated() where owner != last {
                last = owner
                let row = pictures.block[picture * size..<(picture + 1) * size]
                firsts.append((pictures.productIds[Int(owner)], row))
            }
        }
        firsts.sort { precedes($0.id, $1.id) }
        return places.flatMap { firsts[$0].vector }
    }
}
