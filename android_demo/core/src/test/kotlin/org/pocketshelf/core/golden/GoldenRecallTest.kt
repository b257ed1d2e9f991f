package org.pocketshelf.core.golden

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.TestFactory
import org.pocketshelf.core.recall.Features
import org.pocketshelf.core.recall.Neighbourhood
import org.pocketshelf.core.recall.RecallModel
import org.pocketshelf.core.recall.Signals
import org.pocketshelf.core.recall.drawn
import org.pocketshelf.core.types.Named

/** The estimates of recall and confidence against `contract/golden/stages`. */
class GoldenRecallTest {
    private fun told(case: Case): Signals = Signals(
        scores = case.numbers("scores"),
        hitCategories = case.texts("hit_categories"),
        categories = case.list("categories").map { Named((it as List<*>)[0] as String, (it[1] as Number).toDouble()) },
        coverage = if (case.has("coverage")) case.probabilities("coverage") else null,
        held = if (case.has("held")) case.texts("held").toSet() else null,
        detected = case.number("detected"),
        query = if (case.has("query")) case.floats("query") else null,
        hit = if (case.has("hit")) case.floats("hit") else null,
        shelf = if (case.has("shelf")) Neighbourhood(ShelfOfVectors.of(case.bytes("shelf"), case.shape("shelf")[1])) else null,
        common = if (case.has("common")) case.number("common") else 0.0,
    )

    @TestFactory
    fun signals() = GoldenFiles.stage("signals") { case ->
        val told = told(case)
        val features = Features.VERSION_1 + Features.RECALL + Features.OLD
        val expected = case.child("expected").probabilities("features")
        assertEquals(expected.keys, features.keys)
        for ((name, value) in expected) same(value, features.getValue(name).of(told), name)
    }

    @TestFactory
    fun recall() = GoldenFiles.stage("recall") { case ->
        val told = told(case.child("signals"))
        val block = if (case.has("recall")) case.child("recall").map else null
        val expected = case.child("expected")
        for ((name, model) in listOf("recall" to RecallModel.parseRecall(block), "confidence" to RecallModel.parseConfidence(block))) {
            val p = model?.estimate(told)
            same(expected[name], p, name)
            assertEquals(expected["${name}_suffices"], p?.let { model.suffices(it) }, "$name suffices")
        }
    }

    @TestFactory
    fun cohort() = GoldenFiles.stage("cohort") { case ->
        val drawn = drawn(case.int("products"), 2048)
        val expected = case.child("expected")
        assertEquals(expected.int("count"), drawn.size)
        same(expected["first"], drawn.take(40))
        same(expected["last"], drawn.takeLast(40))
        assertEquals(expected["weighted"], drawn.withIndex().sumOf { (it.index + 1L) * it.value })
    }
}
