import Foundation

/// Where verified metadata is kept between runs.
protocol MetadataCache: AnyObject {
    /// What is kept for `role`; nil where nothing is that could be metadata.
    func load(_ role: String) -> [UInt8]?
    /// Keep what was verified; for "root" one version after the other.
    func keep(_ role: String, _ data: [UInt8]) throws
}

/// Gets a metadata file.
protocol MetadataSource: AnyObject {
    /// - Parameter name: below the address of the metadata, as "2.root.json".
    /// - Throws: `TufError` `http` or `tooLong`; any other error ends the workflow.
    func metadata(_ name: String, most: Int) throws -> [UInt8]
}

/// The Update Framework's client workflow: what is trusted, what is asked for, in which order.
///
/// Specification: https://theupdateframework.github.io/specification/latest/#detailed-client-workflow
final class Updater {
    /// Bytes, and how many roots and delegations are followed: those of python-tuf's client.
    enum Most {
        static let root = 512_000
        static let timestamp = 16_384
        static let snapshot = 2_000_000
        static let targets = 5_000_000
        static let rotations = 256
        static let delegations = 32
    }

    private(set) var trusted: TrustedSet
    private let cache: MetadataCache
    private let source: MetadataSource

    /// - Parameter now: seconds since 1970.
    /// - Throws: `TufError`: no root is kept, or it does not sign itself.
    init(cache: MetadataCache, source: MetadataSource, now: Double, verifier: Verifier) throws {
        guard let root = cache.load("root") else { throw TufError.invalid("there is no root of trust") }
        trusted = try TrustedSet(root: root, now: now, verifier: verifier)
        self.cache = cache
        self.source = source
    }

    /// Bring the top-level metadata up to date. What was verified is kept, even if it then fails.
    func refresh() throws {
        try loadRoot()
        try loadTimestamp()
        try loadSnapshot()
        try loadTargets("targets", delegator: "root")
    }

    /// What is signed of the file at `path`, by the most trusted role that names it; nil where none does.
    func target(_ path: String) throws -> TargetFile? {
        var toVisit = [(role: "targets", delegator: "root")]
        var visited: Set<ExactString> = []
        while visited.count <= Most.delegations, let (role, delegator) = toVisit.popLast() {
            guard !visited.contains(ExactString(role)) else { continue }
            let targets = try loadTargets(role, delegator: delegator)
            if let found = targets.targets[ExactString(path)] { return found }
            visited.insert(ExactString(role))
            var children: [(role: String, delegator: String)] = []
            for child in targets.delegations?.roles(for: path) ?? [] {
                children.append((child.name, role))
                if child.terminating {
                    toVisit = []
                    break
                }
            }
            toVisit += children.reversed()
        }
        return nil
    }

    private func loadRoot() throws {
        for _ in 0..<Most.rotations {
            let version = trusted.root.version + 1
            let data: [UInt8]
            do {
                data = try source.metadata("\(version).root.json", most: Most.root)
            } catch let error as TufError where error.kind == .http && [403, 404].contains(error.status) {
                return  // The newest is trusted.
            }
            try trusted.updateRoot(data)
            try cache.keep("root", data)
        }
    }

    private func loadTimestamp() throws {
        // What is kept protects against rollback, even where it is expired.
        if let kept = cache.load("timestamp") { try ignoringTuf { try trusted.updateTimestamp(kept) } }
        let data = try source.metadata("timestamp.json", most: Most.timestamp)
        do {
            try trusted.updateTimestamp(data)
        } catch let error as TufError where error.kind == .equalVersion {
            return
        }
        try cache.keep("timestamp", data)
    }

    private func loadSnapshot() throws {
        if let kept = cache.load("snapshot"),
            try ignoringTuf({ try trusted.updateSnapshot(kept, trusted: true) })
        {
            return
        }
        guard let named = try trusted.timestamp?.file("snapshot.json") else { return }
        let data = try source.metadata(
            versioned("snapshot", named.version), most: named.info.length ?? Most.snapshot)
        try trusted.updateSnapshot(data)
        try cache.keep("snapshot", data)
    }

    @discardableResult
    private func loadTargets(_ role: String, delegator: String) throws -> TargetsMetadata {
        if trusted.contains(role, delegator: delegator), let found = trusted.role(role) { return found }
        let kept = cache.load(role)
        let isValid = try kept.map { data in
            try ignoringTuf { try trusted.updateTargets(data, role: role, delegator: delegator) }
        }
        if isValid != true {
            guard let named = trusted.snapshot?.meta[ExactString("\(role).json")] else {
                throw TufError.invalid("\(role) was delegated but is not part of the snapshot")
            }
            let data = try source.metadata(
                versioned(Self.quoted(role), named.version), most: named.info.length ?? Most.targets)
            try trusted.updateTargets(data, role: role, delegator: delegator)
            try cache.keep(role, data)
        }
        guard let found = trusted.role(role) else { throw TufError.invalid("\(role) is not trusted") }
        return found
    }

    private func versioned(_ name: String, _ version: Int) -> String {
        trusted.root.consistentSnapshot ? "\(version).\(name).json" : "\(name).json"
    }

    /// Whether `body` went through; what the framework refuses is not there.
    @discardableResult
    private func ignoringTuf(_ body: () throws -> Void) throws -> Bool {
        do {
            try body()
            return true
        } catch is TufError {
            return false
        }
    }

    /// `role` as a part of an address or a file's name: all but letters, digits and "_.-~" encoded.
    static func quoted(_ role: String) -> String {
        role.utf8.map { byte in
            isLetterOrDigit(byte) || [0x5F, 0x2E, 0x2D, 0x7E].contains(byte)
                ? String(Unicode.Scalar(byte)) : "%" + hexadecimal([byte]).uppercased()
        }.joined()
    }
}
