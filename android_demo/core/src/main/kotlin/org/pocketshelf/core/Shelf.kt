package org.pocketshelf.core

import org.pocketshelf.core.closely.Closely
import org.pocketshelf.core.formats.ByCodePoint
import org.pocketshelf.core.formats.DerivedFile
import org.pocketshelf.core.formats.GroupHead
import org.pocketshelf.core.formats.Products
import org.pocketshelf.core.recall.CatalogueSpread
import org.pocketshelf.core.recall.Neighbourhood
import org.pocketshelf.core.recall.Signals
import org.pocketshelf.core.recall.shelfCoverage
import org.pocketshelf.core.stages.PALETTE
import org.pocketshelf.core.stages.Shelves
import org.pocketshelf.core.stages.Where
import org.pocketshelf.core.stages.fits
import org.pocketshelf.core.stages.search.Cosines
import org.pocketshelf.core.stages.search.GraphLibrary
import org.pocketshelf.core.stages.search.Match
import org.pocketshelf.core.stages.search.PlainScanner
import org.pocketshelf.core.stages.search.Scanners
import org.pocketshelf.core.stages.search.Searcher
import org.pocketshelf.core.stages.search.StoreSearcher
import org.pocketshelf.core.store.Store
import org.pocketshelf.core.types.Hit
import org.pocketshelf.core.types.Named
import org.pocketshelf.core.types.Source
import org.pocketshelf.core.types.StoreInfo
import java.util.concurrent.ConcurrentHashMap

/**
 * One generation of a store, with what searches derive from it; a search keeps to the one it began with.
 *
 * @property products the generation's.
 * @property coverage see [Signals]; null for a shelf that is the whole catalogue.
 * @property closely its prints; null where it has none, or they are left out.
 */
class Shelf(
    val products: Products,
    private val searcher: Searcher,
    private val coverage: Map<String, Double>? = null,
    val closely: Closely? = null,
) {
    /** Category → number of its products. */
    val counts: Map<String, Int> = products.categories()

    /** What a search result says about the store. */
    val info: StoreInfo get() = products.meta.let { StoreInfo(it.sequence, it.space, it.bundle) }

    /**
     * Whether its products state their colours, as far as the first tell.
     *
     * @throws StoreError the store is damaged.
     */
    val hasPalettes: Boolean by lazy { products.states(PALETTE, LOOKED_AT) }

    private val neighbourhood = Neighbourhood(products)

    // One a bundle that searches here.
    private val looking = ConcurrentHashMap<Shelves, Shelves>()

    /**
     * A bundle's [named], knowing the other categories by some products of each; these are looked at once.
     *
     * @param head what tells their groups; null where the bundle has none.
     * @throws StoreError the store is damaged.
     */
    fun shelves(named: Shelves, head: GroupHead?): Shelves =
        if (head == null) named else looking.computeIfAbsent(named) { it.looking(counts.keys, head, products::someOf) }

    /**
     * How far a hit's first picture looks to be of a detector's [group], 0 to 1; null if nothing tells.
     *
     * @param head what tells; null where the bundle has none.
     * @throws StoreError the store is damaged.
     */
    fun look(hit: Hit, group: String, head: GroupHead?): Double? {
        if (head == null || group !in head.names || hit.source != Source.LOCAL) return null
        return products.product(hit.productId)?.let { head.look(it.vector(0), group) }
    }

    /** The product with this id as a hit for a query of D numbers; null if there is none. */
    fun known(productId: String, vector: FloatArray): Hit? {
        val product = products.product(productId) ?: return null
        val cosines = Cosines(product.vectors, vector)
        return hit(Match(productId, (0 until product.pictures).maxOf { cosines.to(it) }.toDouble()))
    }

    /** The [wanted] nearest to a vector of D numbers that fit [where]; where few do, it looks further. */
    fun nearest(vector: FloatArray, categories: List<String>, wanted: Int, where: Where): List<Hit> {
        val held = categories.sumOf { counts[it] ?: 0 }
        var depth = wanted
        while (true) {
            val hits = searcher.search(vector, categories, depth).map(::hit)
            if (where.isEmpty()) return hits
            val fitting = hits.filter { fits(it.attributes, where) }
            if (fitting.size >= wanted || depth >= held) return fitting.take(wanted)
            depth = minOf(depth * WIDEN, held)
        }
    }

    /** What the estimates of recall and confidence go by. */
    fun signals(region: EncodedRegion, hits: List<Hit>, told: CatalogueSpread? = null): Signals = Signals(
        scores = hits.map { it.score },
        hitCategories = hits.map { it.category },
        categories = region.embedding.categories.entries.map { Named(it.key, it.value) }.sortedWith(LIKELIEST_FIRST),
        coverage = coverage,
        held = counts.keys,
        detected = region.detection.score,
        query = region.embedding.vector,
        hit = vectorOf(hits.firstOrNull()),
        shelf = neighbourhood,
        common = hits.firstOrNull()?.let { shareOf(it.category) } ?: 0.0,
        told = told,
        toldHit = told?.ofHits?.get(hits.firstOrNull()?.productId),
    )

    /** Of the products, those of a category. */
    private fun shareOf(category: String): Double =
        (counts[category] ?: 0).toDouble() / maxOf(1, counts.values.sum())

    private fun hit(match: Match): Hit {
        // An injected searcher may know more than the store.
        val product = products.product(match.productId) ?: return Hit(match.productId, match.score, "", "")
        return Hit(
            productId = product.productId,
            score = match.score,
            title = product.title,
            category = product.category,
            image = product.image,
            attributes = product.attributes,
        )
    }

    /** The hit's vector, of its first picture; null of a server's. */
    private fun vectorOf(hit: Hit?): FloatArray? {
        if (hit == null || hit.source != Source.LOCAL) return null
        val first = products.product(hit.productId)?.vector(0) ?: return null
        return FloatArray(first.size) { first[it].toFloat() }
    }

    companion object {
        /**
         * The open generation of [store], its graphs kept beside it, with the counts of the manifest it came with.
         *
         * @param graphs for large categories; null: all are scanned.
         * @param closely with the local features that lie beside it, if any do.
         */
        fun of(
            store: Store,
            graphs: GraphLibrary? = null,
            scanners: Scanners = Scanners(::PlainScanner),
            closely: Boolean = true,
        ): Shelf {
            val folder = store.folder.index(store.generation)
            val searcher = StoreSearcher(store.products, scanners = scanners, graphs = graphs) {
                DerivedFile.ofCategory(folder, store.digest, it)
            }
            return Shelf(store.products, searcher, shelfCoverage(store), if (closely) Closely.of(store) else null)
        }

        // Where few products fit, so many times as many are looked at, and again.
        private const val WIDEN = 8

        // So many products tell whether a shelf has palettes.
        private const val LOOKED_AT = 32
        private val LIKELIEST_FIRST = Comparator<Named> { a, b ->
            val order = b.probability.compareTo(a.probability)
            if (order != 0) order else ByCodePoint.compare(a.name, b.name)
        }
    }
}
