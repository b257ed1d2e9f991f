/// What the device has.
struct Device {
    /// Name of the shard that the current generation came from; nil if from elsewhere.
    var shard: String?
    /// Of the current generation; nil if there is none, or it cannot be read.
    var sequence: Int?
    /// Of the current generation; nil as above.
    var space: Space?
    /// The current generation is there but fails its check.
    var damaged = false
    /// A key signed the current generation that counts still; what a rotated one signed, a thief may have.
    var vouched = true
    /// The sequence that a rollback left; nil if there was none, or something came since.
    var rolledBack: Int?
    /// What the app's models need; nil if unknown, and any space is taken.
    var bundle: Space?
}

/// What to get, and why.
struct Plan: Equatable {
    enum Get: Equatable {
        case nothing
        case changes(Manifest.Delta)
        case snapshot
    }

    enum Why: String {
        case current
        case rolledBack = "rolled back"
        case changes
        case first
        case damaged
        case rotated
        case gap
        case otherShard = "other shard"
        case otherSpace = "other space"
        case shorter
        case reset

        /// Whether what is here counts for nothing.
        var isAnew: Bool { self == .damaged || self == .rotated }
        /// Whether the next generation is this one, with changes.
        var goesOn: Bool { self == .changes || self == .shorter || self == .gap }
    }

    let get: Get
    let why: Why

    /// Decide: the rules of the sync, apart from input and output.
    ///
    /// What a key signed that was rotated since is replaced by the whole, whatever its number. What a rollback
    /// left is not taken again, only what is newer. The changes are taken when they start at exactly the
    /// device's sequence, end at the published one and are shorter than the whole; everything else that is
    /// older takes the snapshot.
    ///
    /// - Parameter allowOlder: take a published state that is older than the device's, as after the restoring
    ///   of a server's backup. It is signed, but a device does not go back by itself.
    /// - Throws: `spaceMismatch`: the published vectors cannot be searched by the app's models. `sync`: the
    ///   published state is older than the device's.
    static func decide(_ device: Device, _ manifest: Manifest, allowOlder: Bool = false) throws -> Plan {
        let published = Space(name: manifest.space, preprocessing: manifest.preprocessing)
        let them = "the server's", remedy = "update the app's bundle, or sync with the server of its space"
        try device.bundle?.requireSame(
            as: published, us: "this app's models are", them: them, remedy: remedy)
        if device.damaged { return Plan(get: .snapshot, why: .damaged) }
        guard let sequence = device.sequence, let space = device.space else {
            return Plan(get: .snapshot, why: .first)
        }
        if !device.vouched { return Plan(get: .snapshot, why: .rotated) }
        guard let shard = device.shard, exactlyEqual(shard, manifest.shard) else {
            return Plan(get: .snapshot, why: .otherShard)
        }
        if !space.isComparable(to: device.bundle ?? published) {
            if device.bundle == nil {  // Nothing says that the app can search the new space.
                try space.requireSame(as: published, us: "this shelf is", them: them, remedy: remedy)
            }
            return Plan(get: .snapshot, why: .otherSpace)
        }
        if sequence > manifest.sequence {
            if allowOlder { return Plan(get: .snapshot, why: .reset) }
            throw PocketshelfError.sync(
                "the server is at sequence \(manifest.sequence), this shelf at \(sequence): going back is "
                    + "refused; allow it (--allow-older) if the server was restored from a backup, or let its "
                    + "operator go on with `publish --jump-ahead`", .older)
        }
        if sequence == manifest.sequence { return Plan(get: .nothing, why: .current) }
        if let refused = device.rolledBack, manifest.sequence <= refused {
            return Plan(get: .nothing, why: .rolledBack)
        }
        return forward(sequence, manifest)
    }

    private static func forward(_ sequence: Int, _ manifest: Manifest) -> Plan {
        let fitting = manifest.deltas.filter { $0.base == sequence && $0.to == manifest.sequence }
        guard let shortest = fitting.min(by: { $0.length < $1.length }) else {
            return Plan(get: .snapshot, why: .gap)
        }
        if shortest.length >= manifest.snapshot.length { return Plan(get: .snapshot, why: .shorter) }
        return Plan(get: .changes(shortest), why: .changes)
    }
}
