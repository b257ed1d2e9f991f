package org.pocketshelf.core.formats

import java.io.File
import org.pocketshelf.core.SpaceMismatch
import org.pocketshelf.core.StoreError

/** What a delta is, and between which states it leads. */
data class DeltaMeta(
    val space: String,
    val preprocessing: String,
    val dimension: Int,
    val fromSequence: Long,
    val toSequence: Long,
)

/**
 * An open delta: a SQLite file with the changes between two states of a shard. Format, version 1:
 * `contract/sql/delta.sql`; its table `meta` says format 'pocketshelf-delta', version '1', space, preprocessing,
 * dimension, from_sequence and to_sequence.
 */
class Delta private constructor(file: File, database: Database) : ProductFile(file, "delta", "upserts", database) {
    /** What it says of itself. */
    val meta: DeltaMeta = try {
        DeltaMeta(text("space"), text("preprocessing"), dimension, number("from_sequence"), number("to_sequence"))
    } catch (error: Throwable) {
        database.close()
        throw error
    }
    override val bounds get() = mapOf("from_sequence" to meta.fromSequence, "to_sequence" to meta.toSequence)

    /** (id, sequence) of the deleted products, by id. */
    fun tombstones(): List<Pair<String, Long>> =
        rows("SELECT product_id, sequence FROM tombstones ORDER BY product_id")
            .map { (id, sequence) -> id as String to sequence as Long }

    companion object {
        /** Open a delta for reading: as [Shard.open]. */
        fun open(databases: Databases, file: File, access: Access = Access.READ, seconds: Double = 120.0): Delta =
            Delta(file, connect(databases, file, access, seconds))

        /**
         * Bring [shard] from the delta's `from_sequence` to its `to_sequence`, in one transaction, by
         * `contract/sql/apply_delta.sql`. Not durable on return: a sync applies it to a copy, which it makes durable as a
         * whole before it is used, so that no journal needs to reach the disk before.
         *
         * @param checked the delta was checked already, row by row.
         * @throws SpaceMismatch the two differ in space, preprocessing or dimension.
         * @throws StoreError the shard is at another sequence, or either file is bad; the shard is unchanged.
         */
        fun apply(databases: Databases, shard: File, delta: File, checked: Boolean = false): ShardMeta {
            Shard.open(databases, shard).use { opened ->
                open(databases, delta).use {
                    if (!checked) it.check()
                    requireApplies(opened.meta, it)
                }
            }
            connect(databases, shard, Access.WRITE).use { database ->
                wrapped(shard, "written") {
                    database.query("PRAGMA journal_mode = MEMORY")
                    database.execute("PRAGMA synchronous = OFF")
                    database.attach(delta, "delta")
                    transaction(database) { ContractSql.statements("apply_delta").forEach { database.execute(it) } }
                }
            }
            return Shard.open(databases, shard).use { it.meta }
        }

        private fun transaction(database: Database, work: () -> Unit) {
            database.execute("BEGIN IMMEDIATE")
            try {
                work()
                database.execute("COMMIT")
            } catch (error: Throwable) {
                try {
                    database.execute("ROLLBACK")
                } catch (_: java.io.IOException) { // SQLite has ended it by itself when the disk is full.
                }
                throw error
            }
        }

        private fun requireApplies(shard: ShardMeta, delta: Delta) {
            val meta = delta.meta
            val pairs = listOf(
                Triple("space", meta.space, shard.space),
                Triple("preprocessing", meta.preprocessing, shard.preprocessing),
                Triple("dimension", meta.dimension, shard.dimension),
            )
            for ((name, theirs, ours) in pairs) {
                if (theirs != ours) throw SpaceMismatch("${delta.file}: its $name is '$theirs', the store's is '$ours'")
            }
            if (meta.fromSequence != shard.sequence) {
                throw StoreError(
                    "${delta.file}: leads from sequence ${meta.fromSequence}, the store is at ${shard.sequence}",
                )
            }
        }
    }
}
