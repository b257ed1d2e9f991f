import Foundation

/// A file derived from a shard, such as the graph of a category; it carries two digests. Format, version 1:
///
///     pocketshelf-derived 1 <origin> <sha256> <length>\n     five words in ASCII, 170 bytes at most
///     <length> bytes, whose SHA-256 is <sha256>
///
/// `origin` is the SHA-256 of what the bytes were made from and for: the shard's digest, and the file's purpose. A file
/// that does not fit, whatever befell it, is as good as none: it is made again.
struct DerivedFile {
    private static let magic = "pocketshelf-derived 1"
    static let suffix = ".1.usearch"
    private static let headerBytes = 170

    let folder: String
    let shard: String
    /// Names the file; what is derived for another never passes for it.
    let purpose: String
    let path: String

    /// The graph of a category, whose name may hold what no file's name can.
    init(folder: String, shard: String, category: String) {
        self.folder = folder
        self.shard = shard
        purpose = String(Sha256.hex(Array(category.utf8)).prefix(24))
        path = "\(folder)/\(purpose)\(Self.suffix)"
    }

    /// The local features of the whole shard (`FeatureTable`), which come from where its pictures are.
    init(featuresOf shard: String, folder: String) {
        self.folder = folder
        self.shard = shard
        purpose = "shard.2.features"
        path = "\(folder)/\(purpose)"
    }

    private var origin: String { Sha256.hex(Array("\(shard) \(purpose)".utf8)) }

    /// The verified bytes, of at most `most`; nil if there is no such file, or it does not fit.
    func read(most: Int) -> [UInt8]? {
        guard let file = try? PlainFile(path), let start = try? file.read(Self.headerBytes),
            let end = start.firstIndex(of: UInt8(ascii: "\n")), let size = try? file.size()
        else { return nil }
        let words = String(decoding: start[..<end], as: UTF8.self).split(
            separator: " ", omittingEmptySubsequences: false)
        let length = size - end - 1
        guard words.count == 5, words[0...1].joined(separator: " ") == Self.magic, words[2] == origin,
            Int(words[4]) == length, length >= 0, length <= most
        else { return nil }
        file.rewind(to: end + 1)
        guard let body = try? file.read(length), body.count == length, words[3] == Sha256.hex(body) else { return nil }
        return body
    }

    /// Puts `bytes` in the file's place, whatever stands there.
    func write(_ bytes: [UInt8]) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(framed(bytes)).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    /// The same, durably.
    ///
    /// - Throws: `SystemError`: the volume is full, read-only or gone.
    func put(_ bytes: [UInt8], _ files: FileSystem) throws {
        try makeWay(folder, folder: true)
        try files.makeFolder(folder)
        try files.syncFolder(splitPath(folder).folder)
        try files.writeOver(path, framed(bytes))
    }

    /// What tells the file from one that took its place: its header; nothing where there is no file.
    func stamp() -> [UInt8] {
        let start = try? PlainFile(path).read(Self.headerBytes)
        return Array((start ?? []).prefix { $0 != UInt8(ascii: "\n") })
    }

    /// The file's bytes, its header first.
    private func framed(_ bytes: [UInt8]) -> [UInt8] {
        Array("\(Self.magic) \(origin) \(Sha256.hex(bytes)) \(bytes.count)\n".utf8) + bytes
    }
}
