import Foundation

/// What a generation consists of, against the SHA-256s that were recorded when it was written, beside it.
enum Recorded {
    static let shard = "shard.sqlite"
    /// What has its digest recorded, where it is there.
    static let files = [shard, Manifest.fileName]

    /// File → SHA-256 of what never changes in a generation, the shard among it.
    ///
    /// - Throws: `store`: there is no record, or a damaged one.
    static func digests(_ folder: StoreFolder, _ name: String) throws -> [String: String] {
        let data = try reading(folder, name) { try readPlain(folder.digest(name), most: 1000) }
        var digests: [String: String] = [:]
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(whereSeparator: \.isWhitespace)
            guard parts.count == 2, isHexadecimal(String(parts[0]), digits: 64) else {
                throw unreadable(folder, name, "shard.sha256 is damaged")
            }
            digests[String(parts[1])] = String(parts[0])
        }
        guard digests[shard] != nil else {
            throw unreadable(folder, name, "shard.sha256 holds no SHA-256 of the shard")
        }
        return digests
    }

    /// The bytes of a small file of a generation, as they were written.
    ///
    /// - Throws: `store`: it is missing, longer than `most`, or damaged.
    static func read(_ folder: StoreFolder, _ name: String, _ file: String, most: Int) throws -> [UInt8] {
        let recorded = try digests(folder, name)[file]
        let path = "\(folder.generation(name))/\(file)"
        let data = try reading(folder, name) { try readPlain(path, most: most) }
        // A generation that an older release wrote has the shard's digest only.
        guard recorded == nil || recorded == Sha256.hex(data) else { throw differs(path) }
        return data
    }

    /// Compare a generation's shard with its recorded SHA-256, which is returned.
    ///
    /// - Throws: `store`: it differs, or one of the two cannot be read.
    @discardableResult
    static func checkShard(_ folder: StoreFolder, _ name: String) throws -> String {
        let recorded = try digests(folder, name)[shard] ?? ""
        let path = folder.shard(name)
        return try reading(folder, name) {
            let file = try PlainFile(path)
            let header = try file.read(100)
            // A SQLite file is as long as it says, which spares hashing one that is endless.
            guard header.count == 100,
                try file.size() == bigEndian(header[16..<18]) * bigEndian(header[28..<32]),
                try file.digest().sha256 == recorded
            else { throw differs(path) }
            return recorded
        }
    }

    /// Compare all that is recorded; the shard's SHA-256.
    @discardableResult
    static func checkAll(_ folder: StoreFolder, _ name: String) throws -> String {
        for file in try digests(folder, name).keys where file != shard && files.contains(file) {
            _ = try read(folder, name, file, most: 10_000_000)
        }
        return try checkShard(folder, name)
    }

    /// The record of a generation that is being written, as sha256sum writes it.
    static func lines(staging: String) throws -> [UInt8] {
        var text = ""
        for file in files where exists("\(staging)/\(file)") {
            text += "\(try PlainFile("\(staging)/\(file)").digest().sha256)  \(file)\n"
        }
        return Array(text.utf8)
    }

    private static func reading<T>(_ folder: StoreFolder, _ name: String, _ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as SystemError {
            throw unreadable(folder, name, error.reason)
        }
    }

    private static func differs(_ path: String) -> PocketshelfError {
        .store("\(path): not the bytes that were written (SHA-256 differs); sync or build it again")
    }

    private static func unreadable(_ folder: StoreFolder, _ name: String, _ why: String) -> PocketshelfError {
        .store("\(folder.generation(name)): cannot be read (\(why)); sync or build it again")
    }
}

/// The number that `bytes` say, the highest first.
func bigEndian(_ bytes: some Sequence<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }
