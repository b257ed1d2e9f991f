import CSQLite
import Foundation

/// The two formats of files of products.
enum ProductFileKind: String {
    case shard
    case delta

    /// The table that holds products.
    var table: String { self == .shard ? "products" : "upserts" }
    var schema: String { self == .shard ? ContractSql.shard : ContractSql.delta }
    var checks: String { self == .shard ? ContractSql.checkShard : ContractSql.checkDelta }
    /// The numbers in its meta, besides the dimension.
    var numbers: [String] { self == .shard ? ["sequence"] : ["from_sequence", "to_sequence"] }
    /// The texts in its meta.
    var texts: [String] {
        self == .shard ? ["space", "preprocessing", "bundle"] : ["space", "preprocessing"]
    }
}

/// An open file of products, read-only: what shards and deltas share.
///
/// A file that was downloaded may be hostile. It is refused unless its schema is exactly the tables of its
/// format: no view, trigger, index or virtual table, whose SQL would run inside ours.
final class ProductFile {
    static let version = 1
    /// Numbers a vector; models have some hundreds.
    static let maxDimension = 65_536
    static let pageSize = 4096

    let path: String
    let kind: ProductFileKind
    let connection: Sqlite
    /// What its meta table says, numbers among it as their digits.
    private let meta: [String: String]
    let dimension: Int

    /// Open, and look at schema and meta; `check` reads the file whole.
    ///
    /// - Parameter connection: used instead of one that is opened here.
    /// - Throws: `store`: the file is missing, damaged, or of another format or version.
    init(_ path: String, _ kind: ProductFileKind, connection given: Sqlite? = nil) throws {
        self.path = path
        self.kind = kind
        let opened = try given ?? ProductFile.connect(path)
        connection = opened
        let found = try ProductFile.readMeta(opened, path, kind)
        try ProductFile.checkSchema(opened, path, kind)
        meta = found
        for name in kind.texts where (found[name] ?? "").isEmpty {
            throw PocketshelfError.store("\(path): its meta lacks '\(name)'")
        }
        for name in kind.numbers { _ = try ProductFile.number(found, name, path) }
        dimension = try ProductFile.number(found, "dimension", path)
        guard (1...ProductFile.maxDimension).contains(dimension) else {
            throw PocketshelfError.store(
                "\(path): its meta has dimension \(dimension), not 1 to \(ProductFile.maxDimension)")
        }
    }

    func close() { connection.close() }

    /// A text of its meta.
    func text(_ name: String) -> String { meta[name] ?? "" }

    /// A number of its meta.
    func number(_ name: String) -> Int { Int(meta[name] ?? "") ?? 0 }

    /// What a shard says of itself.
    var shardMeta: ShardMeta {
        ShardMeta(
            space: text("space"), preprocessing: text("preprocessing"), bundle: text("bundle"),
            sequence: number("sequence"), dimension: dimension)
    }

    /// Rows of a statement, with SQLite's errors as `store`.
    func query(_ sql: String, _ values: [String: SqliteValue] = [:], each: (Row) throws -> Void) throws {
        try ProductFile.wrapped(path) { try connection.run(sql, values, each: each) }
    }

    /// The products for which `condition` (a WHERE clause) holds, by id.
    func products(
        _ condition: String = "", _ values: [String: SqliteValue] = [:], each: (Product) throws -> Void
    ) throws {
        let names = "product_id, sequence, category, title, image, attributes, vectors"
        let sql = "SELECT \(names) FROM \(kind.table) \(condition) ORDER BY product_id"
        try query(sql, values) { row in
            let product: Product
            do {
                product = try read(row)
            } catch let error as ProductRules.Broken {
                throw PocketshelfError.store("\(path): \(error); sync or build it again")
            }
            try each(product)
        }
    }

    private func read(_ row: Row) throws -> Product {
        guard let id = try row.text(0), !id.isEmpty else { throw ProductRules.Broken("a product without an id") }
        let wrong = ProductRules.Broken("product '\(id)': a column of the wrong type")
        guard let sequence = row.integer(1), let category = try row.text(2), let title = try row.text(3),
            row.isA(SQLITE_TEXT, 4) || row.isA(SQLITE_NULL, 4), let attributes = try row.text(5),
            let vectors = row.withBlob(6, { Array($0.bindMemory(to: Int8.self)) })
        else { throw wrong }
        _ = try ProductRules.vectorCount(bytes: vectors.count, dimension: dimension, of: id)
        let image = try row.text(4)
        let texts = ProductRules.Texts(
            productId: id, category: category, title: title, image: image, attributes: attributes)
        return Product(
            productId: id, sequence: sequence, category: category, title: title, image: image,
            attributes: try ProductRules.check(texts), vectors: vectors)
    }

    /// Read everything and compare it with the format.
    ///
    /// - Throws: `store`: the first fault found.
    func check() throws {
        var answer = ""
        try query("PRAGMA integrity_check(1)") { row in answer = try row.text(0) ?? "" }
        guard answer == "ok" else {
            throw PocketshelfError.store("\(path): damaged (\(oneLine(answer))); sync or build it again")
        }
        var values = [":dimension": SqliteValue.integer(dimension), ":max_text": .integer(ProductRules.maxText)]
        for name in kind.numbers { values[":\(name)"] = .integer(number(name)) }
        for statement in ContractSql.statements(kind.checks) {
            try query(statement, values) { row in
                let who = try row.text(1).map { String($0.prefix(80)) } ?? "?"
                let what = try row.text(0) ?? "fault"
                throw PocketshelfError.store(
                    "\(path): holds a \(what) (product '\(who)'); sync or build it again")
            }
        }
        try checkTexts()
    }

    /// What SQL cannot say; and it stores bytes that are no UTF-8 without complaint.
    private func checkTexts() throws {
        let sql = "SELECT product_id, category, title, image, attributes FROM \(kind.table)"
        try query(sql) { row in
            let texts = ProductRules.Texts(
                productId: try row.text(0) ?? "", category: try row.text(1) ?? "",
                title: try row.text(2) ?? "", image: try row.text(3), attributes: try row.text(4) ?? "")
            do {
                _ = try ProductRules.check(texts)
            } catch let error as ProductRules.Broken {
                throw PocketshelfError.store("\(path): \(oneLine(error)); sync or build it again")
            }
        }
    }
}

extension ProductFile {
    /// Open an existing file.
    ///
    /// - Throws: `store`: it is missing or no SQLite file.
    static func connect(_ path: String, writable: Bool = false) throws -> Sqlite {
        do {
            _ = try PlainFile(path)
        } catch let error as SystemError {
            let what = error.isMissing ? "no such file" : "cannot be read (\(error)); sync or build it again"
            throw PocketshelfError.store("\(path): \(what)")
        }
        return try wrapped(path) {
            let connection = try Sqlite(uri: Sqlite.uri(path, writable: writable), writable: writable)
            try connection.run("PRAGMA trusted_schema = OFF")
            try connection.run("PRAGMA cell_size_check = ON")
            try connection.run("PRAGMA schema_version")
            return connection
        }
    }

    /// Turn SQLite's and the system's errors into one `store` error about `path`.
    static func wrapped<T>(_ path: String, written: Bool = false, _ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as SqliteError {
            let remedy = error.code == SQLITE_FULL ? "free some space" : "sync or build it again"
            throw PocketshelfError.store(
                "\(path): cannot be \(written ? "written" : "read") (\(error)); \(remedy)")
        } catch is Row.NotUnicode {
            throw PocketshelfError.store("\(path): damaged, a text is no UTF-8; sync or build it again")
        }
    }

    private static func readMeta(
        _ connection: Sqlite, _ path: String, _ kind: ProductFileKind
    ) throws -> [String: String] {
        var meta: [String: String] = [:]
        let format = "pocketshelf-\(kind.rawValue)"
        do {
            // Bounded: the file may be anybody's.
            let sql = "SELECT key, value FROM meta WHERE length(value) <= 10000 LIMIT 100"
            try connection.run(sql) { row in
                if let key = try row.text(0), let value = try row.text(1) { meta[key] = value }
            }
        } catch let error as SqliteError where error.code == SQLITE_ERROR {
            throw PocketshelfError.store("\(path): not a \(format) (it has no readable table 'meta')")
        } catch {
            try wrapped(path) { throw error }
        }
        guard meta["format"] == format else {
            throw PocketshelfError.store("\(path): not a \(format) (its format is '\(meta["format"] ?? "")')")
        }
        guard meta["version"] == String(version) else {
            throw PocketshelfError.store(
                "\(path): \(format) version \(meta["version"] ?? "?") is unknown; update pocketshelf")
        }
        return meta
    }

    /// Refuse any object that is no table of the format, word for word, or its automatic index.
    static func checkSchema(_ connection: Sqlite, _ path: String, _ kind: ProductFileKind) throws {
        var tables: Set<ExactString> = []
        var wrong: String?
        try wrapped(path) {
            try connection.run("SELECT type, name, tbl_name, sql FROM sqlite_master") { row in
                let type = try row.text(0) ?? "?", name = try row.text(1) ?? "?", table = try row.text(2) ?? "?"
                let sql = try row.text(3)
                if type == "table" { tables.insert(words(sql ?? "")) }
                let automatic = type == "index" && row.isA(SQLITE_NULL, 3)
                    && name.hasPrefix("sqlite_autoindex_\(table)_")
                if type != "table", !automatic { wrong = wrong ?? "\(type) '\(name)'" }
            }
        }
        guard tables == Set(ContractSql.statements(kind.schema).map(words)) else {
            throw PocketshelfError.store("\(path): its tables are not those of its format")
        }
        if let wrong {
            throw PocketshelfError.store("\(path): holds a \(wrong), which its format does not have")
        }
    }

    private static func words(_ sql: String) -> ExactString {
        ExactString(String(String.UnicodeScalarView(sql.unicodeScalars.filter { !$0.properties.isWhitespace })))
    }

    private static func number(_ meta: [String: String], _ name: String, _ path: String) throws -> Int {
        guard let text = meta[name], !text.isEmpty else {
            throw PocketshelfError.store("\(path): its meta lacks '\(name)'")
        }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw PocketshelfError.store("\(path): its meta has \(name) = '\(text.prefix(40))', not a number")
        }
        guard text.utf8.count <= 19, let value = Int(text) else {
            throw PocketshelfError.store("\(path): its meta has \(name) = \(text.prefix(19))…, beyond 63 bits")
        }
        return value
    }
}
