import Foundation
import PocketshelfCore

/// `search --store S --vectors FILE [--k 10] [--category NAME] [--usearch LIBRARY]`: one JSON line a query.
///
/// FILE holds float32 numbers, little-endian, the queries one after the other. Large categories are searched by a graph
/// where LIBRARY, USearch's C API, is given and computes rightly; else all are scanned.
func searchCommand(_ options: Options) throws {
    try options.allow(["--store", "--vectors", "--k", "--category", "--usearch"])
    let store = try Store.open(try options.required("--store"))
    let queries = try readVectors(try options.required("--vectors"), dimension: store.meta.dimension)
    let text = options.optional("--k") ?? "10"
    guard let count = Int(text), (1...Retriever.maxHits).contains(count) else {
        throw PocketshelfError.usage("--k must be a number from 1 to \(Retriever.maxHits), not '\(text)'")
    }
    let names = try store.categories().map(\.name)
    let chosen = try CategoryChoice(options.all("--category")).names(among: names)
    let searcher = StoreSearcher(store, graphs: try graphs(options.optional("--usearch"), store))
    for query in queries {
        let found = try searcher.search(query, categories: chosen.isEmpty ? names : chosen, count: count)
        let hits = found.map { match -> Json in
            .object(JsonObject([("product_id", .text(match.productId)), ("score", .number(match.score))]))
        }
        Program.printLine([("hits", .array(hits))])
    }
}

private func graphs(_ path: String?, _ store: Store) throws -> Graphs? {
    guard let path else { return nil }
    guard let library = USearchLibrary(path: path) else {
        throw PocketshelfError.runtimeUnavailable("\(path): no USearch library with its C API")
    }
    guard let graphs = Graphs(library, folder: store.folder.index(store.generation)) else {
        let warning = "\(path): this build of USearch computes int8 cosine wrongly; searching exactly instead"
        FileHandle.standardError.write(Data("pocketshelf-core: \(warning)\n".utf8))
        return nil
    }
    return graphs
}

/// The vectors of a file of float32 numbers, little-endian.
func readVectors(_ path: String, dimension: Int) throws -> [[Float]] {
    let numbers = floats(try readFile(path))
    guard numbers.count % dimension == 0, !numbers.isEmpty else {
        throw PocketshelfError.usage(
            "\(path): \(numbers.count) numbers are no vectors of the store's \(dimension)")
    }
    return stride(from: 0, to: numbers.count, by: dimension).map { Array(numbers[$0..<$0 + dimension]) }
}

/// Float32 numbers, little-endian.
func floats(_ bytes: [UInt8]) -> [Float] {
    bytes.withUnsafeBytes { raw in
        (0..<raw.count / 4).map { at in
            Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * at, as: UInt32.self)))
        }
    }
}
