// The local features of a generation, handed on to the next one: a generation that is made of another keeps those of the
// products that stay, until a sync brings what it lacks then (`FeatureTable.sequence` says since when).

/// Keep the features of generation `name` beside the shard in `staging`: of the products that stay.
///
/// None are kept where something is amiss; the shard does not need them.
///
/// - Throws: what `files` throws that is no error of the volume's.
func handOnFeatures(_ folder: StoreFolder, _ name: String, to staging: String, _ files: FileSystem) throws {
    do {
        guard let digest = try Recorded.digests(folder, name)[Recorded.shard] else { return }
        let file = DerivedFile(featuresOf: digest, folder: folder.index(name))
        // Most shelves have none: nothing is read for them.
        guard exists(file.path) else { return }
        let path = "\(staging)/\(Recorded.shard)"
        let before = try ids(folder.shard(name)), after = try ids(path)
        let most = FeatureTable.mostHeld(products: before.count)
        guard let table = file.read(most: most).flatMap({ FeatureTable($0, products: before.count) }) else { return }
        let places = Dictionary(
            before.enumerated().map { (ExactString($1), $0) }, uniquingKeysWith: { first, _ in first })
        let next = FeatureTable.assembled(sequence: table.sequence, words: table.words, products: after.count) {
            places[ExactString(after[$0])].map { (table, $0) }
        }
        let own = DerivedFile(featuresOf: try PlainFile(path).digest().sha256, folder: "\(staging)/index")
        try own.put(next.bytes, files)
    } catch is SystemError {
    } catch let error as PocketshelfError where error.isStore {
    }
}

private func ids(_ path: String) throws -> [String] {
    let shard = try Shard(path)
    defer { shard.close() }
    return try shard.productIds()
}
