/// The SQL that every platform runs: `contract/sql`, word for word (a test compares them).
///
/// A package cannot carry files from outside its folder, so that the text stands here, too.
enum ContractSql {
    /// The statements of one of the texts below, each on one line.
    static func statements(_ text: String) -> [String] {
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("--") }
        let joined = lines.map { $0.drop(while: { $0 == " " }) }.joined(separator: " ")
        return joined.split(separator: ";").map { String($0.drop(while: { $0 == " " })) }.filter { !$0.isEmpty }
    }

    static let applyDelta = """
        -- Bring a shard ("main") to the state that a delta (attached as "delta") leads to: all in one transaction.
        DELETE FROM main.products WHERE product_id IN (SELECT product_id FROM delta.tombstones);
        INSERT OR REPLACE INTO main.products(product_id, sequence, category, title, image, attributes, vectors)
          SELECT product_id, sequence, category, title, image, attributes, vectors FROM delta.upserts ORDER BY product_id;
        UPDATE main.meta SET value = (SELECT value FROM delta.meta WHERE key = 'to_sequence') WHERE key = 'sequence';

        """

    static let checkDelta = """
        -- What does not fit in a delta: as check_shard.sql; :from_sequence and :to_sequence are those of its meta.
        SELECT 'bad value', product_id FROM upserts WHERE typeof(product_id) <> 'text' OR product_id = ''
          OR length(product_id) > :max_text OR typeof(sequence) <> 'integer' OR sequence < 0
          OR typeof(category) <> 'text' OR category = '' OR length(category) > :max_text
          OR typeof(title) <> 'text' OR length(title) > :max_text
          OR typeof(image) NOT IN ('text', 'null') OR length(image) > :max_text
          OR typeof(attributes) <> 'text' OR length(attributes) > 1000000
          OR NOT json_valid(attributes) OR json_type(attributes) <> 'object'
          OR typeof(vectors) <> 'blob' OR length(vectors) = 0 OR length(vectors) % :dimension <> 0
          OR length(vectors) > 32 * :dimension LIMIT 1;
        SELECT 'bad value', product_id FROM tombstones WHERE typeof(product_id) <> 'text' OR product_id = ''
          OR length(product_id) > :max_text OR typeof(sequence) <> 'integer' LIMIT 1;
        SELECT 'row both changed and deleted', product_id FROM upserts INTERSECT
          SELECT 'row both changed and deleted', product_id FROM tombstones LIMIT 1;
        SELECT 'row outside its sequences', product_id FROM upserts
          WHERE sequence <= :from_sequence OR sequence > :to_sequence LIMIT 1;
        SELECT 'row outside its sequences', product_id FROM tombstones
          WHERE sequence <= :from_sequence OR sequence > :to_sequence LIMIT 1;

        """

    static let checkShard = """
        -- What does not fit in a shard: each statement selects (what is wrong, the product's id). A good file gives no row.
        -- :dimension and :sequence are those of its meta; :max_text is the longest id, category, title and image, in characters.
        -- SQL cannot say all of a product's rules: attributes nest at most 16 deep, their integers have 63 bits and a sign, their
        -- numbers are finite; ids, categories and images hold no control characters; no text holds a NUL or half a surrogate pair.
        SELECT 'bad value', product_id FROM products WHERE typeof(product_id) <> 'text' OR product_id = ''
          OR length(product_id) > :max_text OR typeof(sequence) <> 'integer' OR sequence < 0
          OR typeof(category) <> 'text' OR category = '' OR length(category) > :max_text
          OR typeof(title) <> 'text' OR length(title) > :max_text
          OR typeof(image) NOT IN ('text', 'null') OR length(image) > :max_text
          OR typeof(attributes) <> 'text' OR length(attributes) > 1000000
          OR NOT json_valid(attributes) OR json_type(attributes) <> 'object'
          OR typeof(vectors) <> 'blob' OR length(vectors) = 0 OR length(vectors) % :dimension <> 0
          OR length(vectors) > 32 * :dimension LIMIT 1;
        SELECT 'row newer than the shard', product_id FROM products WHERE sequence > :sequence LIMIT 1;

        """

    static let delta = """
        -- The tables of a delta, version 1, word for word. WITHOUT ROWID: else a hidden index would repeat every id,
        -- and cost 6 % of the bytes that travel.
        CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT);
        CREATE TABLE upserts(product_id TEXT PRIMARY KEY, sequence INTEGER NOT NULL, category TEXT NOT NULL,
          title TEXT NOT NULL, image TEXT, attributes TEXT NOT NULL, vectors BLOB NOT NULL) WITHOUT ROWID;
        CREATE TABLE tombstones(product_id TEXT PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID;

        """

    static let shard = """
        -- The tables of a shard, version 1, word for word: a file with any other object is refused.
        CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT);
        CREATE TABLE products(product_id TEXT PRIMARY KEY, sequence INTEGER NOT NULL, category TEXT NOT NULL,
          title TEXT NOT NULL, image TEXT, attributes TEXT NOT NULL, vectors BLOB NOT NULL);

        """
}
