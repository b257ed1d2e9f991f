/// What metadata of The Update Framework may say at all, looked at before the framework reads it.
///
/// A signature proves who said something, not that it makes sense; and a thief signs as well as the shop does.
/// So every number, length, name and list has a bound here, whoever signed it, and one line says which was
/// passed. The rules are those of the Python SDK (`pocketshelf.sync.metadata_rules`).
enum MetadataRules {
    /// Bytes of a metadata file, whatever the file that points to it says.
    static let longest = 5_000_000
    /// What a number of JSON holds exactly in every language.
    static let maxVersion = 1 << 53 - 1
    /// A signature that holds for longer is no promise any more; text, as the format fixes its order.
    private static let lastDay = "2200-01-01T00:00:00Z"
    private static let mostKeys = 32  // A role.
    private static let longestFile = 1 << 53 - 1
    private static let hashDigits = ["sha256": 64, "sha512": 128]

    /// - Parameter place: begins what an error says.
    /// - Throws: `sync`: something in it is out of bounds.
    static func check(_ data: [UInt8], where place: String, refusal: Refusal = .metadata) throws {
        let document: Json
        do {
            document = try StrictJson.parse(data)
        } catch {
            throw PocketshelfError.sync("\(place): it cannot be read as JSON (\(oneLine(error)))", refusal)
        }
        let signed = try Fields(document, where: place, kind: .sync, refusal: refusal).child("signed")
        let kind = try signed.text("_type")
        try number(signed, "version", 1, maxVersion)
        if precedes(lastDay, try signed.text("expires")) {
            throw signed.error("expires", "must be before \(lastDay.prefix(4))")
        }
        switch kind {
        case "root": try root(signed)
        case "timestamp", "snapshot": try meta(signed)
        case "targets": try targets(signed)
        default: throw signed.error("_type", "must be one of root, timestamp, snapshot, targets")
        }
    }

    private static func root(_ signed: Fields) throws {
        let keys = try signed.child("keys"), roles = try signed.child("roles")
        let values = try keys.names.map { ExactString(try keys.child($0).child("keyval").text("public")) }
        guard Set(values).count == values.count else { throw signed.error("keys", "has a key under two ids") }
        for name in roles.names {
            let role = try roles.child(name), ids = try role.texts("keyids")
            guard ids.count <= mostKeys else { throw role.error("keyids", "must be at most \(mostKeys)") }
            guard ids.allSatisfy(keys.has) else {
                throw role.error("keyids", "names a key that is not there")
            }
            try number(role, "threshold", 1, ids.count)
        }
    }

    private static func meta(_ signed: Fields) throws {
        let meta = try signed.child("meta")
        for name in meta.names {
            let entry = try meta.child(name)
            try number(entry, "version", 1, maxVersion)
            if entry.has("length") { try number(entry, "length", 1, longest) }
            if entry.has("hashes") { try hashes(entry.child("hashes")) }
        }
    }

    private static func targets(_ signed: Fields) throws {
        if signed.has("delegations") {
            throw signed.error("delegations", "must not be there: this shop's files have one signer")
        }
        let targets = try signed.child("targets")
        for name in targets.names {
            let entry = try targets.child(name)
            try number(entry, "length", 1, longestFile)
            try hashes(entry.child("hashes"))
        }
    }

    private static func number(_ part: Fields, _ key: String, _ low: Int, _ high: Int) throws {
        let value = try part.integer(key)
        guard value >= low, value <= high else { throw part.error(key, "must lie in [\(low), \(high)]") }
    }

    /// A file is named by its hash: anything but digits could name another place.
    private static func hashes(_ part: Fields) throws {
        for name in part.names {
            guard let digits = hashDigits[name] else {
                throw part.error(name, "must be one of sha256, sha512")
            }
            guard isHexadecimal(try part.text(name), digits: digits) else {
                throw part.error(name, "must be \(digits) hexadecimal digits")
            }
        }
    }
}
