package org.pocketshelf.demo.shelf

import android.database.Cursor
import android.database.SQLException
import android.database.sqlite.SQLiteDatabase
import android.database.sqlite.SQLiteDatabaseCorruptException
import android.os.CancellationSignal
import android.os.OperationCanceledException
import org.pocketshelf.core.formats.Access
import org.pocketshelf.core.formats.Database
import org.pocketshelf.core.formats.Databases
import org.pocketshelf.core.formats.Row
import org.pocketshelf.core.formats.StrictJson
import java.io.File
import java.io.IOException
import java.util.Timer
import java.util.TimerTask

/**
 * The core's SQLite, by the platform's own: 3.18 on Android 8, without JSON functions until Android 14 (the core
 * notices, and checks attributes itself).
 */
object AndroidDatabases : Databases {
    override fun open(file: File, access: Access, seconds: Double): Database {
        if (access != Access.CREATE && !file.isFile) throw IOException("$file: is missing")
        val flags = when (access) {
            Access.READ, Access.SUSPECT -> SQLiteDatabase.OPEN_READONLY
            Access.WRITE -> SQLiteDatabase.OPEN_READWRITE
            Access.CREATE -> SQLiteDatabase.OPEN_READWRITE or SQLiteDatabase.CREATE_IF_NECESSARY
        } or SQLiteDatabase.NO_LOCALIZED_COLLATORS
        return wrapped(file) {
            // The platform's own handler deletes a file that it finds damaged; what is damaged is ours to say.
            val opened = SQLiteDatabase.openDatabase(file.path, null, flags) { damaged -> damaged.close() }
            AndroidDatabase(file, opened, if (access == Access.SUSPECT) seconds else null).also { prepare(it, access) }
        }
    }
}

/** As on a computer (`desktop/JdbcDatabases`); what an older SQLite does not know it ignores. */
private fun prepare(database: Database, access: Access) {
    try {
        database.query("PRAGMA trusted_schema = OFF")
        database.query("PRAGMA cell_size_check = ON")
        if (access == Access.SUSPECT) database.query("PRAGMA mmap_size = 0")
        // Android 9 writes ahead by itself, which would leave a mark in the file's header, and so another hash.
        if (access == Access.WRITE || access == Access.CREATE) database.query("PRAGMA journal_mode = DELETE")
        database.query("PRAGMA schema_version")
    } catch (error: IOException) {
        database.close()
        throw error
    }
}

/** SQLite's errors, as the core expects them. */
internal inline fun <T> wrapped(file: File, work: () -> T): T = try {
    work()
} catch (error: SQLException) {
    throw IOException("$file: ${error.message}", error)
} catch (error: OperationCanceledException) {
    throw IOException("$file: its checks took too long", error)
} catch (error: IllegalStateException) { // Closed as damaged, by the handler above.
    throw IOException("$file: ${error.message}", error)
}

/** One open file; see [Database]. */
private class AndroidDatabase(
    private val file: File,
    private val opened: SQLiteDatabase,
    seconds: Double?,
) : Database {
    private val signal = seconds?.let { CancellationSignal() }
    private val timer = seconds?.let { limit ->
        Timer(true).apply {
            schedule(object : TimerTask() {
                override fun run() {
                    signal?.cancel()
                }
            }, (limit * 1000).toLong())
        }
    }
    private val suspect = seconds != null

    override fun execute(sql: String, vararg values: Any?) = wrapped(file) {
        opened.compileStatement(sql).use { statement ->
            values.forEachIndexed { place, value -> bind(value, place + 1, statement::bindLong, statement::bindDouble, statement::bindString, statement::bindBlob, statement::bindNull) }
            statement.execute()
        }
    }

    // rawQuery binds texts alone, and a number bound as a text compares as one; the factory binds each by its type.
    override fun forEach(sql: String, vararg values: Any?, each: (Row) -> Boolean) = wrapped(file) {
        val factory = SQLiteDatabase.CursorFactory { _, driver, table, query ->
            values.forEachIndexed { place, value -> bind(value, place + 1, query::bindLong, query::bindDouble, query::bindString, query::bindBlob, query::bindNull) }
            android.database.sqlite.SQLiteCursor(driver, table, query)
        }
        opened.rawQueryWithFactory(factory, sql, null, "", signal).use { cursor ->
            while (cursor.moveToNext()) {
                if (!each(row(cursor))) return@use
            }
        }
    }

    override fun attach(file: File, name: String) {
        require(name.all { it in 'a'..'z' }) { "a database cannot be attached as '$name'" }
        execute("ATTACH DATABASE ? AS $name", file.path)
    }

    override fun close() {
        timer?.cancel()
        opened.close()
    }

    private fun row(cursor: Cursor): Row = List(cursor.columnCount) { column ->
        when (cursor.getType(column)) {
            Cursor.FIELD_TYPE_INTEGER -> cursor.getLong(column)
            Cursor.FIELD_TYPE_FLOAT -> cursor.getDouble(column)
            Cursor.FIELD_TYPE_STRING -> text(bytes(cursor, column))
            Cursor.FIELD_TYPE_BLOB -> bytes(cursor, column)
            else -> null
        }
    }

    private fun bytes(cursor: Cursor, column: Int): ByteArray {
        val value = cursor.getBlob(column)
        if (suspect && value.size > LONGEST) throw SQLiteDatabaseCorruptException("a value is longer than $LONGEST bytes")
        return value
    }

    /** The platform replaces what is no UTF-8 silently: texts are decoded here; their bytes end with a NUL of SQLite's. */
    private fun text(stored: ByteArray): String = try {
        StrictJson.decode(if (stored.isNotEmpty() && stored.last() == 0.toByte()) stored.copyOf(stored.size - 1) else stored)
    } catch (error: IllegalArgumentException) {
        throw IOException("$file: damaged, a text is no UTF-8", error)
    }

    private inline fun bind(
        value: Any?,
        place: Int,
        whole: (Int, Long) -> Unit,
        real: (Int, Double) -> Unit,
        text: (Int, String) -> Unit,
        blob: (Int, ByteArray) -> Unit,
        none: (Int) -> Unit,
    ) = when (value) {
        null -> none(place)
        is Long -> whole(place, value)
        is Int -> whole(place, value.toLong())
        is Double -> real(place, value)
        is String -> text(place, value)
        is ByteArray -> blob(place, value)
        else -> throw IllegalArgumentException("SQLite has no ${value.javaClass.simpleName}")
    }

    private companion object {
        const val LONGEST = 2_000_000
    }
}
