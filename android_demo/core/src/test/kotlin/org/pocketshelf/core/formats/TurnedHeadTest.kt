package org.pocketshelf.core.formats

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

class TurnedHeadTest {
    private fun head(threshold: Double) =
        TurnedHead(LinearHead(TurnedHead.NAMES, floatArrayOf(4f, 0f, 0f, 4f, -4f, -4f), floatArrayOf(0f, 0f, 0f)), threshold)

    @Test
    fun `a class that is likely enough has its turns`() {
        assertEquals(emptyList<Int>(), head(0.7).turns(floatArrayOf(9f, 0f)))
        assertEquals(listOf(1, 3), head(0.7).turns(floatArrayOf(0f, 0.1f)))
        assertEquals(listOf(2), head(0.7).turns(floatArrayOf(-1f, -1f)))
    }

    @Test
    fun `where nothing is likely enough nothing is turned, and all that is likely enough is`() {
        assertEquals(emptyList<Int>(), head(0.7).turns(floatArrayOf(1f, 1f)))
        assertEquals(listOf(1, 3), head(0.4).turns(floatArrayOf(1f, 1f)))
        assertEquals(listOf(1, 2, 3), head(0.0).turns(floatArrayOf(0f, 0f)))
    }
}
