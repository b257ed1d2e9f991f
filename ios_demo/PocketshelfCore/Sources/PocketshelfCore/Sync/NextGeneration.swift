/// Turns verified downloads into the next generation of a store; the current one stays as it is.
struct NextGeneration {
    let writer: StoreWriter
    /// Describes the state that becomes current.
    let manifest: Manifest
    let limits: Limits
    /// Ids of the keys that signed it.
    let keys: [String]
    /// What its vectors must be comparable to, a manifest says nothing of their dimension; nil: any.
    let space: Space?
    /// Called with the staged generation's folder before it is published: derives indexes, warms models up.
    let prepare: (String) throws -> Void
    /// The local features of products that stay are kept until those published are there.
    let keepsFeatures: Bool

    /// From the whole shard.
    ///
    /// - Parameter replaces: the current generation is damaged, or a thief's: it is not kept for a rollback.
    /// - Throws: `sync`: it is not what the manifest describes. `spaceMismatch`: its vectors cannot be
    ///   searched here. The store is unchanged.
    func publishSnapshot(_ packed: String, _ target: Target, replaces: Bool) throws {
        try writer.staged { staging in
            let path = "\(staging)/shard.sqlite"
            try unpackSigned(packed, to: path, target)
            let file = try FileGuard.check(.shard, path, name: target.name, seconds: limits.databaseSeconds)
            defer { file.close() }
            try expect(target.name, file, ["sequence": manifest.sequence])
            try space?.requireSame(
                as: file.shardMeta.vectorSpace, us: "what is searched here is", them: "the server's shelf",
                remedy: "update the app's bundle, or sync with the server of its space")
            try checkCounts(Shard(file))
            try finish(staging, SignedBy(keys: keys, snapshot: target.sha256), replaces: replaces)
        }
    }

    /// From changes, applied to a copy of the current shard.
    ///
    /// - Throws: `sync`: they are not what the manifest describes. `store`: they do not fit the current shard,
    ///   the snapshot would help. The store is unchanged.
    func publishChanges(_ packed: String, _ target: Target, _ entry: Manifest.Delta) throws {
        try writer.staged { staging in
            let changes = "\(staging)/delta.sqlite", path = "\(staging)/shard.sqlite"
            try unpackSigned(packed, to: changes, target)
            let file = try FileGuard.check(
                .delta, changes, name: target.name, seconds: limits.databaseSeconds)
            try expect(target.name, file, ["from_sequence": entry.base, "to_sequence": entry.to])
            file.close()
            try writer.files.copy(writer.folder.shard(writer.folder.requireCurrent()), to: path)
            try applyDelta(toShard: path, delta: changes, checked: true)
            try writer.files.unlink(changes)
            let shard = try Shard(path)
            defer { shard.close() }
            do {
                try checkCounts(shard)
            } catch let error as PocketshelfError where error.kind == .sync {
                throw PocketshelfError.store("\(writer.folder.path): \(error.message)", error.refusal)
            }
            try finish(staging, SignedBy(keys: keys, snapshot: nil), replaces: false)
        }
    }

    private func unpackSigned(_ packed: String, to path: String, _ target: Target) throws {
        let (length, sha256) = try unpackedLength(target, limits)
        try unpack(packed, to: path, length: length, sha256: sha256, writer.files, chunk: limits.chunk)
    }

    /// The file's own meta table must say what the manifest says of it.
    private func expect(_ name: String, _ file: ProductFile, _ numbers: [String: Int]) throws {
        let texts = [("space", manifest.space), ("preprocessing", manifest.preprocessing)]
        let all = texts + numbers.map { ($0.key, String($0.value)) }
        for (key, wanted) in all {
            let found = numbers[key] == nil ? file.text(key) : String(file.number(key))
            guard exactlyEqual(found, wanted) else {
                throw PocketshelfError.sync(
                    "\(name): refused, its \(key) is '\(found)', the manifest's is '\(wanted)' (replayed?)",
                    .replayed)
            }
        }
    }

    private func checkCounts(_ shard: Shard) throws {
        var counts: [ExactString: (found: Int, signed: Int)] = [:]
        for category in try shard.categories() {
            counts[ExactString(category.name), default: (0, 0)].found = category.products
        }
        for count in manifest.categories { counts[ExactString(count.name), default: (0, 0)].signed = count.local }
        for (name, count) in counts.sorted(by: { $0.key < $1.key }) where count.found != count.signed {
            throw PocketshelfError.sync(
                "the shard holds \(count.found) products of '\(name.text)', the manifest counts "
                    + "\(count.signed)", .counts)
        }
    }

    private func finish(_ staging: String, _ signedBy: SignedBy, replaces: Bool) throws {
        try prepare(staging)
        if keepsFeatures {
            try handOnFeatures(writer.folder, writer.folder.requireCurrent(), to: staging, writer.files)
        }
        for (name, data) in [(Manifest.fileName, manifest.data), (SignedBy.fileName, signedBy.data)] {
            try writer.files.write("\(staging)/\(name)", data)
            try writer.files.sync("\(staging)/\(name)")
        }
        try writer.publish(staging, replacesDamaged: replaces)
    }
}

/// The signed unpacked length and SHA-256.
///
/// - Throws: `sync`: they are missing, or the length is beyond the limit.
func unpackedLength(_ target: Target, _ limits: Limits) throws -> (length: Int, sha256: String) {
    guard case .integer(let length)? = target.custom["uncompressed_length"],
        case .text(let sha256)? = target.custom["uncompressed_sha256"]
    else {
        throw PocketshelfError.sync(
            "\(target.name): refused, signed without its unpacked length and hash", .unpacked)
    }
    guard length > 0, length <= limits.unpackedBytes else {
        throw PocketshelfError.sync(
            "\(target.name): refused, would unpack to \(length) bytes of \(limits.unpackedBytes) allowed", .bomb)
    }
    return (length, sha256)
}
