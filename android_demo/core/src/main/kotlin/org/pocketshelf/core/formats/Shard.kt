package org.pocketshelf.core.formats

import java.io.File
import org.pocketshelf.core.StoreError

/**
 * An open shard: a SQLite file that carries the products of a store. Format, version 1: `contract/sql/shard.sql`; its
 * table `meta` says format 'pocketshelf-shard', version '1', space, preprocessing, bundle, sequence and dimension.
 *
 * Several threads may read it; they take turns.
 */
class Shard private constructor(file: File, database: Database) :
    ProductFile(file, "shard", "products", database), Products {
    override val meta: ShardMeta = try {
        ShardMeta(text("space"), text("preprocessing"), text("bundle"), number("sequence"), dimension)
    } catch (error: Throwable) {
        database.close()
        throw error
    }
    override val bounds get() = mapOf("sequence" to meta.sequence)

    override val size: Int get() = (rows("SELECT count(*) FROM products").first().first() as Long).toInt()

    override fun categories(): Map<String, Int> = rowsByCategory.mapValues { it.value.ids.size }

    override fun product(productId: String): Product? {
        var found: Product? = null
        forEachProduct("WHERE product_id = ?", productId) {
            found = it
            false
        }
        return found
    }

    override fun ids(): List<String> = rows("SELECT product_id FROM products ORDER BY product_id").map { it[0] as String }

    override fun owners(category: String): Owners {
        val rows = rowsByCategory[category] ?: return Owners(emptyList(), IntArray(0))
        val places = IntArray(rows.counts.sum())
        var next = 0
        rows.counts.forEachIndexed { place, count -> repeat(count) { places[next++] = place } }
        return Owners(rows.ids, places)
    }

    override fun vectors(category: String): ByteArray {
        val rows = rowsByCategory[category] ?: return ByteArray(0)
        val starts = HashMap<Long, Int>(rows.ids.size * 2)
        var size = 0
        rows.rowIds.forEachIndexed { i, row ->
            starts[row] = size
            size += rows.counts[i] * dimension
        }
        val block = ByteArray(size)
        fill(rows.rowIds, "rowid") { row, blob ->
            blob.copyInto(block, starts.getValue(row))
        }
        return block
    }

    override fun someOf(category: String, most: Int): ByteArray {
        val rowIds = rowsByCategory[category]?.rowIds?.sortedArray() ?: return ByteArray(0)
        val count = minOf(most, rowIds.size)
        val chosen = LongArray(count) { rowIds[(it.toLong() * rowIds.size / count).toInt()] }
        val block = ByteArray(count * dimension)
        fill(chosen, "rowid") { row, blob -> blob.copyInto(block, chosen.binarySearch(row) * dimension, 0, dimension) }
        return block
    }

    override fun firstVectors(ids: List<String>): ByteArray {
        val places = ids.withIndex().associate { it.value to it.index }
        val block = ByteArray(ids.size * dimension)
        for (part in ids.chunked(CHUNK)) {
            val marks = part.joinToString(",") { "?" }
            forEach("SELECT product_id, vectors FROM products WHERE product_id IN ($marks)", *part.toTypedArray()) { (id, blob) ->
                (blob as ByteArray).copyInto(block, places.getValue(id as String) * dimension, 0, dimension)
                true
            }
        }
        return block
    }

    // Their texts, unread.
    override fun states(name: String, most: Int): Boolean =
        rows("SELECT attributes FROM products ORDER BY rowid LIMIT $most").any { "\"$name\"" in it[0].toString() }

    private fun fill(rowIds: LongArray, column: String, each: (Long, ByteArray) -> Unit) {
        for (part in rowIds.asList().chunked(CHUNK)) {
            val chosen = part.joinToString(",")
            forEach("SELECT $column, vectors FROM products WHERE rowid IN ($chosen)") { (row, blob) ->
                each(row as Long, blob as ByteArray)
                true
            }
        }
    }

    /**
     * The format has no index on categories: one pass over the file serves them all. Under the lock that questions take, since
     * who is passed a product may ask for them while another thread does.
     */
    private val rowsByCategory: Map<String, Rows> by lazy(database) {
        val found = HashMap<String, Gathered>()
        forEach("SELECT category, product_id, rowid, length(vectors) FROM products ORDER BY product_id") { row ->
            val (category, id, rowId, length) = row
            if (category !is String || id !is String) throw StoreError("$file: a category is no text; sync or build it again")
            if (length !is Long || length == 0L || length % dimension != 0L) {
                throw StoreError("$file: product '$id': bad vectors; sync or build it again")
            }
            found.getOrPut(category) { Gathered() }.add(id, rowId as Long, (length / dimension).toInt())
            true
        }
        found.toSortedMap(ByCodePoint).mapValues { it.value.rows() }
    }

    private class Rows(val ids: List<String>, val rowIds: LongArray, val counts: IntArray)

    private class Gathered {
        private val ids = ArrayList<String>()
        private val rowIds = ArrayList<Long>()
        private val counts = ArrayList<Int>()

        fun add(id: String, rowId: Long, count: Int) {
            ids.add(id)
            rowIds.add(rowId)
            counts.add(count)
        }

        fun rows() = Rows(ids, rowIds.toLongArray(), counts.toIntArray())
    }

    companion object {
        // SQLite before 3.32 takes 999 parameters a statement.
        private const val CHUNK = 900

        /**
         * Open a shard for reading; looks at schema and meta, [check] reads it whole.
         *
         * @throws StoreError it is missing, damaged, or of another format or version.
         */
        fun open(databases: Databases, file: File, access: Access = Access.READ, seconds: Double = 120.0): Shard =
            Shard(file, connect(databases, file, access, seconds))
    }
}
