package org.pocketshelf.core.recall

import org.pocketshelf.core.store.Store
import org.pocketshelf.core.sync.Manifest

/**
 * The same of a store's open generation, from the manifest that it came with; null for one without: it is all there is.
 */
fun shelfCoverage(store: Store): Map<String, Double>? = Manifest.kept(store.folder, store.generation)?.let { manifest ->
    shelfCoverage(manifest.categories.mapValues { (_, count) -> count.local to count.catalogue })
}

/**
 * Category → share of the catalogue's products that a shelf holds, from the counts of its manifest.
 *
 * @param counts category → products in the shelf, and in the whole catalogue.
 */
fun shelfCoverage(counts: Map<String, Pair<Long, Long>>): Map<String, Double> = counts.mapValues { (_, count) ->
    val (local, catalogue) = count
    if (catalogue > 0) minOf(1.0, local.toDouble() / catalogue) else 0.0
}
