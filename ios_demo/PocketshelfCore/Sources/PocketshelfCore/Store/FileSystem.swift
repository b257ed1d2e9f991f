import Foundation

/// The file operations that a store's durability rests on, each one a point where power may fail.
///
/// Everything that changes a store goes through one, so that a test can end the process at every single
/// operation. Each may throw `SystemError`.
open class FileSystem {
    public init() {}

    /// Create or truncate `path` and write `data`; not yet durable. A link there is not followed.
    open func write(_ path: String, _ data: [UInt8]) throws {
        try makeWay(path)
        try put(path, data, O_WRONLY | O_CREAT | O_TRUNC)
    }

    /// Add `data` at the end of `path`; not yet durable.
    open func append(_ path: String, _ data: [UInt8]) throws {
        try put(path, data, O_WRONLY | O_CREAT | O_APPEND)
    }

    /// Make the contents of a file durable, on a volume that can.
    open func sync(_ path: String) throws { try flush(path, O_RDWR) }

    /// Make a folder's entries (creations, renames, removals in it) durable.
    open func syncFolder(_ path: String) throws { try flush(path, O_RDONLY) }

    /// Rename atomically, replacing `target`.
    open func replace(_ source: String, with target: String) throws {
        guard rename(source, target) == 0 else { throw SystemError(target) }
    }

    /// Remove a file if it is there.
    open func unlink(_ path: String) throws {
        #if canImport(Darwin)
        let code = Darwin.unlink(path)
        #else
        let code = Glibc.unlink(path)
        #endif
        guard code == 0 || errno == ENOENT else { throw SystemError(path) }
    }

    /// Create a folder, and those above it, if missing.
    open func makeFolder(_ path: String) throws {
        var found = stat()
        if stat(path, &found) == 0 {
            guard found.st_mode & S_IFMT == S_IFDIR else { throw SystemError(path, EEXIST) }
            return
        }
        let above = splitPath(path).folder
        if above != path, !exists(above) { try makeFolder(above) }
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw SystemError(path) }
    }

    /// Remove a folder and what is in it, or what else stands there, if anything does.
    open func removeTree(_ path: String) throws { try PocketshelfCore.remove(path) }

    /// Copy a file's contents, sharing blocks where the volume can; not yet durable.
    open func copy(_ source: String, to target: String) throws {
        try makeWay(target)
        #if canImport(Darwin)
        try unlink(target)
        if clonefile(source, target, 0) == 0 { return }
        #endif
        let file = try PlainFile(source)
        try put(target, [], O_WRONLY | O_CREAT | O_TRUNC)
        while true {
            let piece = try file.read(1 << 20)
            if piece.isEmpty { return }
            try put(target, piece, O_WRONLY | O_APPEND)
        }
    }

    private func put(_ path: String, _ data: [UInt8], _ flags: Int32) throws {
        let descriptor = open(path, flags | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw SystemError(path) }
        defer { close(descriptor) }
        var done = 0
        while done < data.count {
            let count = data[done...].withUnsafeBytes {
                #if canImport(Darwin)
                Darwin.write(descriptor, $0.baseAddress, $0.count)
                #else
                Glibc.write(descriptor, $0.baseAddress, $0.count)
                #endif
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SystemError(path) }
            done += count
        }
    }

    private func flush(_ path: String, _ flags: Int32) throws {
        let descriptor = open(path, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError(path) }
        defer { close(descriptor) }
        #if canImport(Darwin)
        // There fsync leaves the bytes in the drive's own cache.
        if fcntl(descriptor, F_FULLFSYNC) == 0 { return }
        #endif
        // What a volume answers that cannot.
        guard fsync(descriptor) == 0 || [EINVAL, ENOTSUP, EOPNOTSUPP, ENOSYS].contains(errno) else {
            throw SystemError(path)
        }
    }
}

extension FileSystem {
    /// Replace `path` so that after a crash it holds either all of the old or all of `data`, whatever stands
    /// in its place, a folder included.
    ///
    /// - Throws: `SystemError`: the volume is full, read-only or gone; `path` is as it was.
    public func writeOver(_ path: String, _ data: [UInt8]) throws {
        if isFolder(path) { try removeTree(path) }
        let (folder, name) = splitPath(path)
        let temporary = "\(folder)/.\(name).new"
        try write(temporary, data)
        try sync(temporary)
        try replace(temporary, with: path)
        try syncFolder(folder)
    }
}
