package org.pocketshelf.core.stages.search

import org.pocketshelf.core.formats.ByCodePoint

/** A product and its cosine to the query. */
data class Match(val productId: String, val score: Double) {
    companion object {
        /** Best first; equal ones by their ids' code points. */
        val BEST_FIRST: Comparator<Match> = Comparator { a, b ->
            val order = b.score.compareTo(a.score)
            if (order != 0) order else ByCodePoint.compare(a.productId, b.productId)
        }
    }
}

/** The pictures of one category. */
interface CategoryIndex {
    /** The best [k] products for a query of D numbers, best first, each once. */
    fun search(vector: FloatArray, k: Int): List<Match>
}

/** The stage that finds products by vector. */
interface Searcher {
    /**
     * The best [k] products of [categories] for a query of D numbers, best first, each once.
     *
     * @throws org.pocketshelf.core.StoreError the shard is damaged.
     */
    fun search(vector: FloatArray, categories: Collection<String>, k: Int): List<Match>
}
