package org.pocketshelf.core.closely

import org.pocketshelf.core.formats.ByCodePoint
import org.pocketshelf.core.formats.DerivedFile
import org.pocketshelf.core.formats.FeatureTable
import org.pocketshelf.core.formats.FeatureTable.Companion.WORDS
import org.pocketshelf.core.stages.preprocess.Photo
import org.pocketshelf.core.store.Store

/**
 * A shelf's prints, and which of them a photo shows: covers and cartons, found by local features and a homography. See
 * `docs/closely.md`. Safe to share between threads.
 *
 * @param ids the products' ids, ascending.
 * @param table their features.
 */
class Closely(private val ids: List<String>, private val table: FeatureTable) {
    private val places = ids.withIndex().associate { (place, id) -> id to place }
    private val inverted by lazy { Inverted(table) }

    /** How many products have features. */
    val size: Int get() = table.prints

    /**
     * The products whose picture the photo shows, most inliers first.
     *
     * @param nearest ids of the embedding's hits, best first, of each region.
     */
    fun sightings(photo: Photo, nearest: List<String> = emptyList()): List<Sighting> {
        val features = Features.ofPhoto(photo.pixels) ?: return emptyList()
        if (features.size == 0) return emptyList()
        val looked = LinkedHashSet(inverted.votes(features.descriptors, VOTED))
        nearest.mapNotNullTo(looked) { places[it] }
        return looked.filter { table.counts[it] > 0 }.mapNotNull { place ->
            val shape = table.shapes[place].toDouble() / FeatureTable.SHAPE
            Geometry.sighted(ids[place], print(table, place), features, photo.width, photo.height, shape)
        }.sortedWith(MOST_FIRST)
    }

    /** Whose features the photo's are like, by their ids, loudest first. */
    internal fun votes(features: Features): List<String> = inverted.votes(features.descriptors, VOTED).map { ids[it] }

    companion object {
        // So many products that the photo's corners speak for are looked at, and so many of the embedding's.
        private const val VOTED = 10
        internal const val NEAREST = 5
        private val MOST_FIRST = compareBy<Sighting> { -it.inliers }.thenBy(ByCodePoint) { it.productId }

        /** The prints of the open generation of [store]; null where it has none, or they are damaged. */
        fun of(store: Store): Closely? {
            val file = DerivedFile.ofFeatures(store.folder.index(store.generation), store.digest)
            if (!file.path.isFile) return null
            val ids = store.products.ids()
            val data = file.read(FeatureTable.mostBytes(ids.size)) ?: return null
            val table = FeatureTable.parse(data, ids.size) ?: return null
            return if (table.size > 0) Closely(ids, table) else null
        }

        /** The features of the product at [place] of a table. */
        internal fun print(table: FeatureTable, place: Int): Features {
            val start = table.starts[place]
            val size = table.counts[place]
            return Features(
                FloatArray(2 * size) { (if (it % 2 == 0) table.x(start + it / 2) else table.y(start + it / 2)) / 65535f },
                FloatArray(size) { (table.size(start + it) - 128f) / 32f },
                FloatArray(size) { table.angle(start + it) / 256f },
                table.descriptors.copyOfRange(WORDS * start, WORDS * (start + size)),
            )
        }
    }
}
