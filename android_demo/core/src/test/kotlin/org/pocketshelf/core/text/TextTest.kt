package org.pocketshelf.core.text

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.pocketshelf.core.types.rounded

class TextTest {
    @Test
    fun `case is folded, not lowered`() {
        assertEquals(caseFolded("STRASSE"), caseFolded("Straße"))
        assertEquals(caseFolded("ΣΊΣΥΦΟΣ"), caseFolded("σίσυφος"))
        assertEquals("röcke", caseFolded("RÖCKE"))
        assertEquals("i", caseFolded("I"))
    }

    @Test
    fun `numbers are written as Python writes them`() {
        val pairs = mapOf(
            0.05 to "0.05", 4.0 / 3 to "1.3333333333333333", 0.0 to "0.0", -0.0 to "-0.0", 1.0 to "1.0", 1e16 to "1e+16",
            123456789012345.0 to "123456789012345.0", 1e-5 to "1e-05", 0.0001 to "0.0001", 1.5e300 to "1.5e+300", -2.5e-7 to "-2.5e-07",
            2e-3 to "0.002", 5e-324 to "5e-324",
        )
        for ((number, text) in pairs) assertEquals(text, pythonNumber(number))
    }

    @Test
    fun `halves are rounded by their binary value`() {
        assertEquals(0.12, rounded(0.125, 2))
        assertEquals(2.67, rounded(2.675, 2))
        assertEquals(0.3, rounded(0.35, 1))
        assertEquals(-0.5, rounded(-0.5, 1))
    }
}
