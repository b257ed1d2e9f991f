package org.pocketshelf.core.formats

import java.io.Closeable
import java.io.File
import java.io.IOException
import org.pocketshelf.core.StoreError
import org.pocketshelf.core.oneLine

/**
 * An open SQLite file of products: what shards and deltas share.
 *
 * A file that was downloaded may be hostile. It is refused unless its schema is exactly the tables of its format: no
 * view, trigger, index or virtual table, whose SQL would run inside ours.
 *
 * @property file where it is.
 * @param kind the format's name after "pocketshelf-", and that of its tables and checks in `contract/sql`.
 * @param table of its products.
 * @param database an open connection to it, closed with this.
 */
abstract class ProductFile(
    val file: File,
    private val kind: String,
    private val table: String,
    protected val database: Database,
) : Closeable {
    /** The table `meta`, its format and version checked. */
    protected val stated: Map<String, String>

    /** Numbers a vector. */
    val dimension: Int

    init {
        try {
            checkSchema()
            stated = readMeta()
            val number = number("dimension")
            if (number !in 1..MAX_DIMENSION) {
                throw StoreError("$file: its meta has dimension $number, not 1 to $MAX_DIMENSION")
            }
            dimension = number.toInt()
        } catch (error: Throwable) {
            database.close()
            throw error
        }
    }

    /** Waits for a question of another thread's that is under way. */
    override fun close() = synchronized(database) { database.close() }

    /** A text of the table `meta`. */
    protected fun text(name: String): String =
        stated[name]?.takeIf { it.isNotEmpty() } ?: throw StoreError("$file: its meta lacks '$name'")

    /** A number of the table `meta`. */
    protected fun number(name: String): Long {
        val text = text(name)
        if (!text.all { it in '0'..'9' }) throw StoreError("$file: its meta has $name = '${text.take(40)}', not a number")
        return text.takeIf { it.length <= 19 }?.toLongOrNull()
            ?: throw StoreError("$file: its meta has $name = ${text.take(19)}…, beyond 63 bits")
    }

    /** Numbers that the checks of `contract/sql` are given. */
    protected abstract val bounds: Map<String, Long>

    /** Rows of a statement, with SQLite's errors as [StoreError]. One thread at a time gets through. */
    protected fun forEach(sql: String, vararg values: Any?, each: (Row) -> Boolean) = synchronized(database) {
        wrapped(file) { database.forEach(sql, *values, each = each) }
    }

    /** All rows of a statement. */
    protected fun rows(sql: String, vararg values: Any?): List<Row> =
        ArrayList<Row>().also { rows -> forEach(sql, *values) { rows.add(it) } }

    /** The products for which [condition] (a WHERE clause) holds, by id, each passed to [each] until it says false. */
    fun forEachProduct(condition: String = "", vararg values: Any?, each: (Product) -> Boolean) {
        forEach("SELECT $NAMES FROM $table $condition ORDER BY product_id", *values) { row ->
            each(rightly { ProductRules.read(row, dimension) })
        }
    }

    /**
     * Read everything and compare it with the format.
     *
     * @throws StoreError the first fault found.
     */
    fun check() {
        val answer = rows("PRAGMA integrity_check(1)").first().first()
        if (answer != "ok") throw StoreError("$file: damaged (${oneLine(answer)}); sync or build it again")
        val hasJson = hasJson()
        val values = bounds + mapOf("dimension" to dimension.toLong(), "max_text" to ProductRules.MAX_TEXT.toLong())
        for (statement in ContractSql.statements("check_$kind")) {
            val usable = if (hasJson) statement else ContractSql.withoutJson(statement)
            forEach(ContractSql.filled(usable, values)) { (what, id) ->
                throw StoreError("$file: holds a $what (product '${id.toString().take(80)}'); sync or build it again")
            }
        }
        // What SQL cannot say; and it stores bytes that are no UTF-8 without complaint.
        forEach("SELECT product_id, category, title, image, attributes FROM $table") { row ->
            rightly { ProductRules.checkTexts(row) }
            true
        }
    }

    private fun hasJson(): Boolean = try {
        database.query("SELECT json_valid('{}')").isNotEmpty()
    } catch (_: IOException) {
        false
    }

    private fun <T> rightly(work: () -> T): T = try {
        work()
    } catch (error: IllegalArgumentException) {
        throw StoreError("$file: ${oneLine(error)}; sync or build it again", error)
    }

    /** Refuse any object that is no table of the format, word for word, or its automatic index. */
    private fun checkSchema() {
        val found = rows("SELECT type, name, tbl_name, sql FROM sqlite_master")
        if (found.any { row -> row.any { it != null && it !is String } }) {
            throw StoreError("$file: damaged, its schema holds what is no text; sync or build it again")
        }
        val tables = found.filter { it[0] == "table" }.map { words(it[3]) }.toSet()
        if (found.none { it[1] == "meta" }) throw StoreError("$file: not a pocketshelf-$kind (it has no readable table 'meta')")
        if (tables != ContractSql.statements(kind).map(::words).toSet()) {
            throw StoreError("$file: its tables are not those of its format")
        }
        for ((type, name, owner, sql) in found) {
            val automatic = type == "index" && sql == null && name.toString().startsWith("sqlite_autoindex_${owner}_")
            if (type != "table" && !automatic) {
                throw StoreError("$file: holds a $type '$name', which its format does not have")
            }
        }
    }

    private fun readMeta(): Map<String, String> {
        // Bounded: the file may be anybody's.
        val found = rows("SELECT key, value FROM meta WHERE length(value) <= 10000 LIMIT 100")
            .filter { (key, value) -> key is String && value is String }
            .associate { (key, value) -> key as String to value as String }
        if (found["format"] != "pocketshelf-$kind") {
            throw StoreError("$file: not a pocketshelf-$kind (its format is '${found["format"]}')")
        }
        if (found["version"] != "1") {
            throw StoreError("$file: pocketshelf-$kind version ${found["version"]} is unknown; update the app")
        }
        return found
    }

    private fun words(sql: Any?) = sql?.toString().orEmpty().filterNot { it.isWhitespace() }

    companion object {
        /** Numbers a vector; models have some hundreds. */
        const val MAX_DIMENSION = 65_536L
        private const val NAMES = "product_id, sequence, category, title, image, attributes, vectors"

        /** Open [file] with [databases], SQLite's errors as [StoreError]. */
        internal fun connect(databases: Databases, file: File, access: Access, seconds: Double = 120.0): Database {
            if (!file.isFile) throw StoreError("$file: no such file")
            return wrapped(file) { databases.open(file, access, seconds) }
        }

        /** Turn SQLite's and the system's errors into one [StoreError] about [file]. */
        internal fun <T> wrapped(file: File, verb: String = "read", work: () -> T): T = try {
            work()
        } catch (error: IOException) {
            val remedy = if ("full" in error.message.orEmpty()) "free some space" else "sync or build it again"
            throw StoreError("$file: cannot be $verb (${oneLine(error)}); $remedy", error)
        }
    }
}
