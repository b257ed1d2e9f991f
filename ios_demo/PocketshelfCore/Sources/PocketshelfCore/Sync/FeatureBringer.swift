/// Brings the local features of a shelf (`FeatureTable`), which a server publishes beside its shard.
///
/// They come last, to a generation that is current already: a shelf is searched without them meanwhile, and no fault
/// of theirs keeps products or prices back. Where the shelf has those of an older sequence, the changes since are laid
/// over them, and must give the bytes that were signed as the whole.
struct FeatureBringer {
    /// How the shelf's features are those published: they were, or came as changes, or whole.
    enum Brought: String {
        case current
        case changes
        case snapshot
    }

    let folder: StoreFolder
    let files: FileSystem
    let limits: Limits
    /// Downloads a signed file, having looked for room for so many bytes.
    let get: (Target, Int) throws -> String

    /// Make the current generation's features those that are signed for it; nil where none are.
    ///
    /// - Parameters:
    ///   - shard, sequence: of the current generation, which is the published one.
    /// - Throws: `unreachable`: the server is away; what has arrived is kept. `server`: it does not have a file that
    ///   it signed. `sync`: a file is not the one signed, beyond a bound, or malformed. `store`, `SystemError`: the
    ///   store cannot be read or written. The shelf is as it was.
    func bring(_ trusted: Trusted, shard: String, sequence: Int) throws -> Brought? {
        let name = try folder.requireCurrent()
        let products = try productCount(name)
        let digest = try Recorded.digests(folder, name)[Recorded.shard] ?? ""
        let file = DerivedFile(featuresOf: digest, folder: folder.index(name))
        guard let whole = try trusted.find(FeatureTable.targetName(shard: shard, sequence: sequence)) else {
            // What a key signed that was rotated since, perhaps.
            if exists(file.path) { try files.removeTree(file.path) }
            return nil
        }
        let most = FeatureTable.mostHeld(products: products)
        try checkLength(whole, most)
        let held = file.read(most: most)
        if let held, isWhole(held, whole) { return .current }
        let known = held.flatMap { FeatureTable($0, products: products) }
        if let known, let data = try changed(trusted, whole, known, shard: shard, sequence: sequence) {
            try file.put(data, files)
            return .changes
        }
        let data = try plain(whole)
        guard let found = FeatureTable(data, products: products), found.sequence == UInt64(sequence) else {
            throw PocketshelfError.sync(
                "\(whole.name): refused, not the local features of \(products) products", .features)
        }
        try file.put(data, files)
        return .snapshot
    }

    private func productCount(_ name: String) throws -> Int {
        let shard = try Shard(folder.shard(name))
        defer { shard.close() }
        return try shard.count()
    }

    /// The published bytes by the changes since what is here; nil where those do not lead there.
    private func changed(
        _ trusted: Trusted, _ whole: Target, _ known: FeatureTable, shard: String, sequence: Int
    ) throws -> [UInt8]? {
        let name = FeatureTable.targetName(shard: shard, sequence: sequence, base: known.sequence)
        guard let changes = try trusted.find(name), changes.length < whole.length else { return nil }
        try checkLength(changes, FeatureTable.mostHeld(products: known.counts.count))
        let bytes = known.changed(try plain(changes))?.bytes
        // Those that lead elsewhere from here are left for the whole.
        return bytes.flatMap { isWhole($0, whole) ? $0 : nil }
    }

    private func checkLength(_ target: Target, _ most: Int) throws {
        let length = try unpackedLength(target, limits).length
        // What cannot be packed grows by less than this.
        guard length <= most, target.length <= most + most / 512 + 1024 else {
            throw PocketshelfError.sync(
                "\(target.name): refused, \(target.length) bytes, \(length) unpacked; the local features of this "
                    + "shelf have \(most) at most", .tooLong)
        }
    }

    /// The unpacked bytes of a signed file, in memory; `checkLength` has bounded them.
    private func plain(_ target: Target) throws -> [UInt8] {
        let (length, sha256) = try unpackedLength(target, limits)
        let packed = try get(target, target.length + 3 * length), plain = "\(packed).plain"
        try makeWay(plain)
        try unpack(packed, to: plain, length: length, sha256: sha256, files, chunk: limits.chunk)
        let data = try readPlain(plain, most: length)
        try files.unlink(plain)
        return data
    }

    private func isWhole(_ data: [UInt8], _ whole: Target) -> Bool {
        whole.custom["uncompressed_sha256"] == .text(Sha256.hex(data))
    }
}
