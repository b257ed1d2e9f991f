package org.pocketshelf.desktop

import java.io.File
import java.io.IOException
import java.nio.file.Path
import java.sql.PreparedStatement
import java.sql.ResultSet
import java.sql.SQLException
import java.util.Properties
import org.pocketshelf.core.formats.Access
import org.pocketshelf.core.formats.Database
import org.pocketshelf.core.formats.Databases
import org.pocketshelf.core.formats.Row
import org.pocketshelf.core.formats.StrictJson
import org.sqlite.ProgressHandler
import org.sqlite.SQLiteConnection
import org.sqlite.SQLiteLimits
import org.sqlite.jdbc4.JDBC4Connection

/** SQLite on a computer: xerial's JDBC driver. */
class JdbcDatabases : Databases {
    override fun open(file: File, access: Access, seconds: Double): Database = wrapped {
        if (access != Access.CREATE && !file.isFile) throw IOException("no such file")
        val connection = JDBC4Connection("jdbc:sqlite:${uri(file, access)}", uri(file, access), Properties())
        try {
            prepare(connection, access, seconds)
            JdbcDatabase(connection)
        } catch (error: Throwable) {
            connection.close()
            throw error
        }
    }

    private fun prepare(connection: SQLiteConnection, access: Access, seconds: Double) {
        connection.createStatement().use { statement ->
            statement.execute("PRAGMA trusted_schema = OFF")
            statement.execute("PRAGMA cell_size_check = ON")
            if (access == Access.SUSPECT) {
                statement.execute("PRAGMA mmap_size = 0")
                connection.setLimit(SQLiteLimits.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
                connection.setLimit(SQLiteLimits.SQLITE_LIMIT_SQL_LENGTH, LONGEST_SQL)
                connection.setLimit(SQLiteLimits.SQLITE_LIMIT_ATTACHED, 0)
                interruptAfter(connection, seconds)
            }
            statement.execute("PRAGMA schema_version")
        }
    }

    private fun interruptAfter(connection: SQLiteConnection, seconds: Double) {
        val deadline = System.nanoTime() + (seconds * 1e9).toLong()
        val handler = object : ProgressHandler() {
            override fun progress(): Int = if (System.nanoTime() - deadline > 0) 1 else 0
        }
        ProgressHandler.setHandler(connection, STEPS_BETWEEN_CHECKS, handler)
    }

    internal companion object {
        private const val LONGEST_VALUE = 2_000_000
        private const val LONGEST_SQL = 100_000
        private const val STEPS_BETWEEN_CHECKS = 200_000

        fun uri(file: File, access: Access): String {
            val how = when (access) {
                Access.READ, Access.SUSPECT -> "mode=ro&immutable=1"
                Access.WRITE -> "mode=rw&nolock=1"
                Access.CREATE -> "mode=rwc&nolock=1"
            }
            return "file:${quoted(file.toPath().toAbsolutePath())}?$how"
        }

        private fun quoted(path: Path): String = buildString {
            for (byte in path.toString().toByteArray()) {
                val letter = byte.toInt().toChar()
                if (byte > 0 && (letter.isLetterOrDigit() || letter in "/_.-~")) append(letter) else append("%%%02X".format(byte))
            }
        }
    }
}

private class JdbcDatabase(private val connection: SQLiteConnection) : Database {
    override fun execute(sql: String, vararg values: Any?) = wrapped {
        prepared(sql, values) { it.execute() }
        Unit
    }

    override fun forEach(sql: String, vararg values: Any?, each: (Row) -> Boolean) = wrapped {
        prepared(sql, values) { statement ->
            statement.executeQuery().use { rows ->
                val count = rows.metaData.columnCount
                var goesOn = true
                while (goesOn && rows.next()) goesOn = each((1..count).map { value(rows, it) })
            }
        }
    }

    override fun attach(file: File, name: String) = execute("ATTACH DATABASE ? AS $name", JdbcDatabases.uri(file, Access.READ))

    override fun close() = wrapped { connection.close() }

    private fun <T> prepared(sql: String, values: Array<out Any?>, work: (PreparedStatement) -> T): T =
        connection.prepareStatement(sql).use { statement ->
            values.forEachIndexed { i, value -> statement.setObject(i + 1, value) }
            work(statement)
        }

    /** The driver replaces what is no UTF-8 silently: texts are decoded here. */
    private fun value(rows: ResultSet, column: Int): Any? = when (val found = rows.getObject(column)) {
        is Int -> found.toLong()
        is String -> try {
            StrictJson.decode(rows.getBytes(column))
        } catch (error: IllegalArgumentException) {
            throw IOException("damaged, a text is no UTF-8", error)
        }
        else -> found
    }
}

private fun <T> wrapped(work: () -> T): T = try {
    work()
} catch (error: SQLException) {
    throw IOException(error.message, error)
}
