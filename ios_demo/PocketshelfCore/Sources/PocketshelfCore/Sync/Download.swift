/// Brings signed files into a folder: bounded, resumable, verified before anyone may read them.
///
/// The bytes gather in `<sha256>.part`; the name without `.part` appears only once length and hash are those
/// signed. `<sha256>.etag` keeps the server's entity tag, to resume by.
final class Downloader {
    private let folder: String
    private let source: FileSource
    private let files: FileSystem
    private let progress: (Int, Int) -> Void

    /// - Parameter progress: told (bytes so far, bytes in all).
    init(
        _ folder: String, _ source: FileSource, _ files: FileSystem,
        progress: @escaping (Int, Int) -> Void = { _, _ in }
    ) {
        self.folder = folder
        self.source = source
        self.files = files
        self.progress = progress
    }

    /// Bring `target`; an interrupted download goes on where it ended. A file that was resumed and turns out
    /// wrong is fetched once more from its start.
    ///
    /// - Parameter most: longest length accepted.
    /// - Returns: the path of the verified file.
    /// - Throws: `unreachable`: the server is away; what has arrived is kept. `server`: it does not have the
    ///   file. `sync`: the file is not the one signed, is too long, or comes too slowly.
    func get(_ target: Target, most: Int) throws -> String {
        guard target.length <= most else {
            throw PocketshelfError.sync(
                "\(target.name): refused, \(target.length) bytes are more than the \(most) allowed", .tooLong)
        }
        let done = "\(folder)/\(target.sha256)", part = "\(done).part"
        if target.matches(done) { return done }
        try makeWay(folder, folder: true)
        try files.makeFolder(folder)
        for path in [part, done, tag(done)] { try makeWay(path) }
        if try receive(target, done), !target.matches(part) {
            try files.unlink(part)
            _ = try receive(target, done)
        }
        try accept(target, done)
        return done
    }

    private func tag(_ done: String) -> String { "\(done).etag" }

    private func accept(_ target: Target, _ done: String) throws {
        let part = "\(done).part"
        guard target.matches(part) else {
            let size = fileSize(part)
            try files.unlink(part)
            throw PocketshelfError.sync(
                "\(target.name): refused, not the file that was signed (\(size) of \(target.length) bytes, or "
                    + "another hash)", .anotherFile)
        }
        try files.sync(part)
        try files.replace(part, with: done)
        try files.unlink(tag(done))
        try files.syncFolder(folder)
    }

    /// Fill the part; true if it was begun earlier.
    private func receive(_ target: Target, _ done: String) throws -> Bool {
        let part = "\(done).part"
        var have = exists(part) ? fileSize(part) : 0
        if have == target.length { return true }
        if have > target.length { have = 0 }
        let known = have > 0 ? try? readPlain(tag(done), most: 1000) : nil
        source.pace.start()
        let answer = try source.get(
            target.url, offset: have, etag: known.map { String(decoding: $0, as: UTF8.self) })
        defer { answer.close() }
        let start = try Self.start(answer, target, have)
        if start == 0 {
            try files.write(tag(done), Array((answer.etag ?? "").utf8))
            try files.write(part, [])
        }
        try store(answer, part, start, target)
        return start > 0
    }

    private func store(_ answer: FetchAnswer, _ part: String, _ start: Int, _ target: Target) throws {
        var gathered: [UInt8] = [], have = start
        func flush() throws {
            if !gathered.isEmpty { try files.append(part, gathered) }
            gathered.removeAll(keepingCapacity: true)
        }
        do {
            while let piece = try answer.next() {
                have += piece.count
                guard have <= target.length else {
                    gathered = []
                    try files.unlink(part)
                    throw PocketshelfError.sync(
                        "\(target.name): refused, longer than the \(target.length) bytes signed (endless data)",
                        .endless)
                }
                gathered += piece
                if gathered.count >= source.limits.chunk { try flush() }
                progress(have, target.length)
                try source.pace.received(piece.count)
            }
        } catch let error as PocketshelfError {
            try flush()  // The next sync goes on from here.
            throw error
        }
        try flush()
    }

    /// Where the answer's body belongs in the file.
    private static func start(_ answer: FetchAnswer, _ target: Target, _ have: Int) throws -> Int {
        if answer.status == 200 { return 0 }
        if answer.status == 206, answer.start == have { return have }
        if answer.status == 206 || answer.status == 416 {
            throw PocketshelfError.sync(
                "\(target.name): the server answered another part than was asked for; sync again", .anotherPart)
        }
        throw PocketshelfError.server(
            "\(target.url): the server does not have the file it signed (status \(answer.status))", .notServed)
    }
}
