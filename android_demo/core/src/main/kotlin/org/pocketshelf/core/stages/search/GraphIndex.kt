package org.pocketshelf.core.stages.search

import org.pocketshelf.core.formats.DerivedFile
import org.pocketshelf.core.formats.Owners
import org.pocketshelf.core.formats.quantizeVector
import java.io.IOException

/**
 * Approximate search over one large category: candidates from a [Graph], their scores as the exact scan's.
 *
 * @param owners whose the pictures are.
 * @param vectors n · D signed bytes, in the order of [owners]; the pictures' numbers are the graph's keys.
 */
class GraphIndex private constructor(
    private val owners: Owners,
    private val vectors: ByteArray,
    private val graph: Graph,
) : CategoryIndex {
    private val starts = firstPictures(owners)
    private val total = owners.places.size

    /** See [CategoryIndex]. A product with many pictures may fill the nearest: the search widens until [k] differ. */
    override fun search(vector: FloatArray, k: Int): List<Match> {
        if (k < 1 || total == 0) return emptyList()
        val query = quantizeVector(vector)
        val cosines = Cosines(vectors, vector)
        var width = minOf(2 * k + 16, total)
        while (true) {
            val found = productsNear(query, width)
            if (found.size >= minOf(k, owners.ids.size) || width == total) {
                return found.map { match(cosines, it) }.sortedWith(Match.BEST_FIRST).take(k)
            }
            width = minOf(2 * width, total)
        }
    }

    // All of them where all are wanted, for a graph may leave one unreachable.
    private fun productsNear(query: ByteArray, width: Int): Collection<Int> {
        if (width == total) return owners.ids.indices.toList()
        val keys = synchronized(graph) { graph.nearest(query, width).keys }
        return keys.filter { it in 0 until total }.mapTo(LinkedHashSet()) { owners.places[it] }
    }

    private fun match(cosines: Cosines, product: Int): Match {
        var cosine = -2f
        for (picture in starts[product] until starts[product + 1]) cosine = maxOf(cosine, cosines.to(picture))
        return Match(owners.ids[product], cosine.toDouble())
    }

    companion object {
        // No graph of ours is longer: links, key and level of an item besides its vector, and the file's own head.
        private const val ITEM_BYTES = 1024L
        private const val FILE_BYTES = 1L shl 20

        /**
         * The graph kept in [cache], or one that is built now and kept there, if that works.
         *
         * @throws IllegalStateException the library fails.
         */
        fun open(library: GraphLibrary, owners: Owners, vectors: ByteArray, dimension: Int, cache: DerivedFile?): GraphIndex {
            val kept = cache?.read(owners.places.size * (dimension + ITEM_BYTES) + FILE_BYTES)
            return kept?.let { loaded(library, owners, vectors, dimension, it) }
                ?: built(library, owners, vectors, dimension, cache)
        }

        private fun loaded(library: GraphLibrary, owners: Owners, vectors: ByteArray, dimension: Int, data: ByteArray): GraphIndex? {
            val graph = library.create(dimension)
            try {
                graph.load(data)
                if (graph.size == owners.places.size) return GraphIndex(owners, vectors, graph)
            } catch (_: IllegalStateException) {
                // Another version's, perhaps: as good as none.
            }
            graph.close()
            return null
        }

        private fun built(library: GraphLibrary, owners: Owners, vectors: ByteArray, dimension: Int, cache: DerivedFile?): GraphIndex {
            val graph = library.create(dimension)
            graph.build(vectors)
            try {
                cache?.write(graph.save())
            } catch (_: IOException) {
                // A read-only store is searched all the same; it builds its graph anew each time.
            }
            return GraphIndex(owners, vectors, graph)
        }
    }
}
