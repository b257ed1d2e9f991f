package org.pocketshelf.core.stages.search

import java.io.Closeable

/**
 * A graph over int8 vectors, compared by cosine (HNSW; Malkov and Yashunin, TPAMI 2020). USearch stands behind it: by
 * its C functions on a computer, by the platform's own binding in an app. Failures are [IllegalStateException]s.
 */
interface Graph : Closeable {
    /** Number of vectors in it. */
    val size: Int

    /** Add n · D signed bytes under the keys 0 to n - 1; room for them is reserved first. */
    fun build(vectors: ByteArray)

    /** Read what [save] gave; the bytes have been verified. */
    fun load(data: ByteArray)

    /** All of it as bytes. */
    fun save(): ByteArray

    /** The [count] nearest to a query of D signed bytes, nearest first; [count] is at most [size]. */
    fun nearest(query: ByteArray, count: Int): Nearest
}

/**
 * What a graph found.
 *
 * @property distances 1 - cosine, of each of [keys].
 */
class Nearest(val keys: IntArray, val distances: FloatArray)

/** Makes graphs. */
interface GraphLibrary {
    /**
     * An empty graph for vectors of [dimension] signed bytes.
     *
     * @param connectivity links an item; 16 gives 95 % recall at 276 bytes an item (100,000 × 128).
     * @param expansionSearch how wide a search looks.
     */
    fun create(dimension: Int, connectivity: Int = 16, expansionSearch: Int = 128): Graph
}

/**
 * Whether [library] computes int8 cosines rightly.
 *
 * A build of USearch without NumKong gives distance 0 to an orthogonal vector: known vectors tell.
 */
fun graphIsSound(library: GraphLibrary): Boolean = try {
    val known = ByteArray(3 * 64)
    for (i in 0 until 32) {
        known[i] = 100
        known[64 + 32 + i] = 100
        known[128 + i] = -100
    }
    library.create(64).use { graph ->
        graph.build(known)
        val found = graph.nearest(known.copyOf(64), 3)
        found.keys.contentEquals(intArrayOf(0, 1, 2)) &&
            found.distances.withIndex().all { (place, distance) -> Math.abs(distance - place) <= 0.02f }
    }
} catch (_: RuntimeException) {
    false
} catch (_: LinkageError) {
    false
}
