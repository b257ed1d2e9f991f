package org.pocketshelf.core.formats

/**
 * One product with its int8 vectors: the row that shards and deltas share.
 *
 * @property productId its key.
 * @property sequence number of the change that last touched it.
 * @property title may be empty.
 * @property image the picture as the catalogue names it (a path or URL), or null.
 * @property attributes a JSON object: any other column of the imported file.
 * @property vectors n · D signed bytes: n pictures, one after the other. A picture's float vector v is stored as
 *   round(v · 127 / max|v|): cosine does not care for the length.
 * @property dimension D.
 */
class Product(
    val productId: String,
    val sequence: Long,
    val category: String,
    val title: String,
    val image: String?,
    val attributes: Map<String, Any?>,
    val vectors: ByteArray,
    val dimension: Int,
) {
    /** Number of pictures. */
    val pictures: Int get() = vectors.size / dimension

    /** The D signed bytes of picture [index]. */
    fun vector(index: Int): ByteArray = vectors.copyOfRange(index * dimension, (index + 1) * dimension)

    override fun toString() = "Product($productId, sequence $sequence, $category, $pictures pictures)"
}

/**
 * What a shard says of itself.
 *
 * @property sequence of the newest change in it.
 * @property dimension numbers a vector.
 */
data class ShardMeta(
    val space: String,
    val preprocessing: String,
    val bundle: String,
    val sequence: Long,
    val dimension: Int,
) {
    /** What its vectors mean. */
    fun vectorsOf() = Space(space, preprocessing, dimension, bundle)
}

/**
 * Whose pictures a category holds.
 *
 * @property ids the products' ids, ascending.
 * @property places for each picture its product's place in [ids].
 */
class Owners(val ids: List<String>, val places: IntArray)

/** So many products tell what a category holds. */
const val SOME = 32

/** The products of one shard, for reading; what searches and recall estimates are given. */
interface Products {
    /** What the shard says of itself. */
    val meta: ShardMeta

    /** Number of products. */
    val size: Int

    /** Category → number of products, in the order of code points. */
    fun categories(): Map<String, Int>

    /** The product with this id, if there is one. */
    fun product(productId: String): Product?

    /** All ids, ascending. */
    fun ids(): List<String>

    /** Whose pictures [category] holds; nobody's where there is no such category. */
    fun owners(category: String): Owners

    /** The pictures of [category] in the order of [owners]: one block of n · D signed bytes. */
    fun vectors(category: String): ByteArray

    /**
     * The first picture of [most] products of [category], or of all it has: n · D signed bytes.
     *
     * They are evenly apart in the order of their rows: of c products those at ⌊i · c / most⌋.
     */
    fun someOf(category: String, most: Int = SOME): ByteArray

    /** The first picture of each of [ids], in their order: ids.size · D signed bytes. */
    fun firstVectors(ids: List<String>): ByteArray

    /** Whether one of the first [most] products, by their rows, states the attribute [name]. */
    fun states(name: String, most: Int): Boolean = ids().take(most).any { name in (product(it)?.attributes ?: emptyMap()) }
}
