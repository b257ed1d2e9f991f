package org.pocketshelf.phone.usearch

import org.pocketshelf.core.stages.search.Graph
import org.pocketshelf.core.stages.search.GraphLibrary
import org.pocketshelf.core.stages.search.Nearest

/**
 * USearch's graphs by JNI over its C functions (`cpp/usearch_jni.c`): its own Java binding returns no distances, without
 * which a build that computes int8 cosines wrongly could not be told (`graphIsSound`).
 */
object UsearchGraphs : GraphLibrary {
    /** The library's name for `System.loadLibrary`. */
    const val LIBRARY = "pocketshelf_usearch"

    /**
     * These graphs, with the library loaded; null where this build has none.
     */
    fun orNull(): GraphLibrary? = try {
        System.loadLibrary(LIBRARY)
        this
    } catch (_: UnsatisfiedLinkError) {
        null
    }

    override fun create(dimension: Int, connectivity: Int, expansionSearch: Int): Graph =
        UsearchGraph(dimension, Native.create(dimension, connectivity, expansionSearch))
}

/** One graph; see [Graph]. */
private class UsearchGraph(private val dimension: Int, private var handle: Long) : Graph {
    override val size: Int get() = Native.size(open())

    override fun build(vectors: ByteArray) {
        check(vectors.size % dimension == 0) { "usearch: ${vectors.size} bytes are no vectors of $dimension" }
        Native.build(open(), vectors, dimension)
    }

    override fun load(data: ByteArray) = Native.load(open(), data, dimension)

    override fun save(): ByteArray = Native.save(open())

    override fun nearest(query: ByteArray, count: Int): Nearest {
        check(query.size == dimension) { "usearch: a query of ${query.size} numbers, not $dimension" }
        // Asked for more than there are, USearch gave garbage.
        val wanted = minOf(count, size)
        val keys = IntArray(wanted)
        val distances = FloatArray(wanted)
        val found = if (wanted == 0) 0 else Native.nearest(open(), query, keys, distances)
        return Nearest(keys.copyOf(found), distances.copyOf(found))
    }

    @Synchronized
    override fun close() {
        if (handle != 0L) Native.free(handle)
        handle = 0
    }

    private fun open(): Long {
        check(handle != 0L) { "usearch: the graph is closed" }
        return handle
    }
}

/** The functions of `cpp/usearch_jni.c`; each throws [IllegalStateException] where USearch refuses. */
internal object Native {
    @JvmStatic external fun create(dimensions: Int, connectivity: Int, expansion: Int): Long

    @JvmStatic external fun free(handle: Long)

    @JvmStatic external fun size(handle: Long): Int

    @JvmStatic external fun build(handle: Long, vectors: ByteArray, dimensions: Int)

    @JvmStatic external fun nearest(handle: Long, query: ByteArray, keys: IntArray, distances: FloatArray): Int

    @JvmStatic external fun save(handle: Long): ByteArray

    @JvmStatic external fun load(handle: Long, data: ByteArray, dimensions: Int)
}
