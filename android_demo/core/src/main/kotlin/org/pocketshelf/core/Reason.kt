package org.pocketshelf.core

/**
 * Why a sync or a rollback was refused; the names are those of `contract/golden/sync/README.md`.
 *
 * @property label as the golden files have it.
 */
enum class Reason(val label: String) {
    /** Metadata is older than what is trusted here, or of versions that do not fit each other. */
    ROLLBACK("rollback"),

    /** What is published is older than this shelf. */
    OLDER("older"),
    EXPIRED("expired"),

    /** Not enough signatures by the keys that are trusted. */
    SIGNATURE("signature"),

    /** More bytes than allowed or signed. */
    ENDLESS("endless"),
    SLOW("slow"),

    /** The whole sync took too long. */
    TIME("time"),

    /** Metadata of another length or hash than what points to it says. */
    MIXED("mixed"),

    /** Metadata that is malformed or out of bounds. */
    METADATA("metadata"),
    ANOTHER_ROOT("another root"),
    BAD_ROOT("bad root"),
    NO_ROOT("no root"),
    NO_REPOSITORY("no repository"),
    UNPUBLISHED("unpublished"),

    /** A signed file is not there. */
    NOT_SERVED("not served"),

    /** Another part of a file than was asked for. */
    ANOTHER_PART("another part"),

    /** A file of another length or hash than was signed. */
    ANOTHER_FILE("another file"),

    /** A signed length beyond what is allowed. */
    TOO_LONG("too long"),

    /** Unpacks to more than was signed or is allowed. */
    BOMB("bomb"),

    /** Does not unpack to what was signed, or was signed without that. */
    UNPACKED("unpacked"),
    GZIP("gzip"),

    /** The unpacked file is none of the format. */
    DATABASE("database"),

    /** A file's own meta says otherwise than the manifest. */
    REPLAYED("replayed"),

    /** Another number of products than the manifest says. */
    COUNTS("counts"),
    MANIFEST("manifest"),

    /** The unpacked file is none of local features, or of another sequence. */
    FEATURES("features"),

    /** Vectors that cannot be compared with the app's, or this shelf's. */
    SPACE("space"),

    /** Not enough room on the volume. */
    ROOM("room"),

    /** The server was away when local features were asked for, the shelf being there. */
    AWAY("away"),
    NOTHING_TO_ROLL_BACK("nothing to roll back"),
}
