package org.pocketshelf.desktop.search

import java.io.File
import java.lang.foreign.Arena
import java.lang.foreign.MemorySegment
import java.lang.foreign.ValueLayout.JAVA_BYTE
import java.lang.foreign.ValueLayout.JAVA_FLOAT
import java.lang.foreign.ValueLayout.JAVA_INT
import java.lang.foreign.ValueLayout.JAVA_LONG
import java.lang.ref.Cleaner
import java.lang.ref.Reference
import org.pocketshelf.core.stages.search.Graph
import org.pocketshelf.core.stages.search.GraphLibrary
import org.pocketshelf.core.stages.search.Nearest
import org.pocketshelf.desktop.search.UsearchFunctions.Companion.COSINE
import org.pocketshelf.desktop.search.UsearchFunctions.Companion.INT8
import org.pocketshelf.desktop.search.UsearchFunctions.Companion.OPTIONS
import org.pocketshelf.desktop.search.UsearchFunctions.Companion.offset

/**
 * USearch, by its C functions; `contract/usearch/build` makes the library, with NumKong's kernels.
 *
 * @param library `libusearch_c.so`.
 * @throws IllegalArgumentException the file is no library.
 * @throws UnsatisfiedLinkError it lacks a function.
 */
class UsearchLibrary(library: File) : GraphLibrary {
    private val functions = UsearchFunctions(library)

    /** The library's version, such as "2.25.3". */
    val version: String get() = functions.version()

    override fun create(dimension: Int, connectivity: Int, expansionSearch: Int): Graph = Arena.ofConfined().use { arena ->
        val options = arena.allocate(OPTIONS)
        options.set(JAVA_INT, offset("metric_kind"), COSINE)
        options.set(JAVA_INT, offset("quantization"), INT8)
        options.set(JAVA_LONG, offset("dimensions"), dimension.toLong())
        options.set(JAVA_LONG, offset("connectivity"), connectivity.toLong())
        options.set(JAVA_LONG, offset("expansion_search"), expansionSearch.toLong())
        UsearchGraph(functions, functions.call(functions.init, options) as MemorySegment, dimension)
    }
}

/** One index. It is freed when it is closed, or when nobody holds it any more. */
private class UsearchGraph(private val functions: UsearchFunctions, private val index: MemorySegment, private val dimension: Int) : Graph {
    private val freeing = CLEANER.register(this, Freeing(functions, index))
    private var isClosed = false

    override val size: Int get() = open { (functions.call(functions.size, index) as Long).toInt() }

    override fun build(vectors: ByteArray) = open {
        require(vectors.size % dimension == 0) { "${vectors.size} bytes are no vectors of $dimension" }
        val count = vectors.size / dimension
        functions.call(functions.reserve, index, count.toLong())
        Arena.ofConfined().use { arena ->
            val row = arena.allocate(dimension.toLong())
            for (key in 0 until count) {
                MemorySegment.copy(vectors, key * dimension, row, JAVA_BYTE, 0, dimension)
                functions.call(functions.add, index, key.toLong(), row, INT8)
            }
        }
    }

    override fun load(data: ByteArray) = open {
        Arena.ofConfined().use { arena ->
            functions.call(functions.load, index, arena.allocateFrom(JAVA_BYTE, *data), data.size.toLong())
        }
        val found = functions.call(functions.dimensions, index) as Long
        check(found == dimension.toLong()) { "usearch: a graph of $found dimensions, not $dimension" }
    }

    override fun save(): ByteArray = open {
        Arena.ofConfined().use { arena ->
            val length = functions.call(functions.length, index) as Long
            val buffer = arena.allocate(length)
            functions.call(functions.save, index, buffer, length)
            buffer.toArray(JAVA_BYTE)
        }
    }

    override fun nearest(query: ByteArray, count: Int): Nearest {
        require(query.size == dimension) { "a query of ${query.size} numbers, not $dimension" }
        // Beyond its size USearch answers garbage.
        val wanted = minOf(count, size).toLong()
        return if (wanted <= 0) Nearest(IntArray(0), FloatArray(0)) else open { found(query, wanted) }
    }

    private fun found(query: ByteArray, wanted: Long): Nearest =
        Arena.ofConfined().use { arena ->
            val keys = arena.allocate(JAVA_LONG, wanted)
            val distances = arena.allocate(JAVA_FLOAT, wanted)
            val asked = arena.allocateFrom(JAVA_BYTE, *query)
            val found = (functions.call(functions.search, index, asked, INT8, wanted, keys, distances) as Long).toInt()
            Nearest(
                IntArray(found) { keys.getAtIndex(JAVA_LONG, it.toLong()).toInt() },
                FloatArray(found) { distances.getAtIndex(JAVA_FLOAT, it.toLong()) },
            )
        }

    @Synchronized
    override fun close() {
        isClosed = true
        freeing.clean()
    }

    // One call at a time, none after the end, and no end during a call.
    @Synchronized
    private fun <T> open(work: () -> T): T {
        check(!isClosed) { "usearch: the graph is closed" }
        try {
            return work()
        } finally {
            Reference.reachabilityFence(this)
        }
    }

    /** Holds no reference to the graph itself, which would keep it alive. */
    private class Freeing(private val functions: UsearchFunctions, private val index: MemorySegment) : Runnable {
        override fun run() {
            functions.call(functions.free, index)
        }
    }

    private companion object {
        val CLEANER: Cleaner = Cleaner.create()
    }
}
