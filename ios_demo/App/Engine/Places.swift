import Foundation

/// Where the app keeps what.
struct Places: Sendable {
    /// The store's folder.
    let store: String
    /// Folders that may hold a bundle, the preferred first: one that was put there later, then the app's own.
    let bundles: [String]
    /// USearch's C library as an embedded framework, if the app was built with one.
    let usearch: String
    /// Bytes of the shop's root of trust, if the app was built with one.
    let root: [UInt8]?

    static let standard: Places = {
        let support = folder(.applicationSupportDirectory).appendingPathComponent("Pocketshelf")
        let own = Bundle.main.resourceURL?.appendingPathComponent("Models")
        let root = own.flatMap { try? Data(contentsOf: $0.appendingPathComponent("root.json")) }
        return Places(
            store: support.appendingPathComponent("shelf").path,
            bundles: [support.appendingPathComponent("bundle").path] + [own?.path].compactMap { $0 },
            usearch: (Bundle.main.privateFrameworksPath ?? "") + "/usearch_c.framework/usearch_c",
            root: root.map { Array($0) })
    }()

    /// Make the shelf's folder, out of backups: what is in it can be synced again.
    ///
    /// - Throws: what the file system throws.
    func makeReady() throws {
        var folder = URL(fileURLWithPath: store).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var values = URLResourceValues()
        values.isExcludedFromBackup = true
        try folder.setResourceValues(values)
    }

    /// One of the app's own folders.
    static func folder(_ directory: FileManager.SearchPathDirectory) -> URL {
        FileManager.default.urls(for: directory, in: .userDomainMask)[0]
    }
}
