package org.pocketshelf.demo

import org.pocketshelf.core.EncodedRegion
import org.pocketshelf.core.stages.embed.Embedding
import org.pocketshelf.core.types.Box
import org.pocketshelf.core.types.Detection
import org.pocketshelf.core.types.FallbackState
import org.pocketshelf.core.types.Hit
import org.pocketshelf.core.types.Named
import org.pocketshelf.core.types.Region
import org.pocketshelf.demo.results.Answer
import org.pocketshelf.demo.results.chips
import org.pocketshelf.demo.results.percentAlike
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue

class AnswerTest {
    private val box = Box(0.0, 0.0, 10.0, 10.0)

    private fun answer(
        hits: List<Hit>,
        categories: List<Named> = emptyList(),
        confident: Boolean? = null,
        absent: Boolean? = null,
    ): Answer {
        val encoded = EncodedRegion(Detection(box, "upper", 0.9), Embedding(FloatArray(4), emptyMap(), emptyMap()), emptyMap())
        return Answer(Region(box, "upper", 0.9, categories, hits = hits, confident = confident, absent = absent), encoded, FallbackState.LOCAL, 3.0)
    }

    private fun hit(category: String) = Hit("1", 0.8, "Shirt", category)

    @Test
    fun chipsAreTheLikelyCategoriesThatTheShelfHasThenTheHits() {
        val answer = answer(
            listOf(hit("Coat"), hit("Shirt")),
            listOf(Named("Shirt", 0.7), Named("Dress", 0.2), Named("Blouse", 0.09), Named("Hat", 0.01)),
        )
        assertEquals(listOf("Shirt", "Blouse", "Coat"), chips(answer, mapOf("Shirt" to 3, "Blouse" to 1, "Coat" to 2, "Hat" to 9, "Dress" to 0)))
    }

    @Test
    fun chipsAreBounded() {
        val many = List(50) { Named("c$it", 0.5) }
        assertEquals(6, chips(answer(emptyList(), many), many.associate { it.name to 1 }).size)
    }

    @Test
    fun nothingLikeItIsSaidWithoutHitsAndWithoutConfidence() {
        assertTrue(answer(emptyList()).nothing)
        assertTrue(answer(listOf(hit("Shirt")), confident = false).nothing)
        assertFalse(answer(listOf(hit("Shirt")), confident = true).nothing)
        assertFalse(answer(listOf(hit("Shirt")), confident = false, absent = false).nothing, "it may be one of them")
        assertTrue(answer(listOf(hit("Shirt")), confident = false, absent = true).nothing)
        assertFalse(answer(listOf(hit("Shirt"))).nothing)
    }

    @Test
    fun likenessStaysBetweenNoneAndAll() {
        assertEquals(0, percentAlike(-0.3))
        assertEquals(87, percentAlike(0.874))
        assertEquals(100, percentAlike(1.0004))
    }
}
