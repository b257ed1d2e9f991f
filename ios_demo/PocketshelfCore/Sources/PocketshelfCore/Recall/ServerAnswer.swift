/// A server's answer to a search, checked: it comes from outside.
enum ServerAnswer {
    /// - Throws: `server`: it is no answer.
    static func found(_ body: [UInt8], where url: String, most: Int) throws -> Found {
        let document: Json
        do {
            document = try StrictJson.parse(body)
        } catch {
            throw PocketshelfError.server("\(url): the answer is not one (\(oneLine(error)))")
        }
        let top = try Fields(document, where: "\(url): the answer", kind: .server)
        guard case .array(let parts) = try top.value("hits") else { throw top.error("hits", "must be a list") }
        let hits = try parts.prefix(most).enumerated().map { i, part in
            try hit(Fields(part, where: "\(url): the answer: hits[\(i)]", kind: .server))
        }
        return Found(hits, catalogue: top.has("catalogue") ? try told(top.child("catalogue"), hits) : nil)
    }

    /// What the server tells of its catalogue, and of the first of the hits, in their order.
    private static func told(_ part: Fields, _ hits: [Hit]) throws -> CatalogueSpread {
        let stated = part.has("hits") ? try part.children("hits").map(spread) : []
        let named = zip(hits, stated).map { (ExactString($0.productId), $1) }
        return CatalogueSpread(
            nearest: try spread(part.child("nearest")), ofQuery: try spread(part.child("background")),
            ofHits: Dictionary(named, uniquingKeysWith: { $1 }))
    }

    /// A mean of cosines and their standard deviation, which has the least that a shelf's own has.
    private static func spread(_ part: Fields) throws -> Neighbourhood.Spread {
        let mean = try part.number("mean", low: -1.01, high: 1.01)
        return Neighbourhood.Spread(
            mean: mean, deviation: max(Neighbourhood.leastSpread, try part.number("spread", low: 0, high: 2)))
    }

    /// The detail of a problem document (RFC 9457), or the status alone.
    static func problem(_ body: [UInt8], status: Int) -> String {
        guard case .object(let document)? = try? StrictJson.parse(body), case .text(let detail)? = document["detail"],
            !detail.isEmpty
        else { return "the server answered \(status)" }
        return "the server answered \(status) (\(oneLine(detail, limit: 200)))"
    }

    /// Whether a network's own page answered instead of the server: a captive portal (RFC 8910). No answer of ours begins
    /// like a page.
    static func isSignIn(status: Int, type: String, body: [UInt8]) -> Bool {
        let kind = type.lowercased()
        let isPage = kind.hasPrefix("text/html") || kind.hasPrefix("application/xhtml")
        let first = body.first { ![0xEF, 0xBB, 0xBF, 0x20, 0x09, 0x0D, 0x0A].contains($0) }
        return status == 511 || ((200..<400).contains(status) && (isPage || first == UInt8(ascii: "<")))
    }

    private static func hit(_ part: Fields) throws -> Hit {
        let id = try part.text("product_id"), category = try part.text("category")
        let score = try part.number("score", low: -1.01, high: 1.01)
        let title = try part.optionalText("title") ?? "", image = try part.optionalText("image")
        var attributes = JsonObject()
        if part.has("attributes") {
            guard case .object(let stated) = try part.value("attributes") else {
                throw PocketshelfError.server("\(part.place): attributes: must be a JSON object")
            }
            attributes = stated
        }
        try checkTexts(part, id: id, category: category, others: [title, image ?? ""])
        return Hit(
            productId: id, score: score, title: title, category: category, source: .server, image: image,
            attributes: attributes)
    }

    /// Refuses texts that no shard may hold.
    private static func checkTexts(_ part: Fields, id: String, category: String, others: [String]) throws {
        let most = ProductRules.maxText
        func refuse(_ problem: String) -> PocketshelfError { .server("\(part.place): \(problem)") }
        for (name, text) in [("product_id", id), ("category", category)] {
            guard text.unicodeScalars.count <= most else { throw refuse("\(name) must have 1 to \(most) characters") }
            guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
                throw refuse("\(name) holds a control character")
            }
        }
        guard others.allSatisfy({ $0.unicodeScalars.count <= most }) else {
            throw refuse("a title or an image of more than \(most) characters")
        }
    }
}
