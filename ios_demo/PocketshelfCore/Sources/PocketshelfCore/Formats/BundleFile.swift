import Foundation

/// A bundle's files on disk: read within bounds, compared with what `bundle.json` records.
enum BundleFile {
    /// A file's bytes, of at most `most`.
    static func contents(_ path: String, most: Int) throws -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw PocketshelfError.bundle("\(path): cannot be read")
        }
        defer { try? handle.close() }
        let data = try handle.read(upToCount: most + 1) ?? Data()
        guard data.count <= most else { throw PocketshelfError.bundle("\(path): longer than \(most) bytes") }
        return Array(data)
    }

    /// - Throws: `bundle`: the file is missing, or not the one recorded.
    static func check(_ path: String, _ file: FileSpec, hashes: Bool) throws {
        guard FileManager.default.fileExists(atPath: path) else {
            throw PocketshelfError.bundle("\(path): the model file is missing; export or download the bundle again")
        }
        guard hashes else { return }
        let found: (sha256: String, bytes: Int)
        do {
            found = try digest(path)
        } catch {
            throw PocketshelfError.bundle("\(path): cannot be read (\(oneLine(error)))")
        }
        guard found.sha256 == file.sha256, found.bytes == file.bytes else {
            throw PocketshelfError.bundle(
                "\(path): not the file that \(ModelBundle.fileName) records; export or download it again")
        }
    }

    /// SHA-256 and length of a file; of a folder that of the sorted lines `<sha256>  <relative path>\n` of the
    /// files within, and their sum.
    static func digest(_ path: String) throws -> (sha256: String, bytes: Int) {
        guard isFolder(path) else {
            let data = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
            return (Sha256.hex(Array(data)), data.count)
        }
        // By the parts of their paths, as Python sorts them: "a/b" comes before "a.b".
        let files = try filesWithin(path).sorted { left, right in
            left.lexicographicallyPrecedes(right) { precedes($0, $1) }
        }
        var lines = "", total = 0
        for parts in files {
            let relative = parts.joined(separator: "/")
            let each = try digest("\(path)/\(relative)")
            lines += "\(each.sha256)  \(relative)\n"
            total += each.bytes
        }
        return (Sha256.hex(Array(lines.utf8)), total)
    }

    private static func filesWithin(_ folder: String) throws -> [[String]] {
        try FileManager.default.contentsOfDirectory(atPath: folder).flatMap { name -> [[String]] in
            isFolder("\(folder)/\(name)") ? try filesWithin("\(folder)/\(name)").map { [name] + $0 } : [[name]]
        }
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}
