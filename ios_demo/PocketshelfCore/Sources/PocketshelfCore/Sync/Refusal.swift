/// Why a sync was refused, by the names that every client has for it: `contract/golden/sync/README.md`.
public enum Refusal: String, Sendable {
    /// Metadata has a lower version than what is trusted here, or versions do not fit each other.
    case rollback
    /// What is published is older than this shelf.
    case older
    /// Metadata has expired.
    case expired
    /// Not enough signatures by the keys that are trusted.
    case signature
    /// More bytes than allowed or signed.
    case endless
    /// Fewer bytes a second than asked for.
    case slow
    /// Longer than a sync may take in all.
    case time
    /// Metadata has another length or hash than what points to it says.
    case mixed
    /// Metadata that is malformed or out of bounds.
    case metadata
    /// The root given is not the one trusted, nor does that one lead to it.
    case anotherRoot = "another root"
    /// The root given is malformed, or does not sign itself.
    case badRoot = "bad root"
    /// Nothing is trusted yet, and no root was given.
    case noRoot = "no root"
    /// There is no timestamp at this address.
    case noRepository = "no repository"
    /// No signed file of that name.
    case unpublished
    /// A signed file is not there.
    case notServed = "not served"
    /// Another part of a file than was asked for.
    case anotherPart = "another part"
    /// A file of another length or hash than was signed.
    case anotherFile = "another file"
    /// A signed length beyond what is allowed.
    case tooLong = "too long"
    /// Unpacks, or would unpack, to more than was signed or is allowed.
    case bomb
    /// Does not unpack to what was signed, or was signed without that.
    case unpacked
    /// Not one whole gzip member.
    case gzip
    /// The unpacked file is no shard or delta.
    case database
    /// The file's own meta says otherwise than the manifest.
    case replayed
    /// Another number of products in a category than the manifest says.
    case counts
    /// A manifest that is malformed, or another shard's.
    case manifest
    /// Vectors of another space, preprocessing or dimension.
    case space
    /// Not enough room on the volume.
    case room
    /// Unpacks to what was signed, which is not the local features of this shelf.
    case features
    /// The server was away when the local features were asked for.
    case away
    /// A rollback without an older generation, or an undo without a rollback.
    case nothingToRollBack = "nothing to roll back"
}
