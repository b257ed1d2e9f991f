import CoreML
import Foundation

/// The compiled forms of model packages, by their SHA-256, in the caches: a package is compiled once.
struct CompiledModels: Sendable {
    static let standard = CompiledModels(
        folder: Places.folder(.cachesDirectory).appendingPathComponent("compiled-models"))

    let folder: URL

    /// The `.mlmodelc` of `package`, compiled now unless it was before.
    ///
    /// - Throws: what Core ML or the file system throw.
    func compiled(package: URL, sha256: String) async throws -> URL {
        let files = FileManager.default
        let place = folder.appendingPathComponent("\(sha256).mlmodelc")
        if files.fileExists(atPath: place.path) { return place }
        let made = try await MLModel.compileModel(at: package)
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
        // Another start may have been quicker; what is there is the same.
        if files.fileExists(atPath: place.path) { return place }
        try files.moveItem(at: made, to: place)
        return place
    }
}
