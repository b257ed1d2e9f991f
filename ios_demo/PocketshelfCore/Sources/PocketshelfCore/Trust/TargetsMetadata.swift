/// Targets metadata: files, and roles to which others are delegated.
struct TargetsMetadata {
    let metadata: Metadata
    /// Path → the file.
    let targets: [ExactString: TargetFile]
    let delegations: Delegations?

    init(_ data: [UInt8]) throws {
        metadata = try Metadata(data, type: "targets")
        let part = try metadata.signed.child("targets")
        var targets: [ExactString: TargetFile] = [:]
        for path in part.object.names { targets[ExactString(path)] = try TargetFile(path, part.child(path)) }
        self.targets = targets
        let delegated = metadata.signed
        delegations = delegated.object["delegations"] == nil
            ? nil : try Delegations(delegated.child("delegations"))
    }
}

/// A file that metadata signs.
struct TargetFile {
    let path: String
    let info: FileInfo
    /// What the publisher signed along with it.
    let custom: JsonObject

    init(_ path: String, _ fields: TufFields) throws {
        self.path = path
        info = try FileInfo(fields, isTarget: true)
        if case .object(let object)? = fields.object["custom"] {
            custom = object
        } else {
            custom = JsonObject()
        }
    }

    /// Where it lies below the address of all files.
    func location(hashed: Bool) -> String {
        guard hashed, let digits = info.hashes.first?.digits else { return path }
        guard let slash = path.lastIndex(of: "/") else { return "\(digits).\(path)" }
        return "\(path[...slash])\(digits).\(path[path.index(after: slash)...])"
    }
}

/// Roles that may sign some files in place of the one that delegates.
struct Delegations {
    let delegator: Delegator
    private let roles: [DelegatedRole]
    private let bins: Bins?

    init(_ fields: TufFields) throws {
        delegator = try Delegator(fields)
        guard fields.has("roles") != fields.has("succinct_roles") else {
            throw TufError.invalid("either roles or succinct_roles must be delegated")
        }
        roles = fields.has("roles") ? try fields.children("roles").map(DelegatedRole.init) : []
        bins = fields.has("succinct_roles") ? try Bins(fields.child("succinct_roles")) : nil
        guard Set(roles.map { ExactString($0.name) }).count == roles.count else {
            throw TufError.invalid("a role is delegated twice")
        }
        guard roles.allSatisfy({ !$0.name.isEmpty && !Root.roleNames.contains($0.name) }) else {
            throw TufError.invalid("a delegated role has no name of its own")
        }
    }

    /// Whose signatures the role `name` needs.
    ///
    /// - Throws: `TufError`: it is not delegated.
    func role(_ name: String) throws -> Role {
        if let found = roles.first(where: { exactlyEqual($0.name, name) }) { return found.role }
        if let bins, bins.holds(name) { return bins.role }
        throw TufError.invalid("the role \(name) is not delegated")
    }

    /// Names of the roles that may sign `path`, in their order, and whether the search ends with each.
    func roles(for path: String) -> [(name: String, terminating: Bool)] {
        if let bins { return [(bins.name(for: path), true)] }
        return roles.filter { $0.covers(path) }.map { ($0.name, $0.terminating) }
    }
}

/// A delegated role, and which paths it may sign.
struct DelegatedRole {
    let name: String
    let role: Role
    let terminating: Bool
    private let paths: [String]?
    private let hashPrefixes: [String]?

    init(_ fields: TufFields) throws {
        name = try fields.text("name")
        role = try Role(fields)
        terminating = try fields.flag("terminating")
        guard fields.has("paths") != fields.has("path_hash_prefixes") else {
            throw TufError.invalid("either paths or path_hash_prefixes must be set")
        }
        paths = fields.has("paths") ? try fields.texts("paths") : nil
        hashPrefixes = fields.has("path_hash_prefixes") ? try fields.texts("path_hash_prefixes") : nil
    }

    func covers(_ path: String) -> Bool {
        if let hashPrefixes {
            let digits = Sha256.hex(Array(path.utf8))
            return hashPrefixes.contains { digits.utf8.starts(with: $0.utf8) }
        }
        return (paths ?? []).contains { PathPattern.matches(path, $0) }
    }
}

/// Delegation to 2 to the power of `bits` roles by the hash of the path (TAP 15).
struct Bins {
    let role: Role
    private let bits: Int
    private let prefix: String
    private let digits: Int

    init(_ fields: TufFields) throws {
        role = try Role(fields)
        bits = try fields.integer("bit_length", low: 1)
        prefix = try fields.text("name_prefix")
        guard bits <= 32 else { throw TufError.invalid("bit_length must be between 1 and 32") }
        digits = String((1 << bits) - 1, radix: 16).count
    }

    func name(for path: String) -> String {
        let head = bytes(hexadecimal: String(Sha256.hex(Array(path.utf8)).prefix(8))) ?? []
        let number = String(bigEndian(head) >> (32 - bits), radix: 16)
        return "\(prefix)-" + String(repeating: "0", count: digits - number.count) + number
    }

    func holds(_ name: String) -> Bool {
        let start = "\(prefix)-"
        guard name.utf8.starts(with: start.utf8) else { return false }
        let suffix = String(decoding: name.utf8.dropFirst(start.utf8.count), as: UTF8.self)
        guard isHexadecimal(suffix, digits: digits), let number = Int(suffix, radix: 16) else { return false }
        return number < 1 << bits
    }
}

/// Shell patterns (`*`, `?`, `[a-z]`, `[!a]`) within the parts of a path, as Python's fnmatchcase has them.
enum PathPattern {
    static func matches(_ path: String, _ pattern: String) -> Bool {
        let parts = path.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false)
        let patterns = pattern.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == patterns.count
            && zip(parts, patterns).allSatisfy { part(Array($0), Array($1)) }
    }

    private static func part(_ text: [Unicode.Scalar], _ pattern: [Unicode.Scalar]) -> Bool {
        var t = 0, p = 0
        var star: (t: Int, p: Int)?
        while t < text.count {
            if p < pattern.count, pattern[p] == "*" {
                star = (t, p)
                p += 1
            } else if p < pattern.count, let next = one(text[t], pattern, p) {
                t += 1
                p = next
            } else if let back = star {  // Let the last star take one more.
                star = (back.t + 1, back.p)
                t = back.t + 1
                p = back.p + 1
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == "*" }
    }

    /// Where the pattern goes on if its part at `p` takes `scalar`.
    private static func one(_ scalar: Unicode.Scalar, _ pattern: [Unicode.Scalar], _ p: Int) -> Int? {
        switch pattern[p] {
        case "?": return p + 1
        case "[":
            let negated = p + 1 < pattern.count && pattern[p + 1] == "!"
            let first = p + (negated ? 2 : 1)
            // A bracket that comes first is one of the set.
            guard first < pattern.count, let end = pattern[(first + 1)...].firstIndex(of: "]") else {
                return scalar == "[" ? p + 1 : nil
            }
            return set(Array(pattern[first..<end])).contains { $0.contains(scalar) } != negated ? end + 1 : nil
        default: return scalar == pattern[p] ? p + 1 : nil
        }
    }

    private static func set(_ scalars: [Unicode.Scalar]) -> [ClosedRange<Unicode.Scalar>] {
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        var i = 0
        while i < scalars.count {
            if i + 2 < scalars.count, scalars[i + 1] == "-" {
                if scalars[i] <= scalars[i + 2] { ranges.append(scalars[i]...scalars[i + 2]) }
                i += 3
            } else {
                ranges.append(scalars[i]...scalars[i])
                i += 1
            }
        }
        return ranges
    }
}
