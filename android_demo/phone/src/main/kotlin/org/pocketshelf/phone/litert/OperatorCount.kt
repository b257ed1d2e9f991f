package org.pocketshelf.phone.litert

import java.io.File
import java.io.IOException
import java.io.RandomAccessFile
import java.nio.ByteBuffer
import java.nio.ByteOrder

/**
 * How many operators a `.tflite` file has, read from the file itself: a FlatBuffer, whose root is a table Model with a
 * vector of SubGraph, whose fourth field is the vector of operators (tflite's schema.fbs, version 3).
 */
object OperatorCount {
    private const val SUBGRAPHS = 2
    private const val OPERATORS = 3
    private const val MOST_BYTES = 200_000_000L

    /** Of the first subgraph of [file]; null where it is no such file. */
    fun of(file: File): Int? = try {
        if (file.length() > MOST_BYTES) null else RandomAccessFile(file, "r").use { open ->
            val bytes = ByteArray(file.length().toInt())
            open.readFully(bytes)
            of(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN))
        }
    } catch (_: IOException) {
        null
    }

    /** Of the first subgraph in [model]; null where it is none. */
    fun of(model: ByteBuffer): Int? = try {
        val root = model.getInt(0)
        val subgraphs = field(model, root, SUBGRAPHS)?.let { vector(model, it) }
        val first = subgraphs?.takeIf { (_, length) -> length > 0 }?.let { (start, _) -> start + model.getInt(start) }
        first?.let { field(model, it, OPERATORS) }?.let { vector(model, it).second }?.takeIf { it > 0 }
    } catch (_: IndexOutOfBoundsException) {
        null
    }

    /** Where field [number] of the table at [table] lies; null where the table does not have it. */
    private fun field(model: ByteBuffer, table: Int, number: Int): Int? {
        val fields = table - model.getInt(table)
        val slot = 4 + 2 * number
        if (slot >= model.getShort(fields).toInt() and 0xffff) return null
        val offset = model.getShort(fields + slot).toInt() and 0xffff
        return if (offset == 0) null else table + offset
    }

    /** Where the elements of the vector that lies at [at] begin, and how many there are. */
    private fun vector(model: ByteBuffer, at: Int): Pair<Int, Int> {
        val start = at + model.getInt(at)
        return Pair(start + 4, model.getInt(start))
    }
}
