package org.pocketshelf.core.trust

import org.pocketshelf.core.Reason
import java.time.Instant

/** Where verified metadata is kept, by role. */
interface MetadataStore {
    /** The stored file of [role]; null where there is none that could be read. */
    fun read(role: String): ByteArray?

    /** Replace it, so that a crash leaves the old file or the new one. */
    fun write(role: String, data: ByteArray)
}

/** Gets metadata files from a server. */
fun interface MetadataSource {
    /**
     * The file [name], such as `2.root.json`, of at most [most] bytes.
     *
     * @throws MetadataError it is longer ([Reason.ENDLESS]) or is not there ([Reason.NO_REPOSITORY]).
     */
    fun get(name: String, most: Long): ByteArray
}

/**
 * TUF's client workflow: brings [store] to what a server has published, and finds signed files.
 *
 * Every file is written as soon as it is verified, in the workflow's order, so that a crash leaves a state that the
 * workflow itself could have left.
 *
 * @param store must hold a root.
 * @param now what expiry is measured by.
 */
class Updater(private val store: MetadataStore, private val source: MetadataSource, verifier: Verifier, now: Instant) {
    private val trusted = TrustedMetadata(
        store.read("root") ?: throw invalid("no root of trust is stored"),
        now,
        verifier,
    )

    /** Bytes of the roots that led from the stored one to the newest, by version. */
    val roots = HashMap<Long, ByteArray>()

    /** The trusted root. */
    val root: Root get() = trusted.root

    /**
     * Bring the four top-level roles up to date.
     *
     * @throws MetadataError one is forged, expired, rolled back, mixed or endless; what was verified until then is kept.
     */
    fun refresh() {
        updateRoot()
        updateTimestamp()
        updateSnapshot()
        targets("targets", "root")
    }

    /**
     * The signed description of [name]; null where nobody who may has signed one.
     *
     * Roles are asked in the order of their trust, depth first, each once, [MAX_DELEGATIONS] at the most.
     */
    fun target(name: String): TargetFile? {
        val waiting = ArrayList(listOf("targets" to "root"))
        val visited = HashSet<String>()
        while (visited.size <= MAX_DELEGATIONS && waiting.isNotEmpty()) {
            val (role, delegator) = waiting.removeAt(waiting.size - 1)
            if (role in visited) continue
            val targets = targets(role, delegator)
            targets.files[name]?.let { return it }
            visited.add(role)
            val children = ArrayList<Pair<String, String>>()
            for ((child, terminating) in targets.rolesFor(name)) {
                children.add(child to role)
                if (terminating) {
                    waiting.clear()
                    break
                }
            }
            waiting.addAll(children.asReversed())
        }
        return null
    }

    private fun updateRoot() {
        repeat(MAX_ROOT_ROTATIONS) {
            val version = root.version + 1
            val data = try {
                source.get("$version.root.json", ROOT_BYTES)
            } catch (error: MetadataError) {
                if (error.reason == Reason.NO_REPOSITORY && error.status in ABSENT) return
                throw error
            }
            trusted.updateRoot(data)
            store.write("root", data)
            roots[version] = data
        }
    }

    private fun updateTimestamp() {
        store.read("timestamp")?.let { stored -> unlessRefused { trusted.updateTimestamp(stored) } }
        val data = source.get("timestamp.json", TIMESTAMP_BYTES)
        if (trusted.updateTimestamp(data)) store.write("timestamp", data)
    }

    private fun updateSnapshot() {
        val stored = store.read("snapshot")
        if (stored != null && unlessRefused { trusted.updateSnapshot(stored, stored = true) }) return
        val meta = checkNotNull(trusted.timestamp).snapshot
        val data = source.get(file("snapshot", meta.version), meta.length ?: SNAPSHOT_BYTES)
        trusted.updateSnapshot(data)
        store.write("snapshot", data)
    }

    private fun targets(role: String, delegator: String): Targets {
        trusted.targets(role, delegator)?.let { return it }
        val stored = store.read(role)
        if (stored != null && unlessRefused { trusted.updateTargets(stored, role, delegator) }) {
            return checkNotNull(trusted.targets(role, delegator))
        }
        val meta = checkNotNull(trusted.snapshot).meta["$role.json"] ?: throw invalid("the snapshot lacks $role.json")
        val data = source.get(file(role, meta.version), meta.length ?: TARGETS_BYTES)
        return trusted.updateTargets(data, role, delegator).also { store.write(role, data) }
    }

    private fun file(role: String, version: Long): String {
        val name = quoted(role)
        return if (root.consistentSnapshot) "$version.$name.json" else "$name.json"
    }

    private fun unlessRefused(work: () -> Unit): Boolean = try {
        work()
        true
    } catch (_: MetadataError) { // What is stored is none, or older: it is got again.
        false
    }

    companion object {
        /** New roots that one refresh follows. */
        const val MAX_ROOT_ROTATIONS = 256

        /** Roles that one search for a file asks, besides the first. */
        const val MAX_DELEGATIONS = 32

        /** The longest root, in bytes; of the others, where the file that points to them says nothing. */
        const val ROOT_BYTES = 512_000L
        const val TIMESTAMP_BYTES = 16_384L
        const val SNAPSHOT_BYTES = 2_000_000L
        const val TARGETS_BYTES = 5_000_000L
        private val ABSENT = setOf(403, 404)

        /** [role] as part of a URL and of a file name: what may be neither is written as %XX. */
        fun quoted(role: String): String {
            val out = StringBuilder()
            for (byte in role.toByteArray(Charsets.UTF_8)) {
                val letter = byte.toInt().toChar()
                if (byte > 0 && (letter.isLetterOrDigit() || letter in "_.-~")) {
                    out.append(letter)
                } else {
                    out.append("%%%02X".format(byte.toInt() and 0xff))
                }
            }
            return out.toString()
        }
    }
}
