import Foundation

/// The bare client of The Update Framework over two folders: for its public conformance suite.
///
/// The same workflow as a sync's, without this shop's own rules: roles may delegate, files may have any name.
/// Metadata is kept as `<role>.json`, names encoded; every root that is verified replaces `root.json`.
public final class TufClient {
    private let updater: Updater
    private let fetcher: Fetcher

    /// - Parameters:
    ///   - folder: holds `root.json`, the root of trust.
    ///   - metadataUrl: the address below which the metadata lies.
    /// - Throws: `sync`: there is no root that signs itself.
    public init(
        folder: String, metadataUrl: String, fetcher: Fetcher,
        now: Double = Date().timeIntervalSince1970, verifier: Verifier = PlatformVerifier()
    ) throws {
        self.fetcher = fetcher
        let source = BareSource(fetcher, base: metadataUrl)
        updater = try Self.wrapped {
            try Updater(cache: FolderCache(folder), source: source, now: now, verifier: verifier)
        }
    }

    /// Make `folder` trust the root at `rootFile`. Nothing is checked or asked for yet.
    public static func establish(folder: String, rootFile: String) throws {
        let root = try readPlain(rootFile, most: Updater.Most.root)
        try FileSystem().makeFolder(folder)
        try FileSystem().writeOver("\(folder)/root.json", root)
    }

    /// Bring the top-level metadata up to date.
    ///
    /// - Throws: `sync`, `server`, `unreachable`: some part of it failed; what was verified is kept.
    public func refresh() throws { try Self.wrapped { try updater.refresh() } }

    /// Bring the file that is signed as `path` into `folder`, unless it is there; `refresh` comes first.
    ///
    /// - Returns: where it lies.
    /// - Throws: as `refresh`; or no trusted role names it.
    @discardableResult
    public func download(_ path: String, baseUrl: String, to folder: String) throws -> String {
        try Self.wrapped {
            guard let target = try updater.target(path), let length = target.info.length else {
                throw TufError.invalid("\(path) is not signed")
            }
            let file = "\(folder)/\(Updater.quoted(path))"
            if let kept = try? readPlain(file, most: length), (try? target.info.check(kept)) != nil {
                return file
            }
            let location = target.location(hashed: updater.trusted.root.consistentSnapshot)
            let data = try BareSource(fetcher, base: baseUrl).metadata(location, most: length)
            try target.info.check(data)
            try FileSystem().makeFolder(folder)
            try FileSystem().writeOver(file, data)
            return file
        }
    }

    private static func wrapped<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as TufError {
            throw explain(error, "the repository")
        }
    }
}

/// Metadata in a folder.
private final class FolderCache: MetadataCache {
    private let folder: String

    init(_ folder: String) { self.folder = folder }

    private func path(_ role: String) -> String { "\(folder)/\(Updater.quoted(role)).json" }

    func load(_ role: String) -> [UInt8]? { try? readPlain(path(role), most: MetadataRules.longest) }

    func keep(_ role: String, _ data: [UInt8]) throws { try FileSystem().writeOver(path(role), data) }
}

/// Files below an address, bounded.
private final class BareSource: MetadataSource {
    private let fetcher: Fetcher
    private let base: String
    private let limits = Limits()

    init(_ fetcher: Fetcher, base: String) {
        self.fetcher = fetcher
        self.base = base.hasSuffix("/") ? base : "\(base)/"
    }

    func metadata(_ name: String, most: Int) throws -> [UInt8] {
        let url = base + name, pace = Pace(limits, monotonicSeconds)
        let answer = try fetcher.send(FetchRequest(url: url, seconds: limits.gapSeconds))
        return try answer.metadata(url, most: most, pace: pace)
    }
}
