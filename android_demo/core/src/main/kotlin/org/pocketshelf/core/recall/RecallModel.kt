package org.pocketshelf.core.recall

import org.pocketshelf.core.BundleError
import org.pocketshelf.core.PocketshelfError
import org.pocketshelf.core.formats.Fields
import kotlin.math.exp

/** Estimates the probability that the wanted product is among the local hits; [RecallModel] is one. */
interface RecallEstimator {
    /** The probability, or null where there is no calibration to say. */
    fun estimate(signals: Signals): Double?

    /** Whether an estimate is good enough to answer locally. */
    fun suffices(recall: Double): Boolean
}

/** One term of a model: weight · (x - mean) / scale of a feature x. */
class Term(val feature: SignalFeature, val mean: Double, val scale: Double, val weight: Double)

/**
 * A logistic model over standardised features: p = 1 / (1 + exp(-(bias + Σ weight · (x - mean) / scale))).
 *
 * The block "recall" of a bundle is one, and has another in it, "confidence", whose p is the probability that the first
 * hit is the right product; `sdk/pocketshelf/recall/model.py` describes both.
 *
 * @property threshold below it the app asks the server, or does not trust what it found.
 * @property absent below it the app says "nothing like this here"; null where the bundle does not tell.
 */
class RecallModel(
    val terms: List<Term>,
    val bias: Double,
    val threshold: Double,
    val absent: Double? = null,
) : RecallEstimator {
    override fun estimate(signals: Signals): Double {
        var sum = 0.0
        for (term in terms) sum += term.weight * (term.feature.of(signals) - term.mean) / term.scale
        // Beyond this the exponential overflows, and nothing that matters changes.
        return 1.0 / (1.0 + exp(-(bias + sum).coerceIn(-40.0, 40.0)))
    }

    override fun suffices(recall: Double): Boolean = recall >= threshold

    /** Whether it is so low that the shop has nothing like it; null where the bundle does not tell. */
    fun saysAbsent(confidence: Double): Boolean? = absent?.let { confidence < it }

    companion object {
        private const val WHERE = "bundle.json: recall"

        /**
         * Read a bundle's "recall"; null if there is none, or it describes no model.
         *
         * @throws BundleError malformed, of an unknown version, or with a feature that is unknown here.
         */
        fun parseRecall(block: Map<String, Any?>?): RecallModel? {
            if (block == null) return null
            if ("features" !in block) return old(block)
            val top = Fields(block, WHERE, ::BundleError)
            return model(top, if (version(top) == 1L) Features.VERSION_1 else Features.RECALL)
        }

        /** Read the model of an answer's confidence; null where the bundle has none, as before version 2. */
        fun parseConfidence(block: Map<String, Any?>?): RecallModel? {
            if (block == null || "confidence" !in block || "features" !in block) return null
            val top = Fields(block, WHERE, ::BundleError)
            return if (version(top) > 1) model(top.child("confidence"), Features.CONFIDENCE) else null
        }

        private fun version(top: Fields): Long {
            val version = top.integer("version")
            if (version !in 1..2) throw top.problem("version", "is none of 1, 2; update the app")
            top.integer("k", low = 1)
            return version
        }

        private fun model(part: Fields, known: Map<String, SignalFeature>): RecallModel {
            val features = part.child("features")
            val terms = features.names.map { name ->
                val feature = known[name] ?: throw unknown(features, name, known.keys)
                val entry = features.child(name)
                val scale = entry.number("scale")
                if (scale <= 0) throw entry.problem("scale", "must be above 0")
                Term(feature, entry.number("mean"), scale, entry.number("weight"))
            }
            val absent = if ("absent" !in part.names) null else part.child("absent").number("threshold", low = 0.0, high = 1.0)
            return RecallModel(terms, part.number("bias"), part.number("threshold", low = 0.0, high = 1.0), absent)
        }

        private fun unknown(part: Fields, name: String, known: Set<String>): PocketshelfError =
            part.problem(name, "is no feature known here (${known.joinToString()}); update the app")

        /** A block from before version 1; null if it is not one. */
        private fun old(block: Map<String, Any?>): RecallModel? {
            fun number(name: String) = (block[name] as? Number)?.toDouble()
            val bias = number("bias") ?: return null
            val score = number("score") ?: return null
            val margin = number("margin") ?: return null
            val terms = listOf(
                Term(Features.OLD.getValue("top_score"), 0.0, 1.0, score),
                Term(Features.OLD.getValue("lead"), 0.0, 1.0, margin),
                // Without a hit the probability is as good as 0.
                Term(Features.OLD.getValue("found"), 1.0, 1.0, 1e6),
            )
            return RecallModel(terms, bias, number("threshold") ?: 0.5)
        }
    }
}
