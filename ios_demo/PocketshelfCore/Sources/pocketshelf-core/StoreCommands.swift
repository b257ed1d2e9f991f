import Foundation
import PocketshelfCore

/// `sync --store S --server URL [--root FILE] [--shard all] [--bundle DIR] [--allow-older] [--no-closely]`
func syncCommand(_ options: Options) throws {
    try options.allow([
        "--store", "--server", "--root", "--shard", "--bundle", "--allow-older", "--trust-on-first-use",
        "--if-due", "--no-closely",
    ])
    var request = SyncRequest(server: try options.required("--server"))
    request.shard = options.optional("--shard") ?? "all"
    request.allowOlder = options.has("--allow-older")
    request.root = try options.optional("--root").map(readFile)
    request.bundle = try options.optional("--bundle").map { folder in
        try ModelBundle(folder: folder, checkHashes: false).vectorSpace
    }
    request.trustOnFirstUse = options.has("--trust-on-first-use")
    request.ifDue = options.has("--if-due")
    request.closely = !options.has("--no-closely")
    let report = try sync(
        store: try options.required("--store"), request, SyncEnvironment(fetcher: HttpFetcher()))
    Program.printLine(report.fields)
    if let problem = report.problem { throw PocketshelfError.sync(problem) }
}

/// `status --store S`
func statusCommand(_ options: Options) throws {
    try options.allow(["--store"])
    let path = try options.required("--store")
    let store = try Store.open(path)
    let counts = try store.categories().map { ($0.name, Json.integer($0.products)) }
    Program.printLine([
        ("store", .text(path)), ("generation", .text(store.generation)),
        ("previous", try store.folder.previous().map(Json.text) ?? .null),
        ("space", .text(store.meta.space)), ("preprocessing", .text(store.meta.preprocessing)),
        ("bundle", .text(store.meta.bundle)), ("sequence", .integer(store.meta.sequence)),
        ("dimension", .integer(store.meta.dimension)), ("products", .integer(try store.count())),
        ("categories", .object(JsonObject(counts))), ("sync", .object(JsonObject(syncStatus(path)))),
    ])
}

/// `rollback --store S`
func rollbackCommand(_ options: Options) throws {
    try options.allow(["--store", "--undo"])
    let path = try options.required("--store")
    let generation = try rollbackStore(path, undo: options.has("--undo"))
    Program.printLine([
        ("store", .text(path)), ("generation", .text(generation)),
        ("sequence", currentSequence(path).map(Json.integer) ?? .null),
    ])
}

/// `dump --store S`: one JSON line a product, sorted by id.
func dumpCommand(_ options: Options) throws {
    try options.allow(["--store"])
    let store = try Store.open(try options.required("--store"))
    try store.shard.forEach { print($0.dumped(dimension: store.meta.dimension).serialized) }
}

/// `verify --store S`
func verifyCommand(_ options: Options) throws {
    try options.allow(["--store"])
    let problems = try verifyStore(try options.required("--store"))
    Program.printLine([("ok", .bool(problems.isEmpty)), ("problems", .array(problems.map(Json.text)))])
    if let first = problems.first { throw PocketshelfError.store(first) }
}

func readFile(_ path: String) throws -> [UInt8] {
    do {
        return try readPlain(path, most: 100_000_000)
    } catch let error as SystemError {
        throw PocketshelfError.sync("\(path): cannot be read (\(error.reason))")
    }
}
