/// Whose signatures a role needs.
struct Role {
    let keyIds: [String]
    let threshold: Int

    init(_ fields: TufFields) throws {
        keyIds = try fields.texts("keyids")
        threshold = try fields.integer("threshold", low: 1)
        guard Set(keyIds.map { ExactString($0) }).count == keyIds.count else {
            throw TufError.invalid("a role names a key twice")
        }
    }
}

/// What root and targets metadata have in common: keys, and roles that these may sign.
struct Delegator {
    let keys: [ExactString: PublicKey]

    /// - Parameter fields: holds "keys".
    init(_ fields: TufFields) throws {
        let part = try fields.child("keys")
        var keys: [ExactString: PublicKey] = [:]
        for id in part.object.names {
            let key = try part.child(id)
            keys[ExactString(id)] = PublicKey(
                type: try key.text("keytype"), scheme: try key.text("scheme"),
                value: try key.child("keyval").text("public"))
        }
        self.keys = keys
    }

    /// Ids of the keys of `role` whose signatures of `metadata` verify; one key under two ids counts once.
    func signers(_ metadata: Metadata, _ role: Role, _ verifier: Verifier) -> [String] {
        var counted: [PublicKey] = []
        return role.keyIds.filter { id in
            guard let key = keys[ExactString(id)], !counted.contains(key),
                let signature = metadata.signatures[ExactString(id)] ?? nil,
                verifier.verifies(signature, of: metadata.payload, by: key)
            else { return false }
            counted.append(key)
            return true
        }
    }

    /// - Throws: `TufError` `unsigned`: fewer keys signed than the role needs.
    func verify(_ metadata: Metadata, _ role: Role, named name: String, _ verifier: Verifier) throws {
        let count = signers(metadata, role, verifier).count
        guard count >= role.threshold else {
            throw TufError(.unsigned, "\(name) was signed by \(count)/\(role.threshold) keys")
        }
    }
}

/// Root metadata.
struct Root {
    static let roleNames = ["root", "timestamp", "snapshot", "targets"]

    let metadata: Metadata
    let delegator: Delegator
    let roles: [String: Role]
    /// Whether files are asked for under names that hold their version or hash.
    let consistentSnapshot: Bool

    init(_ data: [UInt8]) throws {
        metadata = try Metadata(data, type: "root")
        delegator = try Delegator(metadata.signed)
        let part = try metadata.signed.child("roles")
        guard part.object.count == 4, Root.roleNames.allSatisfy({ part.object[$0] != nil }) else {
            throw TufError.invalid("the root's roles are not the four of the specification")
        }
        var roles: [String: Role] = [:]
        for name in Root.roleNames { roles[name] = try Role(part.child(name)) }
        self.roles = roles
        consistentSnapshot = try metadata.signed.flag("consistent_snapshot", or: false)
    }

    var version: Int { metadata.version }

    /// - Throws: `TufError`: too few keys of `role` signed `other`.
    func verify(_ other: Metadata, role: String, _ verifier: Verifier) throws {
        guard let keys = roles[role] else { throw TufError.invalid("no role \(role)") }
        try delegator.verify(other, keys, named: role, verifier)
    }

    /// Ids of the keys of `role` that signed `other`.
    func signers(_ other: Metadata, role: String, _ verifier: Verifier) -> [String] {
        roles[role].map { delegator.signers(other, $0, verifier) } ?? []
    }
}

/// What must be known of a file before it is got: hashes, and where they are said, length and version.
struct FileInfo {
    let length: Int?
    /// (algorithm, digits), in the file's order; empty where none is said.
    let hashes: [(name: String, digits: String)]

    init(_ fields: TufFields, isTarget: Bool) throws {
        length = isTarget || fields.has("length") ? try fields.integer("length", low: 0) : nil
        guard isTarget || fields.has("hashes") else {
            hashes = []
            return
        }
        let part = try fields.child("hashes")
        hashes = try part.object.names.map { ($0, try part.text($0)) }
        guard !hashes.isEmpty else { throw TufError.invalid("a file has no hashes") }
    }

    /// The digits of one algorithm.
    func hash(_ name: String) -> String? { hashes.first { $0.name == name }?.digits }

    /// - Throws: `TufError` `lengthOrHash`: `data` is another file, or is hashed by an unknown algorithm.
    func check(_ data: [UInt8]) throws {
        if let length, length != data.count {
            throw TufError(.lengthOrHash, "has \(data.count) bytes, \(length) were signed")
        }
        for (name, digits) in hashes {
            let found: String
            switch name {
            case "sha256": found = Sha256.hex(data)
            case "sha512": found = sha512Hex(data)
            default: throw TufError(.lengthOrHash, "unsupported algorithm '\(name)'")
            }
            guard found == digits else { throw TufError(.lengthOrHash, "hash \(found), \(digits) was signed") }
        }
    }
}

/// What timestamp and snapshot metadata say of another metadata file.
struct MetaFile {
    let version: Int
    let info: FileInfo

    init(_ fields: TufFields) throws {
        version = try fields.integer("version", low: 1)
        info = try FileInfo(fields, isTarget: false)
    }
}

/// Timestamp metadata, and snapshot metadata: file name → what is said of it.
struct MetaIndex {
    let metadata: Metadata
    let meta: [ExactString: MetaFile]

    init(_ data: [UInt8], type: String) throws {
        metadata = try Metadata(data, type: type)
        let part = try metadata.signed.child("meta")
        var meta: [ExactString: MetaFile] = [:]
        for name in part.object.names { meta[ExactString(name)] = try MetaFile(part.child(name)) }
        self.meta = meta
    }

    /// What is said of the file `name`.
    ///
    /// - Throws: `TufError`: nothing is.
    func file(_ name: String) throws -> MetaFile {
        guard let found = meta[ExactString(name)] else {
            throw TufError.invalid("nothing is said of '\(name)'")
        }
        return found
    }
}
