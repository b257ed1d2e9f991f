package org.pocketshelf.core.golden

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.TestFactory
import org.pocketshelf.core.BundleError
import org.pocketshelf.core.formats.Fields
import org.pocketshelf.core.formats.Preprocessing
import org.pocketshelf.core.stages.preprocess.networkInput
import org.pocketshelf.core.types.Box
import java.util.Base64

/** Crops and their pixels against `contract/golden/preprocessing.json`: equal, though one grey level were allowed. */
class GoldenPreprocessingTest {
    @TestFactory
    fun preprocessing(): List<DynamicTest> = (GoldenFiles.json("preprocessing.json") as List<*>).map { Case(it) }
        .mapIndexed { number, case -> DynamicTest.dynamicTest("case $number of ${case.text("image")}") { check(case) } }

    private fun check(case: Case) {
        val rule = Preprocessing.parse(Fields(case["rule"], "rule", ::BundleError))
        val box = if (case.has("box")) case.numbers("box").let { Box(it[0], it[1], it[2], it[3]) } else null
        val input = networkInput(GoldenFiles.photo(case.text("image")).pixels, rule, box)
        assertEquals(case.text("hash"), rule.hash)
        assertArrayEquals(Base64.getDecoder().decode(case.text("pixels")), input.bytes)
    }
}
