/// Makes the graphs of a store's large categories, and keeps them beside its generation.
public final class Graphs: Sendable {
    // No graph of ours is longer: links, key and level of an item besides its vector, and the file's own head.
    private static let itemBytes = 1024
    private static let fileBytes = 1 << 20

    private let library: any GraphLibrary
    private let folder: String?

    /// - Parameter folder: where derived files of the generation lie; nil keeps none.
    /// - Returns: nil where the library computes wrongly: all is scanned then.
    public init?(_ library: any GraphLibrary, folder: String?) {
        guard isSound(library) else { return nil }
        self.library = library
        self.folder = folder
    }

    /// The graph of a category, read or built; nil where the library fails, so that it is scanned.
    ///
    /// - Parameter shard: the SHA-256 of the shard whose pictures these are.
    func index(of pictures: CategoryVectors, category: String, shard: String) -> GraphIndex? {
        let file = folder.map { DerivedFile(folder: $0, shard: shard, category: category) }
        guard let graph = file.flatMap({ read($0, pictures) }) ?? built(pictures, file) else { return nil }
        return GraphIndex(
            ids: pictures.productIds, owners: pictures.owners, dimension: pictures.dimension, graph: graph)
    }

    /// USearch believes what it is given, and a flipped bit makes it crash or answer wrongly: it sees verified bytes only.
    private func read(_ file: DerivedFile, _ pictures: CategoryVectors) -> (any VectorGraph)? {
        let most = pictures.owners.count * (pictures.dimension + Self.itemBytes) + Self.fileBytes
        guard let bytes = file.read(most: most),
            let graph = try? library.view(bytes, dimension: pictures.dimension),
            graph.count == pictures.owners.count
        else { return nil }
        return graph
    }

    private func built(_ pictures: CategoryVectors, _ file: DerivedFile?) -> (any VectorGraph)? {
        guard
            let graph = try? library.empty(dimension: pictures.dimension, capacity: pictures.owners.count),
            (try? graph.add(pictures.block)) != nil
        else { return nil }
        // A read-only store is searched all the same; it builds its graph anew each time.
        if let file, let bytes = try? graph.serialized() { try? file.write(bytes) }
        return graph
    }
}
