package org.pocketshelf.core.golden

import org.pocketshelf.core.formats.Owners
import org.pocketshelf.core.formats.Product
import org.pocketshelf.core.formats.Products
import org.pocketshelf.core.formats.ShardMeta

/** A shelf in memory, for tests that need no file. */
class ShelfOfVectors(products: List<Product>, dimension: Int, sequence: Long = 1) : Products {
    private val byId = products.sortedWith { a, b -> org.pocketshelf.core.formats.ByCodePoint.compare(a.productId, b.productId) }
        .associateBy { it.productId }
    override val meta = ShardMeta("golden", "0".repeat(16), "golden", sequence, dimension)
    override val size get() = byId.size
    override fun categories(): Map<String, Int> = byId.values.groupBy { it.category }.toSortedMap(org.pocketshelf.core.formats.ByCodePoint).mapValues { it.value.size }
    override fun product(productId: String) = byId[productId]
    override fun ids() = byId.keys.toList()
    override fun owners(category: String): Owners {
        val products = of(category)
        val places = products.flatMapIndexed { place, product -> List(product.pictures) { place } }
        return Owners(products.map { it.productId }, places.toIntArray())
    }
    override fun vectors(category: String) = joined(of(category).map { it.vectors })
    override fun someOf(category: String, most: Int): ByteArray {
        val held = of(category)
        val count = minOf(most, held.size)
        return joined(List(count) { held[it * held.size / count].vector(0) })
    }
    override fun firstVectors(ids: List<String>) = joined(ids.map { byId.getValue(it).vector(0) })
    private fun of(category: String) = byId.values.filter { it.category == category }
    private fun joined(parts: List<ByteArray>): ByteArray {
        val all = ByteArray(parts.sumOf { it.size })
        var place = 0
        for (part in parts) {
            part.copyInto(all, place)
            place += part.size
        }
        return all
    }

    companion object {
        /** A product for each of n · [dimension] bytes, all of one category. */
        fun of(vectors: ByteArray, dimension: Int) = ShelfOfVectors(
            List(vectors.size / dimension) {
                product("%06d".format(it), "c", vectors.copyOfRange(it * dimension, (it + 1) * dimension), dimension)
            },
            dimension,
        )

        fun product(id: String, category: String, vectors: ByteArray, dimension: Int, attributes: Map<String, Any?> = emptyMap()) =
            Product(id, 1, category, "Title $id", null, attributes, vectors, dimension)
    }
}
