package org.pocketshelf.demo

import org.pocketshelf.demo.product.Facts
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertNull

class FactsTest {
    @Test
    fun factsAreReadableInTheCataloguesOrder() {
        val attributes = linkedMapOf(
            "brand" to "Acme", "unit_price" to 12.5, "stock" to 3L, "vegan" to true, "empty" to "  ",
            "sizes" to listOf("S", "M"), "nothing" to null, "deep" to mapOf("a" to 1L), "round" to 4.0,
        )
        assertEquals(
            listOf("brand" to "Acme", "unit price" to "12.5", "stock" to "3", "vegan" to "true", "sizes" to "S, M", "round" to "4"),
            Facts.of(attributes),
        )
    }

    @Test
    fun aLinkIsNoFact() = assertEquals(emptyList(), Facts.of(mapOf("Link" to "https://shop.example/1")))

    @Test
    fun aPaletteIsNoFact() = assertEquals(listOf("brand" to "Acme"), Facts.of(mapOf("palette" to "2b2f3a:100", "brand" to "Acme")))

    @Test
    fun onlyHttpsIsOpened() {
        assertEquals("https://shop.example/1", Facts.link(mapOf("link" to "https://shop.example/1")))
        for (bad in listOf("http://shop.example/1", "javascript:alert(1)", "intent://x#Intent;end", "file:///sdcard/x",
            "content://contacts", "https://", "https://user:secret@shop.example", "https://a b", "tel:110", "")) {
            assertNull(Facts.link(mapOf("link" to bad)), bad)
        }
    }

    @Test
    fun theFirstGoodLinkIsTaken() =
        assertEquals("https://b.example", Facts.link(linkedMapOf("link" to "ftp://a.example", "URL" to "https://b.example")))

    @Test
    fun hugeValuesAreCut() = assertEquals(2_000, Facts.of(mapOf("text" to "x".repeat(100_000))).single().second.length)
}
