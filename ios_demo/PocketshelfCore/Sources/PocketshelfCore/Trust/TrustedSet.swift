/// Metadata that is valid and trusted through the whole client workflow: rules alone, no files, no network.
///
/// Root first, then timestamp, snapshot, targets. Metadata that is loaded but not valid as the final one
/// (expired, or of another version than is signed) still protects against rollback: the call throws, and the
/// metadata stays.
///
/// Specification: https://theupdateframework.github.io/specification/latest/#detailed-client-workflow
struct TrustedSet {
    private(set) var root: Root
    private(set) var timestamp: MetaIndex?
    private(set) var snapshot: MetaIndex?
    private var roles: [ExactString: TargetsMetadata] = [:]
    /// (role, delegator) that have been verified.
    private var delegations: Set<[ExactString]> = []
    private let verifier: Verifier
    /// Seconds since 1970, the same for the whole workflow.
    private let now: Double

    /// - Parameter data: the root that is trusted; verified by itself alone.
    init(root data: [UInt8], now: Double, verifier: Verifier) throws {
        let root = try Root(data)
        try root.verify(root.metadata, role: "root", verifier)
        self.root = root
        self.now = now
        self.verifier = verifier
    }

    /// Take the next root. It needs the signatures of the trusted one's keys, and of its own.
    mutating func updateRoot(_ data: [UInt8]) throws {
        let new = try Root(data)
        try root.verify(new.metadata, role: "root", verifier)
        guard new.version == root.version + 1 else {
            throw TufError(.badVersion, "expected root version \(root.version + 1), got \(new.version)")
        }
        try new.verify(new.metadata, role: "root", verifier)
        root = new
    }

    mutating func updateTimestamp(_ data: [UInt8]) throws {
        guard !root.metadata.isExpired(at: now) else { throw TufError(.expired, "the final root is expired") }
        let new = try MetaIndex(data, type: "timestamp")
        try root.verify(new.metadata, role: "timestamp", verifier)
        let named = try new.file("snapshot.json")
        if let old = timestamp {
            let version = new.metadata.version, trusted = old.metadata.version
            guard version >= trusted else {
                throw TufError(.badVersion, "timestamp version \(version) must be >= \(trusted)")
            }
            guard version != trusted else { throw TufError(.equalVersion, "timestamp version \(version)") }
            let known = try old.file("snapshot.json").version
            guard named.version >= known else {
                throw TufError(.badVersion, "snapshot version must be >= \(known), got \(named.version)")
            }
        }
        timestamp = new
        try checkTimestamp()
    }

    /// - Parameter trusted: `data` was verified as a snapshot before; its hash need not be the present one.
    mutating func updateSnapshot(_ data: [UInt8], trusted: Bool = false) throws {
        let named = try checkTimestamp().file("snapshot.json")
        if !trusted { try named.info.check(data) }
        let new = try MetaIndex(data, type: "snapshot")
        try root.verify(new.metadata, role: "snapshot", verifier)
        for (name, known) in snapshot?.meta ?? [:] {
            let version = try new.file(name.text).version
            guard version >= known.version else {
                throw TufError(.badVersion, "\(name.text): version \(version), was \(known.version)")
            }
        }
        snapshot = new
        try checkSnapshot()
    }

    mutating func updateTargets(_ data: [UInt8], role: String, delegator: String) throws {
        let named = try checkSnapshot().file("\(role).json")
        try named.info.check(data)
        let new = try TargetsMetadata(data)
        if delegator == "root" {
            try root.verify(new.metadata, role: role, verifier)
        } else {
            guard let delegations = self.role(delegator)?.delegations else {
                throw TufError.invalid("\(delegator) delegates nothing")
            }
            try delegations.delegator.verify(
                new.metadata, delegations.role(role), named: role, verifier)
        }
        guard new.metadata.version == named.version else {
            throw TufError(
                .badVersion, "expected \(role) version \(named.version), got \(new.metadata.version)")
        }
        guard !new.metadata.isExpired(at: now) else { throw TufError(.expired, "\(role) is expired") }
        roles[ExactString(role)] = new
        delegations.insert([ExactString(role), ExactString(delegator)])
    }

    /// Targets metadata that is trusted.
    func role(_ name: String) -> TargetsMetadata? { roles[ExactString(name)] }

    /// Whether `role` is trusted as delegated by `delegator`.
    func contains(_ role: String, delegator: String) -> Bool {
        delegations.contains([ExactString(role), ExactString(delegator)])
    }

    /// Ids of the keys that signed the top targets metadata.
    var targetsSigners: [String] {
        role("targets").map { root.signers($0.metadata, role: "targets", verifier) } ?? []
    }

    @discardableResult
    private func checkTimestamp() throws -> MetaIndex {
        guard let timestamp else { throw TufError.invalid("there is no timestamp yet") }
        guard !timestamp.metadata.isExpired(at: now) else {
            throw TufError(.expired, "timestamp.json is expired")
        }
        return timestamp
    }

    @discardableResult
    private func checkSnapshot() throws -> MetaIndex {
        guard let snapshot, let timestamp else { throw TufError.invalid("there is no snapshot yet") }
        guard !snapshot.metadata.isExpired(at: now) else {
            throw TufError(.expired, "snapshot.json is expired")
        }
        let wanted = try timestamp.file("snapshot.json").version
        guard snapshot.metadata.version == wanted else {
            throw TufError(
                .badVersion, "expected snapshot version \(wanted), got \(snapshot.metadata.version)")
        }
        return snapshot
    }
}
