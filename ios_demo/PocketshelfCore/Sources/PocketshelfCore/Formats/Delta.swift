/// Bring the shard from the delta's `from_sequence` to its `to_sequence`, in one transaction, by the very SQL
/// of `contract/sql/apply_delta.sql`. Callers apply it to a copy of the shard in a new generation.
///
/// - Parameter checked: the caller has checked the delta already, row by row.
/// - Returns: what the shard says of itself now.
/// - Throws: `spaceMismatch`: the two differ in space, preprocessing or dimension. `store`: the shard is at
///   another sequence, or either file is bad; the shard is unchanged.
@discardableResult
public func applyDelta(toShard shardPath: String, delta deltaPath: String, checked: Bool = false) throws
    -> ShardMeta
{
    let shard = try ProductFile(shardPath, .shard), delta = try ProductFile(deltaPath, .delta)
    defer {
        shard.close()
        delta.close()
    }
    if !checked { try delta.check() }
    try checkApplies(shard, delta)
    let connection = try ProductFile.connect(shardPath, writable: true)
    defer { connection.close() }
    try ProductFile.wrapped(shardPath, written: true) {
        // A copy that nobody else reads, made durable as a whole when its generation is published: a journal on
        // the disk, and waiting for it, would be for nothing.
        try connection.run("PRAGMA journal_mode = MEMORY")
        try connection.run("PRAGMA synchronous = OFF")
        try connection.run("ATTACH DATABASE :uri AS delta", [":uri": .text(Sqlite.uri(deltaPath))])
        try connection.transaction {
            for statement in ContractSql.statements(ContractSql.applyDelta) { try connection.run(statement) }
        }
    }
    connection.close()
    let after = try ProductFile(shardPath, .shard)
    defer { after.close() }
    return after.shardMeta
}

private func checkApplies(_ shard: ProductFile, _ delta: ProductFile) throws {
    for name in ["space", "preprocessing"] where !exactlyEqual(shard.text(name), delta.text(name)) {
        throw PocketshelfError.spaceMismatch(
            "\(delta.path): its \(name) is '\(delta.text(name))', the store's is '\(shard.text(name))'")
    }
    guard delta.dimension == shard.dimension else {
        throw PocketshelfError.spaceMismatch(
            "\(delta.path): its dimension is \(delta.dimension), the store's is \(shard.dimension)")
    }
    let from = delta.number("from_sequence"), at = shard.number("sequence")
    guard from == at else {
        throw PocketshelfError.store("\(delta.path): leads from sequence \(from), the store is at \(at)")
    }
}
