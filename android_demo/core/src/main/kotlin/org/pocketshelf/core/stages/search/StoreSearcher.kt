package org.pocketshelf.core.stages.search

import org.pocketshelf.core.formats.DerivedFile
import org.pocketshelf.core.formats.Products

/** An exact scan of so many pictures is faster than a graph, and misses nothing. */
const val EXACT_LIMIT = 20_000

/**
 * The default [Searcher]: one index a category, opened when first asked for; exact below [exactLimit] pictures, a
 * graph from there on, if there is a library for one and it computes rightly.
 *
 * @param products the shard's.
 * @param scanners makes what scans.
 * @param graphs the library of graphs; null: everything is scanned.
 * @param cache where a category's graph is kept; null of it: nowhere.
 */
class StoreSearcher(
    private val products: Products,
    private val exactLimit: Int = EXACT_LIMIT,
    private val scanners: Scanners = Scanners(::PlainScanner),
    private val graphs: GraphLibrary? = null,
    private val cache: (String) -> DerivedFile? = { null },
) : Searcher {
    private val indexes = HashMap<String, CategoryIndex>()

    /** Whether the library was asked for and found to be wrong; the settings may say so. */
    @Volatile
    var distrusted: Boolean = false
        private set
    private val trustsGraphs: Boolean by lazy {
        val sound = graphs != null && graphIsSound(graphs)
        distrusted = graphs != null && !sound
        sound
    }

    override fun search(vector: FloatArray, categories: Collection<String>, k: Int): List<Match> =
        categories.flatMap { index(it).search(vector, k) }.sortedWith(Match.BEST_FIRST).take(k)

    /** The category's index, opened or built now if it was not yet. */
    fun index(category: String): CategoryIndex = synchronized(indexes) {
        indexes.getOrPut(category) { open(category) }
    }

    private fun open(category: String): CategoryIndex {
        val owners = products.owners(category)
        val vectors = products.vectors(category)
        val dimension = products.meta.dimension
        val library = graphs
        if (owners.places.size >= exactLimit && library != null && trustsGraphs) {
            try {
                return GraphIndex.open(library, owners, vectors, dimension, cache(category))
            } catch (_: IllegalStateException) {
                distrusted = true
            }
        }
        return ExactIndex(owners, vectors, dimension, scanners)
    }
}
