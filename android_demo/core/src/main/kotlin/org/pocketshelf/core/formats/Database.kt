package org.pocketshelf.core.formats

import java.io.Closeable
import java.io.File

/** How a SQLite file is opened. */
enum class Access {
    /** An existing file that no longer changes: read-only; no lock, no journal beside it is looked for. */
    READ,

    /** The same of a stranger's file: longest value 2,000,000 bytes, checks bounded in time. */
    SUSPECT,

    /** An existing file that nobody else reads. */
    WRITE,

    /** A new file. */
    CREATE,
}

/** One row: [Long], [Double], [String], [ByteArray] or null a column. */
typealias Row = List<Any?>

/**
 * An open SQLite file: the platform's own on a phone, JDBC on a computer.
 *
 * Every function throws [java.io.IOException] on SQLite's errors, a text that is no UTF-8 among them. Used by one
 * thread at a time; who shares one locks around it.
 */
interface Database : Closeable {
    /** Run a statement that gives no rows. */
    fun execute(sql: String, vararg values: Any?)

    /** Pass each row of a query to [each], until it returns false. */
    fun forEach(sql: String, vararg values: Any?, each: (Row) -> Boolean)

    /** All rows of a query. */
    fun query(sql: String, vararg values: Any?): List<Row> {
        val rows = ArrayList<Row>()
        forEach(sql, *values) { rows.add(it) }
        return rows
    }

    /** Attach [file], read-only where the platform can, under [name]. */
    fun attach(file: File, name: String)
}

/** Opens SQLite files. */
interface Databases {
    /**
     * Open [file].
     *
     * @param seconds with [Access.SUSPECT], longest time for all statements together.
     * @throws java.io.IOException it is missing, no SQLite file, or cannot be opened.
     */
    fun open(file: File, access: Access, seconds: Double = 120.0): Database
}
