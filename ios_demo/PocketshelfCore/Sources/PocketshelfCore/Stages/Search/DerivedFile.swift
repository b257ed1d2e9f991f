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

    /// The one for a category, whose name may hold what no file's name can.
    init(folder: String, shard: String, category: String) {
        self.folder = folder
        self.shard = shard
        purpose = String(Sha256.hex(Array(category.utf8)).prefix(24))
    }

    var path: String { "\(folder)/\(purpose)\(Self.suffix)" }

    private var origin: String { Sha256.hex(Array("\(shard) \(purpose)".utf8)) }

    /// The verified bytes, of at most `most`; nil if there is no such file, or it does not fit.
    func read(most: Int) -> [UInt8]? {
        guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: most + Self.headerBytes + 1),
            let end = data.prefix(Self.headerBytes).firstIndex(of: UInt8(ascii: "\n"))
        else { return nil }
        let words = String(decoding: data[..<end], as: UTF8.self).split(
            separator: " ", omittingEmptySubsequences: false)
        let body = Array(data[(end + 1)...])
        guard words.count == 5, words[0...1].joined(separator: " ") == Self.magic, words[2] == origin,
            Int(words[4]) == body.count, body.count <= most, words[3] == Sha256.hex(body)
        else { return nil }
        return body
    }

    /// Puts `bytes` in the file's place, whatever stands there.
    func write(_ bytes: [UInt8]) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let header = "\(Self.magic) \(origin) \(Sha256.hex(bytes)) \(bytes.count)\n"
        try Data(Array(header.utf8) + bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
    }
}
