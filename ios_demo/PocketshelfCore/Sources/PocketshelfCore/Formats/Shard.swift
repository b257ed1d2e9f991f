import CSQLite
import Foundation

/// An open shard: the products of one generation. Calls may come from several threads.
public final class Shard {
    public let path: String
    public let meta: ShardMeta
    private let file: ProductFile
    /// Whoever is passed a product may ask on.
    private let lock = NSRecursiveLock()
    private var rows: [(category: String, rows: [Int])]?

    /// - Throws: `store`: the file is missing, damaged, or of another format or version.
    public init(_ path: String) throws {
        self.path = path
        file = try ProductFile(path, .shard)
        meta = file.shardMeta
    }

    init(_ checked: ProductFile) {
        path = checked.path
        file = checked
        meta = checked.shardMeta
    }

    /// Close the file; using it afterwards is an error.
    public func close() { lock.withLock { file.close() } }

    /// Read everything and compare it with the format.
    public func check() throws { try lock.withLock { try file.check() } }

    /// How many products there are.
    public func count() throws -> Int {
        try lock.withLock {
            var count = 0
            try file.query("SELECT count(*) FROM products") { count = $0.integer(0) ?? 0 }
            return count
        }
    }

    /// The ids of all products, ascending by their bytes.
    public func productIds() throws -> [String] {
        try lock.withLock {
            var ids: [String] = []
            try file.query("SELECT product_id FROM products ORDER BY product_id") { ids.append(try $0.text(0) ?? "") }
            return ids
        }
    }

    /// Every product, by id.
    public func forEach(_ each: (Product) throws -> Void) throws {
        try lock.withLock { try file.products(each: each) }
    }

    /// The product with this id, if the shard has it.
    public func product(_ id: String) throws -> Product? {
        try lock.withLock {
            var found: Product?
            try file.products("WHERE product_id = :id", [":id": .text(id)]) { found = $0 }
            return found
        }
    }

    /// Categories by their bytes, with their numbers of products.
    public func categories() throws -> [CategoryCount] {
        try lock.withLock {
            try rowsByCategory().map { CategoryCount(name: $0.category, products: $0.rows.count) }
        }
    }

    /// All pictures of a category, and whose they are.
    ///
    /// - Throws: `store`: a product's vectors are damaged.
    public func vectors(of category: String) throws -> CategoryVectors {
        try lock.withLock {
            let found = try rowsByCategory().first { exactlyEqual($0.category, category) }?.rows ?? []
            var ids: [String] = [], owners: [Int32] = [], block: [Int8] = []
            let sql = """
                SELECT product_id, vectors FROM products
                WHERE rowid IN (SELECT value FROM json_each(:rows)) ORDER BY product_id
                """
            let chosen = "[\(found.map(String.init).joined(separator: ","))]"
            try file.query(sql, [":rows": .text(chosen)]) { row in
                let id = try row.text(0) ?? ""
                let read = row.withBlob(1) { bytes -> Bool in
                    guard bytes.count > 0, bytes.count % meta.dimension == 0 else { return false }
                    block.append(contentsOf: bytes.bindMemory(to: Int8.self))
                    let pictures = bytes.count / meta.dimension
                    owners.append(contentsOf: repeatElement(Int32(ids.count), count: pictures))
                    return true
                }
                guard read == true else {
                    throw PocketshelfError.store(
                        "\(path): product '\(id)': bad vectors; sync or build it again")
                }
                ids.append(id)
            }
            return CategoryVectors(productIds: ids, owners: owners, block: block, dimension: meta.dimension)
        }
    }

    /// The first picture of `most` products of a category, or of all it has: evenly apart in the order of their rows, of
    /// c products those at ⌊i · c / most⌋.
    ///
    /// - Throws: `store`: a product's vectors are damaged.
    public func someVectors(of category: String, most: Int) throws -> [Int8] {
        try lock.withLock {
            let rows = try rowsByCategory().first { exactlyEqual($0.category, category) }?.rows.sorted() ?? []
            let count = min(most, rows.count), chosen = (0..<count).map { String(rows[$0 * rows.count / count]) }
            let sql = """
                SELECT substr(vectors, 1, :dimension) FROM products
                WHERE rowid IN (SELECT value FROM json_each(:rows)) ORDER BY rowid
                """
            var firsts: [Int8] = []
            let values = [
                ":dimension": SqliteValue.integer(meta.dimension),
                ":rows": .text("[\(chosen.joined(separator: ","))]"),
            ]
            try file.query(sql, values) { try firsts.append(contentsOf: first($0)) }
            return firsts
        }
    }

    /// The first picture of the products at these places (ascending), in the order of all ids.
    public func firstVectors(at places: [Int]) throws -> [Int8] {
        try lock.withLock {
            var wanted = places[...], place = 0, firsts: [Int8] = []
            let sql = "SELECT substr(vectors, 1, :dimension) FROM products ORDER BY product_id"
            try file.query(sql, [":dimension": .integer(meta.dimension)]) { row in
                defer { place += 1 }
                guard wanted.first == place else { return }
                wanted.removeFirst()
                try firsts.append(contentsOf: first(row))
            }
            return firsts
        }
    }

    /// Whether one of the first `most` products, by their rows, states the attribute `name`; their texts are not read.
    public func states(_ name: String, most: Int) throws -> Bool {
        try lock.withLock {
            var found = false
            let sql = "SELECT instr(attributes, :name) FROM products ORDER BY rowid LIMIT :most"
            try file.query(sql, [":name": .text(Json.quoted(name)), ":most": .integer(most)]) { row in
                found = found || row.integer(0) ?? 0 > 0
            }
            return found
        }
    }

    /// A row's one column, a picture.
    private func first(_ row: Row) throws -> [Int8] {
        let vector = row.withBlob(0) { Array($0.bindMemory(to: Int8.self)) }
        guard let vector, vector.count == meta.dimension else {
            throw PocketshelfError.store("\(path): bad vectors; sync or build it again")
        }
        return vector
    }

    /// The format has no index on categories: one pass over the file serves them all.
    private func rowsByCategory() throws -> [(category: String, rows: [Int])] {
        if let rows { return rows }
        var found: [ExactString: [Int]] = [:]
        try file.query("SELECT category, rowid FROM products") { row in
            guard let category = try row.text(0), let id = row.integer(1) else {
                throw PocketshelfError.store("\(path): a category is no text; sync or build it again")
            }
            found[ExactString(category), default: []].append(id)
        }
        let sorted = found.sorted { $0.key < $1.key }.map { (category: $0.key.text, rows: $0.value) }
        rows = sorted
        return sorted
    }
}
