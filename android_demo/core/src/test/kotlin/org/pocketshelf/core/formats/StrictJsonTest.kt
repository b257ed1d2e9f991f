package org.pocketshelf.core.formats

import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import org.junit.jupiter.api.Test

class StrictJsonTest {
    @Test
    fun readsEveryKindOfValue() {
        val text = """{"a": [1, -2.5e1, "x\n\u00e9\ud83d\ude00", true, false, null], "b": {}}"""
        val expected = mapOf("a" to listOf(1L, -25.0, "x\né😀", true, false, null), "b" to emptyMap<String, Any?>())
        assertEquals(expected, StrictJson.parse(text))
    }

    @Test
    fun writesWhatItReads() {
        val text = """{"z":[1,-25.5,"\"\\\u0001 é😀",null],"a":{"k":true}}"""
        assertEquals(text, StrictJson.write(StrictJson.parse(text)))
    }

    @Test
    fun keysAreSortedByCodePointNotByUtf16Unit() {
        val text = StrictJson.write(mapOf("\ud83d\ude00" to 1L, "\uffee" to 2L, "a" to 3L), sorted = true)
        assertEquals("{\"a\":3,\"\uffee\":2,\"\ud83d\ude00\":1}", text)
    }

    @Test
    fun refusesNumbersThatNotEveryLanguageReads() {
        val bad = listOf("NaN", "Infinity", "-Infinity", "1e999", "9223372036854775808", "-9223372036854775808", "01", "1.",
            ".5", "+1", "0x1")
        for (text in bad) {
            assertFailsWith<IllegalArgumentException>(text) { StrictJson.parse(text) }
        }
        assertEquals(Long.MAX_VALUE, StrictJson.parse("9223372036854775807"))
        assertEquals(-Long.MAX_VALUE, StrictJson.parse("-9223372036854775807"))
    }

    @Test
    fun refusesHalvesOfSurrogatePairs() {
        for (text in listOf("\"\\ud800\"", "\"\\udc00\\ud800\"", "{\"\\ud83d\": 1}")) {
            assertFailsWith<IllegalArgumentException>(text) { StrictJson.parse(text) }
        }
    }

    @Test
    fun refusesWhatIsNoJson() {
        val texts = listOf("", "{", "[1,]", "{\"a\":1,}", "{a:1}", "'a'", "[1] 2", "\"a\nb\"", "\"\\x\"", "tru", "[1 2]",
            "\"\\u12g4\"")
        for (text in texts) assertFailsWith<IllegalArgumentException>(text) { StrictJson.parse(text) }
    }

    @Test
    fun refusesBytesThatAreNoUtf8() {
        assertFailsWith<IllegalArgumentException> { StrictJson.parse(byteArrayOf(0x22, -1, 0x22)) }
    }

    @Test
    fun nestingIsBounded() {
        fun nested(depth: Int) = "[".repeat(depth) + "]".repeat(depth)
        StrictJson.parse(nested(64))
        assertFailsWith<IllegalArgumentException> { StrictJson.parse(nested(65)) }
        assertFailsWith<IllegalArgumentException> { StrictJson.parse(nested(100_000)) }
        assertFailsWith<IllegalArgumentException> { StrictJson.parse(nested(3), depth = 2) }
    }

    @Test
    fun theLastOfTwoEqualNamesCounts() {
        assertEquals(mapOf("a" to 2L), StrictJson.parse("""{"a": 1, "a": 2}"""))
    }

    @Test
    fun whatJsonDoesNotHaveIsNotWritten() {
        assertFailsWith<IllegalArgumentException> { StrictJson.write(Double.NaN) }
        assertFailsWith<IllegalArgumentException> { StrictJson.write(setOf(1)) }
    }

    @Test
    fun wholePairsAreUnicode() {
        assertTrue(StrictJson.isUnicode("a😀"))
        assertFalse(StrictJson.isUnicode("a\ud83d"))
    }
}
