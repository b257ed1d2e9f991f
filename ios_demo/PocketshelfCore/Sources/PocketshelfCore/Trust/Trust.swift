import Foundation

/// A signed file: where it is, and what it must be.
public struct Target {
    public let name: String
    /// Where to get it, the hash being part of its name.
    public let url: String
    /// Its exact length in bytes.
    public let length: Int
    public let sha256: String
    /// What the publisher signed along with it (unpacked length and hash, …).
    public let custom: JsonObject

    /// Whether the plain file at `path` is this one.
    func matches(_ path: String) -> Bool {
        guard let file = try? PlainFile(path), let size = try? file.size(), size == length,
            let found = try? file.digest()
        else { return false }
        return found.sha256 == sha256 && found.length == length
    }
}

/// The server's metadata after a verified refresh.
final class Trusted {
    private let updater: Updater
    private let targetsUrl: String
    /// Ids of the keys that signed which files the server has published, sorted.
    let keys: [String]

    init(_ updater: Updater, targetsUrl: String) {
        self.updater = updater
        self.targetsUrl = targetsUrl
        keys = updater.trusted.targetsSigners.sorted(by: precedes)
    }

    /// Whether what `keys` signed would still be accepted as the publisher's.
    func counts(_ keys: [String]) -> Bool {
        guard let role = updater.trusted.root.roles["targets"] else { return false }
        let known = Set(role.keyIds.map { ExactString($0) })
        return known.intersection(keys.map { ExactString($0) }).count >= role.threshold
    }

    private func explaining<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as TufError {
            throw explain(error, targetsUrl)
        }
    }

    /// The signed description of `name`.
    ///
    /// - Throws: `sync`: the server signed no such file.
    func target(_ name: String) throws -> Target {
        guard let found = try find(name) else {
            throw PocketshelfError.sync(
                "\(name): the server has not published it; check the shard's name", .unpublished)
        }
        return found
    }

    /// The same; nil where the server signed no such file.
    func find(_ name: String) throws -> Target? {
        guard let found = try explaining({ try updater.target(name) }) else { return nil }
        guard let sha256 = found.info.hash("sha256"), let length = found.info.length else {
            throw PocketshelfError.sync(
                "\(name): signed without a SHA-256; the server must publish again", .metadata)
        }
        let (folder, base) = splitPath(name)
        let file = updater.trusted.root.consistentSnapshot ? "\(folder)/\(sha256).\(base)" : name
        return Target(
            name: name, url: targetsUrl + file, length: length, sha256: sha256, custom: found.custom)
    }
}

/// The `trust/` folder of a store: what this device trusts, written in the framework's order.
///
/// A crash leaves a state that the workflow itself could have left.
final class Trust {
    private let folder: String
    private let files: FileSystem
    private let verifier: Verifier
    private var expected: (version: Int, data: [UInt8])?

    init(_ folder: String, files: FileSystem, verifier: Verifier) {
        self.folder = folder
        self.files = files
        self.verifier = verifier
    }

    /// Whether a root of trust is stored.
    ///
    /// - Throws: `sync`: something is stored in its place that is none.
    func established() throws -> Bool { try storedRoot() != nil }

    private func storedRoot() throws -> [UInt8]? {
        let path = "\(folder)/root.json"
        let why: String
        do {
            let root = try readPlain(path, most: Updater.Most.root)
            _ = try checkRoot(root)
            return root
        } catch let error as SystemError {
            if error.isMissing { return nil }
            why = error.reason
        } catch {
            why = "not a root that signs itself"
        }
        throw PocketshelfError.sync(
            "\(path): the root of trust is damaged (\(why)); give the server's root.json again (--root, "
                + "or put it into the store's folder)", .badRoot)
    }

    /// Trust `root` (a root.json from the app, the shop or an operator) from now on.
    ///
    /// Where a root is trusted already, an older one changes nothing, and a newer one is for `refresh` to
    /// check: it must be what the trusted one leads to.
    ///
    /// - Throws: `sync`: not a root that signs itself, or another root of the same version is trusted.
    func establish(_ root: [UInt8]) throws {
        let version = try checkRoot(root)
        // A damaged root is replaced by any good one.
        if let stored = (try? storedRoot()) ?? nil {
            let known = try checkRoot(stored)
            if version == known, root != stored {
                throw PocketshelfError.sync(
                    "another root of version \(version) is trusted already; to trust this one instead, "
                        + "remove \(folder)", .anotherRoot)
            }
            expected = version > known ? (version, root) : nil
            return
        }
        try makeWay(folder, folder: true)
        try files.makeFolder(folder)
        try files.syncFolder(splitPath(folder).folder)
        try files.writeOver("\(folder)/root.json", root)
    }

    /// Run the client workflow against the server; keep what was verified, even if it then fails.
    ///
    /// - Parameter now: seconds since 1970.
    /// - Throws: `unreachable`: the server is away. `server`: there is no repository at this address. `sync`:
    ///   the metadata is forged, expired, rolled back, mixed or endless.
    func refresh(_ source: FileSource, now: Double) throws -> Trusted {
        let cache = ScratchCache(folder)
        let outcome = Result { () throws -> Updater in
            do {
                let updater = try Updater(cache: cache, source: source, now: now, verifier: verifier)
                cache.roots[updater.trusted.root.version] = cache.load("root")
                try updater.refresh()
                try checkExpected(cache)
                return updater
            } catch let error as TufError {
                throw explain(error, source.server)
            }
        }
        try cache.writeChanged(to: folder, files)
        return Trusted(try outcome.get(), targetsUrl: "\(source.server)/v1/targets/")
    }

    /// The newer root that was given must be one of those that led here from the trusted one.
    private func checkExpected(_ cache: ScratchCache) throws {
        guard let expected else { return }
        if cache.roots[expected.version] != expected.data {
            let known = try checkRoot(try readPlain("\(folder)/root.json", most: Updater.Most.root))
            throw PocketshelfError.sync(
                "the root given, version \(expected.version), is not what the trusted one, version "
                    + "\(known), leads to: is it another site's? To trust it instead, remove \(folder)", .anotherRoot)
        }
    }

    /// The version of `root`, once it is known to be signed by its own keys.
    private func checkRoot(_ root: [UInt8]) throws -> Int {
        try MetadataRules.check(root, where: "the root of trust given: refused", refusal: .badRoot)
        guard case .object(let top)? = try? StrictJson.parse(root), case .object(let signed)? = top["signed"],
            signed["_type"] == .text("root")
        else {
            throw PocketshelfError.sync(
                "the root of trust given is other metadata; give the server's root.json", .badRoot)
        }
        do {
            return try TrustedSet(root: root, now: 0, verifier: verifier).root.version
        } catch {
            throw PocketshelfError.sync("the root of trust given is damaged or not signed by its own keys",
                .badRoot)
        }
    }
}

/// The error of the framework as one line that says which lie was told and what to do.
func explain(_ error: TufError, _ server: String) -> PocketshelfError {
    let what: String, refusal: Refusal
    switch error.kind {
    case .http:
        return .server(
            "\(server): no signed repository there (status \(error.status)); check the address",
            .noRepository)
    case .tooLong: (what, refusal) = ("is longer than allowed (endless data)", .endless)
    case .expired: (what, refusal) = ("has expired: it is held back, or this clock is wrong", .expired)
    case .unsigned: (what, refusal) = ("is not signed by the keys that this device trusts", .signature)
    case .badVersion, .equalVersion:
        what = "is older than what this device has seen (rollback), or of mixed versions; a server that was "
            + "restored from a backup needs `publish --jump-ahead`"
        refusal = .rollback
    case .lengthOrHash: (what, refusal) = ("is not what was signed (wrong length or hash)", .mixed)
    case .invalid: (what, refusal) = ("is invalid", .metadata)
    }
    return .sync("\(server): refused, its metadata \(what) [\(oneLine(error))]", refusal)
}

/// Metadata of one run in memory, seeded with what is stored.
private final class ScratchCache: MetadataCache {
    private let folder: String
    private var verified: [String: [UInt8]] = [:]
    /// Every root that was trusted in this run, by version.
    var roots: [Int: [UInt8]] = [:]

    init(_ folder: String) { self.folder = folder }

    func load(_ role: String) -> [UInt8]? {
        verified[role] ?? (try? readPlain("\(folder)/\(role).json", most: MetadataRules.longest))
    }

    func keep(_ role: String, _ data: [UInt8]) throws {
        verified[role] = data
        if role == "root" { roots[try Root(data).version] = data }
    }

    /// Write what the workflow verified, in its order.
    func writeChanged(to folder: String, _ files: FileSystem) throws {
        for role in Root.roleNames {
            guard let data = verified[role] else { continue }
            let path = "\(folder)/\(role).json"
            if (try? readPlain(path, most: MetadataRules.longest)) != data { try files.writeOver(path, data) }
        }
    }
}

/// `root_version` and `expires` (the earliest, ISO 8601) of what is in a store's `trust/`; null before it.
func describeTrust(_ folder: String) -> [(String, Json)] {
    var version: Int?
    var earliest: String?
    for role in Root.roleNames {
        guard let data = try? readPlain("\(folder)/\(role).json", most: MetadataRules.longest),
            let read = try? Metadata(data, type: role), let expires = try? read.signed.text("expires")
        else { return [("root_version", .null), ("expires", .null)] }
        if role == "root" { version = read.version }
        earliest = min(earliest ?? expires, expires)
    }
    let expires = earliest.map { Json.text($0.replacingOccurrences(of: "Z", with: "+00:00")) } ?? .null
    return [("root_version", version.map(Json.integer) ?? .null), ("expires", expires)]
}
