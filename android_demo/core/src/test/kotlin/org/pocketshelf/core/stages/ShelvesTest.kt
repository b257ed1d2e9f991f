package org.pocketshelf.core.stages

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.pocketshelf.core.Shelf
import org.pocketshelf.core.StoreError
import org.pocketshelf.core.formats.GroupHead
import org.pocketshelf.core.formats.Products
import org.pocketshelf.core.golden.ShelfOfVectors
import org.pocketshelf.core.stages.search.StoreSearcher
import java.util.Collections
import java.util.concurrent.Callable
import java.util.concurrent.Executors

/** What lies in a shelf's categories; the arithmetic is held by `contract/golden/stages/groups.json`. */
class ShelvesTest {
    private val named = Shelves(mapOf("footwear" to listOf("Shoes"), "upper" to listOf("T-Shirt")))
    private val head = GroupHead(listOf("footwear", "upper"), floatArrayOf(8f, 0f, 0f, 8f), floatArrayOf(0f, 0f))
    private val held = ShelfOfVectors(
        listOf(
            ShelfOfVectors.product("1", "Bas", byteArrayOf(9, 1), 2),
            ShelfOfVectors.product("2", "Haut", byteArrayOf(1, 9), 2),
            ShelfOfVectors.product("3", "Shoes", byteArrayOf(1, 9), 2),
        ),
        2,
    )

    private class Counting(private val held: Products) : Products by held {
        val asked: MutableList<String> = Collections.synchronizedList(ArrayList())
        var isDamaged = false

        override fun someOf(category: String, most: Int): ByteArray {
            asked += category
            if (isDamaged) throw StoreError("damaged")
            return held.someOf(category, most)
        }
    }

    private val products = Counting(held)
    private val shelf = Shelf(products, StoreSearcher(products))

    @Test
    fun `a generation is looked at once, whoever asks at once, and nothing where a name tells`() {
        val threads = Executors.newFixedThreadPool(4)
        val found = threads.invokeAll(List(16) { Callable { shelf.shelves(named, head) } }).map { it.get() }
        threads.shutdown()
        found.forEach { assertSame(found[0], it) }
        assertEquals(listOf("Bas", "Haut"), products.asked.sorted())
        assertTrue(found[0].fits("footwear", "Bas") && found[0].fits("upper", "Haut") && found[0].fits("footwear", "Shoes"))
        assertFalse(found[0].fits("upper", "Bas") || found[0].fits("footwear", "Haut") || found[0].fits("upper", "Shoes"))
        assertTrue(found[0].fits("upper", "of another server"))
    }

    @Test
    fun `without a head names are all that tells`() {
        assertSame(named, shelf.shelves(named, null))
        assertEquals(emptyList<String>(), products.asked)
    }

    @Test
    fun `a damaged shelf is an error, and is looked at again`() {
        products.isDamaged = true
        assertThrows(StoreError::class.java) { shelf.shelves(named, head) }
        products.isDamaged = false
        assertEquals(setOf("Bas", "Haut"), shelf.shelves(named, head).looks.keys)
    }
}
