package org.pocketshelf.core.recall

import kotlin.math.ln

/** One number that [Signals] give, by the name that a bundle knows it by; it is finite. */
class SignalFeature(val name: String, val of: (Signals) -> Double)

/** The features that the models of a bundle weigh; what each means is fixed here, as in the Python SDK. */
object Features {
    /** Of version 1: absolute cosines, which mean something in one catalogue. */
    val VERSION_1: Map<String, SignalFeature> = byName(
        SignalFeature("top_score", ::topScore),
        SignalFeature("margin_2") { margin(it, 1) },
        SignalFeature("margin_5") { margin(it, 4) },
        SignalFeature("entropy", ::entropy),
        SignalFeature("coverage", ::coverage),
        SignalFeature("agreement", ::agreement),
        SignalFeature("hit_coverage", ::hitCoverage),
        SignalFeature("sure_coverage") { coverage(it) * agreement(it) },
    )

    /** Of the confidence, version 2: cosines in units of the shelf's own spread. */
    val CONFIDENCE: Map<String, SignalFeature> = byName(
        SignalFeature("query_deviations") { deviations(it, it.queryBackground) },
        SignalFeature("hit_deviations") { deviations(it, it.hitBackground) },
        SignalFeature("nearest_gap") { signals -> signals.nearest?.let { deviations(signals, it) } ?: 0.0 },
        SignalFeature("lead_2") { margin(it, 1) / it.queryBackground.deviation },
        SignalFeature("lead_5") { margin(it, 4) / it.queryBackground.deviation },
        SignalFeature("entropy_share", ::entropyShare),
        SignalFeature("held", ::held),
        SignalFeature("agreement", ::agreement),
        SignalFeature("stranger", ::stranger),
        SignalFeature("concord", ::concord),
        SignalFeature("detected") { it.detected },
    )

    /** Of local recall, version 2, which also depends on how much of the catalogue the shelf holds. */
    val RECALL: Map<String, SignalFeature> = CONFIDENCE + byName(
        SignalFeature("coverage", ::coverage),
        SignalFeature("hit_coverage", ::hitCoverage),
        SignalFeature("sure_coverage") { coverage(it) * agreement(it) },
    )

    /** What bundles from before version 1 were calibrated on. */
    val OLD: Map<String, SignalFeature> = byName(
        SignalFeature("top_score", ::topScore),
        SignalFeature("lead", ::lead),
        SignalFeature("found") { if (it.scores.isEmpty()) 0.0 else 1.0 },
    )

    private fun byName(vararg features: SignalFeature) = features.associateBy { it.name }
}

private fun topScore(signals: Signals): Double = signals.scores.firstOrNull() ?: -1.0

/** How far the best hit is ahead of the one at [rank] (from 0), or of the last. */
private fun margin(signals: Signals, rank: Int): Double {
    val scores = signals.scores
    return if (scores.isEmpty()) 0.0 else scores[0] - scores[minOf(rank, scores.size - 1)]
}

/** Of the routing, in nats; the probability that the categories lack counts as one more category. */
private fun entropy(signals: Signals): Double {
    val shares = signals.categories.map { it.probability }.filter { it > 0 }
    return -(shares + (1.0 - shares.sum())).filter { it > 1e-9 }.sumOf { it * ln(it) }
}

/** The entropy, of the greatest that so many categories can have. */
private fun entropyShare(signals: Signals): Double =
    if (signals.categories.isEmpty()) 1.0 else entropy(signals) / ln(signals.categories.size + 1.0)

/** Expected share of the wanted category that the shelf holds. */
private fun coverage(signals: Signals): Double =
    signals.categories.sumOf { it.probability * signals.covered(it.name) }

/** The model's probability for the best hit's category. */
private fun agreement(signals: Signals): Double =
    signals.hitCategories.firstOrNull()?.let(signals::probability) ?: 0.0

private fun hitCoverage(signals: Signals): Double = signals.hitCategories.firstOrNull()?.let(signals::covered) ?: 0.0

/** How far the best hit is ahead of the second, or of a cosine of 0 where there is none. */
private fun lead(signals: Signals): Double =
    (signals.scores.getOrNull(0) ?: 0.0) - (signals.scores.getOrNull(1) ?: 0.0)

/** How far the best score lies above a mean, in standard deviations. */
private fun deviations(signals: Signals, background: Spread): Double =
    (topScore(signals) - background.mean) / background.deviation

/** The probability of the categories that the shelf has products of. */
private fun held(signals: Signals): Double {
    val held = signals.held ?: signals.hitCategories.toSet()
    return signals.categories.filter { it.name in held }.sumOf { it.probability }
}

/** 1 where the model does not know the best hit's category, and so cannot agree. */
private fun stranger(signals: Signals): Double {
    val first = signals.hitCategories.firstOrNull() ?: return 0.0
    return if (signals.categories.any { it.name == first }) 0.0 else 1.0
}

/** Share of the next four hits that are of the best hit's category; it says little where most of the shelf is of it. */
private fun concord(signals: Signals): Double {
    val others = signals.hitCategories.drop(1).take(4)
    if (others.isEmpty()) return 0.0
    val agreeing = others.count { it == signals.hitCategories[0] }.toDouble() / others.size
    return agreeing * minOf(1.0, 2.0 * (1.0 - signals.common))
}
