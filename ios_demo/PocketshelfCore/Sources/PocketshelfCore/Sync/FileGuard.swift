import Foundation

/// Look at a database from a server before anything of ours reads it.
///
/// Signed does not mean harmless: the publisher's machine may have been taken over. A SQLite file can carry
/// SQL of its own that would run inside ours, and bytes that SQLite does not expect. So a file is refused
/// unless its header, its schema word for word, its pages and the type of every value are those of the format.
///
/// See "Defense Against The Dark Arts" in SQLite's documentation, https://sqlite.org/security.html.
enum FileGuard {
    /// Check an unpacked snapshot or unpacked changes: header, schema, pages and values.
    ///
    /// - Parameters:
    ///   - name: what to call it in messages.
    ///   - seconds: longest time for the checks.
    /// - Returns: the open file.
    /// - Throws: `sync`: the first thing that does not fit.
    static func check(_ kind: ProductFileKind, _ path: String, name: String, seconds: Double) throws
        -> ProductFile
    {
        do {
            try checkHeader(path)
            let connection = try ProductFile.wrapped(path) { try connect(path, seconds) }
            // Before anything is read: a view or a virtual table in place of a table would run.
            try ProductFile.checkSchema(connection, path, kind)
            let file = try ProductFile(path, kind, connection: connection)
            try file.check()
            return file
        } catch let error as PocketshelfError where error.isStore {
            let late = error.message.contains("interrupted")
            let why = late ? "took too long to check" : oneLine(error, limit: 1000)
            throw PocketshelfError.sync(
                "\(name): refused, the database is not one of this format (\(why))", .database)
        }
    }

    /// The first 100 bytes, by https://sqlite.org/fileformat2.html#the_database_header.
    private static func checkHeader(_ path: String) throws {
        let file = try PlainFile(path)
        let header = try file.read(100), size = try file.size()
        guard header.count == 100, header.starts(with: Array("SQLite format 3\0".utf8)) else {
            throw PocketshelfError.store("\(path): not a SQLite file")
        }
        let page = bigEndian(header[16..<18])
        guard page == ProductFile.pageSize, size % page == 0, size / page == bigEndian(header[28..<32]) else {
            throw PocketshelfError.store("\(path): its pages do not add up to its length")
        }
        guard header[18] == 1, header[19] == 1 else {
            throw PocketshelfError.store("\(path): needs a write-ahead log")
        }
        guard bigEndian(header[56..<60]) == 1 else {
            throw PocketshelfError.store("\(path): its text is not UTF-8")
        }
    }

    private static func connect(_ path: String, _ seconds: Double) throws -> Sqlite {
        // "immutable": no journal beside the file is looked for, whatever its header says.
        let connection = try Sqlite(uri: Sqlite.uri(path), writable: false)
        connection.guardAgainst(longestValue: 2_000_000, longestSql: 10_000, seconds: seconds)
        try connection.run("PRAGMA trusted_schema = OFF")
        try connection.run("PRAGMA cell_size_check = ON")
        try connection.run("PRAGMA mmap_size = 0")
        return connection
    }
}
