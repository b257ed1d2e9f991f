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
import org.pocketshelf.core.formats.LinearHead
import org.pocketshelf.core.formats.Products
import org.pocketshelf.core.golden.ShelfOfVectors
import org.pocketshelf.core.stages.search.StoreSearcher
import org.pocketshelf.core.types.Box
import org.pocketshelf.core.types.Detection
import org.pocketshelf.core.types.Hit
import java.util.Collections
import java.util.concurrent.Callable
import java.util.concurrent.Executors

/** What lies in a shelf's categories; the arithmetic is held by `contract/golden/stages/groups.json`. */
class ShelvesTest {
    private val named = Shelves(mapOf("footwear" to listOf("Shoes"), "upper" to listOf("T-Shirt")))
    private val head =
        GroupHead(LinearHead(listOf("footwear", "upper"), floatArrayOf(8f, 0f, 0f, 8f), floatArrayOf(0f, 0f)))
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
    fun `a category and a picture are two witnesses, and where there is none of the picture the category is alone`() {
        val box = Detection(Box(0.0, 0.0, 9.0, 9.0), "upper", 0.5)
        fun hit(id: String) = Hit(id, 1.0, "", "")
        // "3" lies among the shoes and looks like an upper, "1" looks like shoes.
        assertEquals(1.0, shelf.look(hit("3"), "upper", head)!!, 1e-6)
        assertTrue(shelf.look(hit("1"), "upper", head)!! < 0.01)
        assertEquals(null, shelf.look(hit("of a server"), "upper", head))
        assertEquals(null, shelf.look(hit("3"), "upper", null))
        assertEquals(null, shelf.look(hit("3"), "goods", head))
        assertEquals(0.5 * WORD, named.fall(box, "Shoes", 1.0), 1e-9)
        assertEquals(0.5 * (WORD + LOOK), named.fall(box, "Shoes", 0.0), 1e-9)
        assertEquals(0.5 * PENALTY, named.fall(box, "Shoes", null), 1e-9)
        assertEquals(0.5 * LOOK, named.fall(box, "T-Shirt", 0.0), 1e-9)
        assertEquals(0.0, named.fall(box, "T-Shirt", null), 1e-9)
        assertEquals(0.0, named.fall(Detection(box.box, "bag", 0.5), "Shoes", null), 1e-9)
    }

    @Test
    fun `a damaged shelf is an error, and is looked at again`() {
        products.isDamaged = true
        assertThrows(StoreError::class.java) { shelf.shelves(named, head) }
        products.isDamaged = false
        assertEquals(setOf("Bas", "Haut"), shelf.shelves(named, head).looks.keys)
    }
}
