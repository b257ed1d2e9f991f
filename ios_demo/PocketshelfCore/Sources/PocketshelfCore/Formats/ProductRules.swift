import CSQLite

/// What a product may be, wherever it comes from; the rules of `pocketshelf.formats.product_rules`.
///
/// What of it SQL can say is in `contract/sql/check_*.sql`, too.
enum ProductRules {
    /// Characters of an id, a category, a title or an image's name.
    static let maxText = 4096
    static let maxVectors = 32
    /// Bytes of a product's texts and attributes.
    static let maxRow = 1_000_000
    /// A device must be able to read it, whatever its JSON library.
    static let maxDepth = 16

    /// What does not fit; the message names the product.
    struct Broken: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    /// The columns of a product's texts, as they are stored.
    struct Texts {
        let productId: String
        let category: String
        let title: String
        let image: String?
        let attributes: String
    }

    /// The attributes of a row, once its texts fit the format.
    ///
    /// - Throws: `Broken`.
    static func check(_ texts: Texts) throws -> JsonObject {
        for (name, text) in [("product_id", texts.productId), ("category", texts.category)] {
            guard !text.isEmpty, !isLonger(text, maxText) else {
                throw Broken("\(name) must have 1 to \(maxText) characters")
            }
            try checkName(name, text)
        }
        let who = "'\(texts.productId)'"
        guard !isLonger(texts.title, maxText), !isLonger(texts.image ?? "", maxText) else {
            throw Broken("\(who): title and image must have at most \(maxText) characters")
        }
        if let image = texts.image { try checkName("\(who): image", image) }
        let all = [texts.productId, texts.category, texts.title, texts.image ?? "", texts.attributes]
        guard !all.contains(where: { $0.utf8.contains(0) }) else { throw Broken("\(who): a text holds a NUL") }
        guard all.reduce(0, { $0 + $1.utf8.count }) <= maxRow else {
            throw Broken("\(who): its texts and attributes are longer than \(maxRow) bytes")
        }
        return try attributes(texts)
    }

    /// How many vectors `count` bytes are, of `dimension` each.
    ///
    /// - Throws: `Broken`: no whole number of them, or none, or too many.
    static func vectorCount(bytes count: Int, dimension: Int, of productId: String) throws -> Int {
        guard count > 0, count % dimension == 0 else {
            throw Broken("product '\(productId)': \(count) bytes are no vectors of \(dimension)")
        }
        guard count / dimension <= maxVectors else {
            throw Broken(
                "'\(productId)': needs 1 to \(maxVectors) vectors, has \(count / dimension)")
        }
        return count / dimension
    }

    private static func attributes(_ texts: Texts) throws -> JsonObject {
        let parsed: Json
        do {
            parsed = try StrictJson.parse(texts.attributes, depth: maxDepth)
        } catch {
            throw Broken("product '\(texts.productId)': attributes: \(error)")
        }
        guard case .object(let object) = parsed else {
            throw Broken("product '\(texts.productId)': attributes are no JSON object")
        }
        return object
    }

    /// A name is listed one a line: it holds no control characters.
    private static func checkName(_ name: String, _ text: String) throws {
        for scalar in text.unicodeScalars where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) {
            let what = scalar.value == 0 ? "a NUL" : "a control character"
            throw Broken("\(name) holds \(what)")
        }
    }

    private static func isLonger(_ text: String, _ most: Int) -> Bool {
        text.utf8.count > most && text.unicodeScalars.count > most
    }
}
