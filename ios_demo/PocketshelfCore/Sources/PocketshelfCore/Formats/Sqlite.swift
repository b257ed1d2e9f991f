import CSQLite
import Foundation

/// What SQLite said no to.
struct SqliteError: Error, CustomStringConvertible {
    let code: Int32
    let message: String
    var description: String { message }
}

/// A connection to one SQLite file. For one thread at a time.
final class Sqlite {
    private var handle: OpaquePointer?
    private var deadline = Double.infinity

    /// - Parameter uri: as SQLite reads it, see `Sqlite.uri`.
    init(uri: String, writable: Bool) throws {
        let flags = (writable ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_URI
        let code = sqlite3_open_v2(uri, &handle, flags | SQLITE_OPEN_FULLMUTEX, nil)
        guard code == SQLITE_OK else {
            defer { close() }
            throw fault(code)
        }
        sqlite3_extended_result_codes(handle, 1)
    }

    deinit { close() }

    func close() {
        sqlite3_close_v2(handle)
        handle = nil
    }

    /// What SQLite opens as the existing file `path`, without locks and without a journal beside it.
    static func uri(_ path: String, writable: Bool = false) -> String {
        var plain = CharacterSet.alphanumerics
        plain.insert(charactersIn: "/._-~")
        let real = URL(fileURLWithPath: path).standardizedFileURL.path
        let quoted = real.utf8.map { byte -> String in
            byte < 0x80 && plain.contains(Unicode.Scalar(byte))
                ? String(Unicode.Scalar(byte)) : "%" + hexadecimal([byte]).uppercased()
        }
        return "file:\(quoted.joined())?" + (writable ? "mode=rw&nolock=1" : "mode=ro&immutable=1")
    }

    /// Bounds for a file that may be hostile: bytes a value, bytes a statement, seconds in all.
    func guardAgainst(longestValue: Int32, longestSql: Int32, seconds: Double) {
        sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, longestValue)
        sqlite3_limit(handle, SQLITE_LIMIT_SQL_LENGTH, longestSql)
        sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0)
        deadline = monotonicSeconds() + seconds
        let own = Unmanaged.passUnretained(self).toOpaque()
        let late: @convention(c) (UnsafeMutableRawPointer?) -> Int32 = { own in
            guard let own else { return 0 }
            let connection = Unmanaged<Sqlite>.fromOpaque(own).takeUnretainedValue()
            return monotonicSeconds() > connection.deadline ? 1 : 0
        }
        sqlite3_progress_handler(handle, 200_000, late, own)
    }

    /// Run a statement to its end; its rows go to `each`.
    ///
    /// - Parameter values: by the names that the statement has for them, as ":dimension"; others are ignored.
    func run(
        _ sql: String, _ values: [String: SqliteValue] = [:], each: (Row) throws -> Void = { _ in }
    ) throws {
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v2(handle, sql, -1, &statement, nil)
        guard code == SQLITE_OK else { throw fault(code) }
        defer { sqlite3_finalize(statement) }
        for (name, value) in values {
            let place = sqlite3_bind_parameter_index(statement, name)
            if place > 0 { try bind(statement, place, value) }
        }
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else { throw fault(code) }
            try each(Row(statement: statement))
        }
    }

    /// Run `body` in one transaction that holds the write lock from its start; nothing is kept if it fails.
    func transaction(_ body: () throws -> Void) throws {
        try run("BEGIN IMMEDIATE")
        do {
            try body()
            try run("COMMIT")
        } catch {
            // SQLite has ended it by itself when the disk is full.
            if sqlite3_get_autocommit(handle) == 0 { try? run("ROLLBACK") }
            throw error
        }
    }

    private func bind(_ statement: OpaquePointer?, _ place: Int32, _ value: SqliteValue) throws {
        let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        let code: Int32
        switch value {
        case .integer(let number): code = sqlite3_bind_int64(statement, place, Int64(number))
        case .text(let text):
            code = sqlite3_bind_text(statement, place, text, Int32(text.utf8.count), copied)
        }
        guard code == SQLITE_OK else { throw fault(code) }
    }

    private func fault(_ code: Int32) -> SqliteError {
        let text = handle.flatMap { sqlite3_errmsg($0) } ?? sqlite3_errstr(code)
        return SqliteError(code: code & 0xFF, message: text.map { String(cString: $0) } ?? "error \(code)")
    }
}

/// A value for a statement.
enum SqliteValue {
    case integer(Int)
    case text(String)
}

/// A row of a result, valid until the next one.
struct Row {
    let statement: OpaquePointer?

    /// Whether the column is of SQLite's type `type`, as `SQLITE_TEXT`.
    func isA(_ type: Int32, _ column: Int32) -> Bool { sqlite3_column_type(statement, column) == type }

    /// The integer in a column; nil where it holds something else.
    func integer(_ column: Int32) -> Int? {
        isA(SQLITE_INTEGER, column) ? Int(sqlite3_column_int64(statement, column)) : nil
    }

    /// The text in a column; nil where it holds something else.
    ///
    /// - Throws: `NotUnicode`: SQLite keeps bytes that are no UTF-8 without complaint.
    func text(_ column: Int32) throws -> String? {
        guard isA(SQLITE_TEXT, column), let start = sqlite3_column_text(statement, column) else {
            return nil
        }
        let count = Int(sqlite3_column_bytes(statement, column))
        let bytes = UnsafeBufferPointer(start: start, count: count)
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.utf8.elementsEqual(bytes) else { throw NotUnicode() }
        return text
    }

    /// Run `body` over the blob in a column; nil where it holds something else.
    func withBlob<T>(_ column: Int32, _ body: (UnsafeRawBufferPointer) throws -> T) rethrows -> T? {
        guard isA(SQLITE_BLOB, column) else { return nil }
        let start = sqlite3_column_blob(statement, column)
        let count = Int(sqlite3_column_bytes(statement, column))
        return try body(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
    }

    struct NotUnicode: Error {}
}

/// Seconds of a clock that only goes forward.
public func monotonicSeconds() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}
