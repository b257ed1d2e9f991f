package org.pocketshelf.core.recall

/**
 * Category → share of the catalogue's products that a shelf holds, from the counts of its manifest.
 *
 * @param counts category → products in the shelf, and in the whole catalogue.
 */
fun shelfCoverage(counts: Map<String, Pair<Long, Long>>): Map<String, Double> = counts.mapValues { (_, count) ->
    val (local, catalogue) = count
    if (catalogue > 0) minOf(1.0, local.toDouble() / catalogue) else 0.0
}
