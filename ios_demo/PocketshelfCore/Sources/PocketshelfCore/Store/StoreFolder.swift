import Foundation

/// Where things are in a store's folder, and reading the pointer. Nothing here writes.
///
///     <store>/current                               name of the current generation, replaced last
///     <store>/generations/<name>/shard.sqlite       the truth
///     <store>/generations/<name>/shard.sha256       "<64 hex>  shard.sqlite\n", and a line of manifest.json
///     <store>/generations/<name>/index/             derived from the shard; may be deleted
///     <store>/generations/.new-<name>/              being written; nobody reads it
///     <store>/.lock                                 held by the one process that writes
///
/// The layout is that of the Python SDK (`pocketshelf.store`): the two open each other's stores.
public struct StoreFolder: Sendable {
    public let path: String
    static let pointerBytes = 200

    public init(_ path: String) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    public var pointer: String { "\(path)/current" }
    public var generationsPath: String { "\(path)/generations" }
    public var lock: String { "\(path)/.lock" }
    public var rolledBackPath: String { "\(path)/rolled-back" }

    /// Folder of a generation.
    public func generation(_ name: String) -> String { "\(generationsPath)/\(name)" }
    /// The shard of a generation.
    public func shard(_ name: String) -> String { "\(generation(name))/shard.sqlite" }
    /// The file with its SHA-256s.
    public func digest(_ name: String) -> String { "\(generation(name))/shard.sha256" }
    /// Folder of a generation's derived indexes.
    public func index(_ name: String) -> String { "\(generation(name))/index" }

    /// Name of the current generation; nil where there is no store yet.
    ///
    /// - Throws: `store`: the pointer cannot be read or holds no name.
    public func current() throws -> String? {
        let name: String
        do {
            name = String(decoding: try readPlain(pointer, most: Self.pointerBytes), as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        } catch let error as SystemError {
            if error.isMissing { return nil }
            throw PocketshelfError.store(
                "\(pointer): cannot be read (\(error)); sync or build the store again")
        }
        guard Self.isName(name) else {
            throw PocketshelfError.store(
                "\(pointer): holds no generation's name; sync or build the store again")
        }
        return name
    }

    /// `current`, where there has to be a store.
    public func requireCurrent() throws -> String {
        guard let name = try current() else {
            throw PocketshelfError.store("\(path): no store here; make one with 'build' or 'sync'")
        }
        return name
    }

    /// Names of all complete generations, oldest first; those being written are not among them.
    public func generations() -> [String] { names().filter { Self.isAnyFolder(generation($0)) } }

    /// The newest generation older than the current one: where a rollback leads.
    public func previous() throws -> String? {
        guard let current = try current() else { return nil }
        return generations().last { precedes($0, current) }
    }

    /// A name that sorts after all that are there, whatever they stand for.
    public func next() -> String {
        let numbers = names().filter { $0.count < 19 && $0.allSatisfy(\.isNumber) }.compactMap { Int($0) }
        let digits = String((numbers.max() ?? 0) + 1)
        return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }

    /// What has a generation's name and is no folder.
    public func leftovers() -> [String] { names().filter { !Self.isAnyFolder(generation($0)) } }

    /// (generation, its sequence) that a rollback left, while the pointer still leads to an older one.
    public func rolledBack() -> (name: String, sequence: Int)? {
        // Only a memory: without it the next sync goes forward.
        guard let data = try? readPlain(rolledBackPath, most: Self.pointerBytes),
            let current = try? current()
        else { return nil }
        let parts = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard parts.count == 2, precedes(current, String(parts[0])),
            parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let sequence = Int(parts[1])
        else { return nil }
        return (String(parts[0]), sequence)
    }

    private func names() -> [String] { entries(of: generationsPath).filter(Self.isName) }

    private static func isAnyFolder(_ path: String) -> Bool {
        var found = stat()
        return stat(path, &found) == 0 && found.st_mode & S_IFMT == S_IFDIR
    }

    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, isLetterOrDigit(first), text.utf8.count <= 64 else { return false }
        return text.utf8.allSatisfy { isLetterOrDigit($0) || [0x2E, 0x5F, 0x2D].contains($0) }
    }
}
