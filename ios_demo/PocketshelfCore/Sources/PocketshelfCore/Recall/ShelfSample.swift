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

    /// The first picture of `most` products of a category, or of all it has, for readers whose rows are in the order of
    /// their ids.
    public func someVectors(of category: String, most: Int) throws -> [Int8] {
        let pictures = try vectors(of: category), size = pictures.dimension
        let owners = pictures.owners
        let firsts = owners.indices.filter { $0 == 0 || owners[$0] != owners[$0 - 1] }
        let count = min(most, firsts.count)
        return (0..<count).flatMap { i -> ArraySlice<Int8> in
            let first = firsts[i * firsts.count / count]
            return pictures.block[first * size..<(first + 1) * size]
        }
    }

    /// Whether one of the first `most` products states the attribute `name`, for readers whose rows are in the order of
    /// their ids.
    public func states(_ name: String, most: Int) throws -> Bool {
        let ids = try categories().flatMap { try vectors(of: $0.name).productIds }.sorted(by: precedes)
        return try ids.prefix(most).contains { try product($0)?.attributes[name] != nil }
    }
}
