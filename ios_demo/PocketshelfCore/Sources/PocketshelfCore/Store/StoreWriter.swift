import Foundation

/// The one writer of a store: a new generation beside the old one, then the pointer, atomically and last.
///
///     try StoreWriter.open("shelf") { writer in
///         try writer.staged { staging in
///             … write "\(staging)/shard.sqlite" …
///             try writer.publish(staging)
///         }
///     }
public final class StoreWriter {
    /// The store's paths.
    public let folder: StoreFolder
    /// Every change goes through it.
    public let files: FileSystem

    private init(_ folder: StoreFolder, _ files: FileSystem) {
        self.folder = folder
        self.files = files
    }

    /// Lock the store at `path`, creating the folder if need be, and run `body`.
    ///
    /// - Throws: `store`: another process is writing, or the folder cannot be written. The system's errors
    ///   within `body`, a full disk among them, come out as this, too.
    public static func open<T>(
        _ path: String, files: FileSystem = FileSystem(), _ body: (StoreWriter) throws -> T
    ) throws -> T {
        let writer = StoreWriter(StoreFolder(path), files)
        let before = try? writer.folder.current()
        do {
            try writer.makeFolder()
            try makeWay(writer.folder.lock)
            let lock = try Lock(writer.folder.lock, of: writer.folder.path)
            return try withExtendedLifetime(lock) { try body(writer) }
        } catch let error as SystemError {
            let after = try? writer.folder.current()
            let state = before == after ? "as it was" : "whole, and at generation \(after ?? "?") now"
            throw PocketshelfError.store("\(error.path): \(error.reason); the store is \(state)")
        }
    }

    private func makeFolder() throws {
        do {
            try files.makeFolder(folder.generationsPath)
        } catch let error as SystemError where error.code == EEXIST {
            throw PocketshelfError.store(
                "\(folder.generationsPath): not a folder; remove it, then sync or build again")
        }
    }

    /// Run `body` with an empty folder for the next generation, removed again if it fails.
    ///
    /// What an interrupted writer left is removed first.
    public func staged<T>(_ body: (String) throws -> T) throws -> T {
        for name in entries(of: folder.generationsPath) {
            let path = folder.generation(name)
            if name.hasPrefix(".old-") { try? files.removeTree(path) }  // It only takes space.
            if name.hasPrefix(".new-") { try files.removeTree(path) }
        }
        let staging = "\(folder.generationsPath)/.new-\(folder.next())"
        try files.makeFolder(staging)
        do {
            return try body(staging)
        } catch {
            if exists(staging) { try? files.removeTree(staging) }
            throw error
        }
    }

    /// Make `staging`, with its `shard.sqlite`, the current generation; returns its name.
    ///
    /// After a crash at any point the store is wholly in the old state or wholly in the new one.
    ///
    /// - Parameter replacesDamaged: the current generation is not worth keeping; the one before it stays.
    /// - Throws: `store`: the shard does not open, or the disk does not take it; the store is as before.
    @discardableResult
    public func publish(_ staging: String, replacesDamaged: Bool = false) throws -> String {
        let shard = "\(staging)/shard.sqlite"
        try Shard(shard).close()
        let kept = worthKeeping(replacesDamaged)
        let name = String(splitPath(staging).name.dropFirst(".new-".count))
        try files.sync(shard)
        try files.writeOver("\(staging)/shard.sha256", Recorded.lines(staging: staging))
        try files.replace(staging, with: folder.generation(name))
        try files.syncFolder(folder.generationsPath)
        try point(to: name)
        prune(keep: [name, kept].compactMap { $0 })
        return name
    }

    private func point(to name: String) throws { try files.writeOver(folder.pointer, Array("\(name)\n".utf8)) }

    private func worthKeeping(_ damaged: Bool) -> String? {
        do {
            return damaged ? try folder.previous() : try folder.current()
        } catch {  // The pointer itself is damaged: what it pointed at is unknown.
            return folder.generations().last
        }
    }

    /// Point back to the generation before the current one; returns its name.
    ///
    /// What was current is remembered, if it is sound, so that no sync returns to it by itself.
    ///
    /// - Throws: `store`: there is none, or it is damaged.
    public func rollback() throws -> String {
        let current = try folder.requireCurrent()
        guard let previous = try folder.previous() else {
            throw PocketshelfError.store("\(folder.path): there is no older generation to go back to",
                .nothingToRollBack)
        }
        _ = try sequence(previous)
        if let left = try? sequence(current) {  // A damaged one may come again, whole.
            var refused = (name: current, sequence: left)
            if let earlier = folder.rolledBack(),
                earlier.sequence > left || (earlier.sequence == left && precedes(current, earlier.name))
            {
                refused = earlier
            }
            try files.writeOver(folder.rolledBackPath, Array("\(refused.name) \(refused.sequence)\n".utf8))
        }
        try point(to: previous)
        return previous
    }

    /// Point to the generation that was rolled back from; returns its name.
    ///
    /// - Throws: `store`: nothing was rolled back, or it is gone or damaged.
    public func undoRollback() throws -> String {
        _ = try folder.requireCurrent()
        guard let refused = folder.rolledBack() else {
            throw PocketshelfError.store("\(folder.path): nothing was rolled back", .nothingToRollBack)
        }
        _ = try sequence(refused.name)
        try point(to: refused.name)
        return refused.name
    }

    /// The sequence of a sound generation.
    private func sequence(_ name: String) throws -> Int {
        try Recorded.checkShard(folder, name)
        let shard = try Shard(folder.shard(name))
        defer { shard.close() }
        return shard.meta.sequence
    }

    /// Remove all generations but those in `keep`.
    public func prune(keep: [String]) {
        // One that cannot be removed now only takes space; the next prune tries again.
        for name in folder.generations() + folder.leftovers() where !keep.contains(name) {
            // Out of the names first, durably: half a generation must never pass for one.
            let doomed = "\(folder.generationsPath)/.old-\(name)"
            do {
                try files.replace(folder.generation(name), with: doomed)
                try files.syncFolder(folder.generationsPath)
                try files.removeTree(doomed)
            } catch { continue }
        }
    }
}

/// Return the store at `path` to its previous generation, whose name is returned.
///
/// - Parameter undo: return to the generation that was rolled back from instead.
/// - Throws: `store`: there is no store, no such generation, or it is damaged.
public func rollbackStore(
    _ path: String, undo: Bool = false, files: FileSystem = FileSystem()
) throws -> String {
    _ = try StoreFolder(path).requireCurrent()
    return try StoreWriter.open(path, files: files) { try undo ? $0.undoRollback() : $0.rollback() }
}

/// An exclusive lock, which the system releases when the process dies.
private final class Lock {
    private let descriptor: Int32

    init(_ path: String, of store: String) throws {
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard opened >= 0 else { throw SystemError(path) }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(opened)
            guard code == EWOULDBLOCK || code == EACCES else { throw SystemError(path, code) }
            throw PocketshelfError.store("\(store): another process is writing this store; wait for it")
        }
        descriptor = opened
    }

    deinit { close(descriptor) }
}
