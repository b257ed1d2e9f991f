import Foundation

/// What the system said no to.
public struct SystemError: Error, CustomStringConvertible {
    /// The system's number (errno).
    public let code: Int32
    public let path: String
    /// In its own words, or in ours.
    public let reason: String

    public init(_ path: String, _ code: Int32 = errno, _ reason: String? = nil) {
        self.code = code
        self.path = path
        self.reason = reason ?? String(cString: strerror(code))
    }

    public var description: String { reason }
    /// Whether there is nothing of that name.
    public var isMissing: Bool { code == ENOENT || code == ENOTDIR }
}

/// Reading files that a power cut, a full disk or somebody else may have left in any state.
///
/// A name may stand for something else than the file that was written there: a folder, a link that leads out
/// of the store, a pipe on which a reader would wait for ever. What is read here is a plain file, and bounded.
public final class PlainFile {
    public let path: String
    private let descriptor: Int32

    /// Open a plain file, or a link to one, for reading; never waits for another process.
    ///
    /// - Throws: `SystemError`: it is missing, cannot be read, or is a folder, a pipe or a device.
    public init(_ path: String) throws {
        // Into a local first: where an initialiser throws with all of it set, deinit runs as well.
        let opened = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard opened >= 0 else { throw SystemError(path) }
        var found = stat()
        guard fstat(opened, &found) == 0, found.st_mode & S_IFMT == S_IFREG else {
            close(opened)
            throw SystemError(path, EINVAL, "not a plain file")
        }
        self.path = path
        descriptor = opened
    }

    deinit { close(descriptor) }

    /// Bytes.
    public func size() throws -> Int {
        var found = stat()
        guard fstat(descriptor, &found) == 0 else { throw SystemError(path) }
        return Int(found.st_size)
    }

    /// The next bytes, at most `most`; fewer at the end of the file.
    public func read(_ most: Int) throws -> [UInt8] {
        var data = [UInt8](repeating: 0, count: most)
        var have = 0
        while have < most {
            let count = data[have...].withUnsafeMutableBytes {
                #if canImport(Darwin)
                Darwin.read(descriptor, $0.baseAddress, $0.count)
                #else
                Glibc.read(descriptor, $0.baseAddress, $0.count)
                #endif
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SystemError(path) }
            if count == 0 { break }
            have += count
        }
        data.removeLast(most - have)
        return data
    }

    /// Go back to the first byte, or to another.
    public func rewind(to place: Int = 0) { lseek(descriptor, off_t(place), SEEK_SET) }

    /// SHA-256 of the whole file, and its length.
    public func digest() throws -> (sha256: String, length: Int) {
        rewind()
        var digest = Sha256()
        var length = 0
        while true {
            let piece = try read(1 << 20)
            if piece.isEmpty { break }
            digest.update(piece)
            length += piece.count
        }
        return (digest.hex(), length)
    }
}

/// The bytes of a plain file, at most `most` of them.
///
/// - Throws: `SystemError`: as `PlainFile.init`, or it is longer.
public func readPlain(_ path: String, most: Int) throws -> [UInt8] {
    let file = try PlainFile(path)
    let size = try file.size()
    guard size <= most else {
        throw SystemError(path, EFBIG, "longer than the \(most) bytes that it may have")
    }
    let data = try file.read(min(size, most) + 1)
    guard data.count <= most else {
        throw SystemError(path, EFBIG, "longer than the \(most) bytes that it may have")
    }
    return data
}

/// Remove what is at `path`, if anything is: a file, a link (never what it leads to), a whole folder.
///
/// - Throws: `SystemError`: it cannot be removed.
public func remove(_ path: String) throws {
    var found = stat()
    guard lstat(path, &found) == 0 else {
        if errno == ENOENT || errno == ENOTDIR { return }
        throw SystemError(path)
    }
    guard found.st_mode & S_IFMT == S_IFDIR else {
        guard unlink(path) == 0 || errno == ENOENT else { throw SystemError(path) }
        return
    }
    chmod(path, 0o700)  // One that may not be read cannot be emptied.
    for name in entries(of: path) { try remove("\(path)/\(name)") }
    guard rmdir(path) == 0 else { throw SystemError(path) }
}

/// Remove what stands where a file of ours (or a folder) belongs and is none, or may not be used.
public func makeWay(_ path: String, folder: Bool = false) throws {
    var found = stat()
    guard lstat(path, &found) == 0 else { return }
    let kind = found.st_mode & S_IFMT
    let rights = R_OK | W_OK | (folder ? X_OK : 0)
    if kind == (folder ? S_IFDIR : S_IFREG), access(path, rights) == 0 { return }
    try remove(path)
}

/// Names of what is in a folder, sorted; none where there is none.
public func entries(of path: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.sorted(by: precedes)
}

/// Whether a folder, not a link to one, is at `path`.
func isFolder(_ path: String) -> Bool {
    var found = stat()
    return lstat(path, &found) == 0 && found.st_mode & S_IFMT == S_IFDIR
}

/// Whether anything is at `path`.
func exists(_ path: String) -> Bool {
    var found = stat()
    return lstat(path, &found) == 0
}

/// Bytes of the file at `path`; 0 where there is none.
func fileSize(_ path: String) -> Int {
    var found = stat()
    return stat(path, &found) == 0 ? Int(found.st_size) : 0
}

/// The part of `path` before its last name, and the name.
func splitPath(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    let folder = String(path[..<slash])
    return (folder.isEmpty ? "/" : folder, String(path[path.index(after: slash)...]))
}
