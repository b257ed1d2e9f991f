package org.pocketshelf.core.recall

import org.pocketshelf.core.formats.ByCodePoint
import org.pocketshelf.core.types.FallbackState
import org.pocketshelf.core.types.Hit
import org.pocketshelf.core.types.Source

/** Local hits and a server's, best first, each product once; the local one where both have it, as it is at hand. */
fun merged(local: List<Hit>, found: List<Hit>, k: Int): List<Hit> {
    val best = LinkedHashMap<String, Hit>()
    for (hit in found) best[hit.productId] = hit.copy(source = Source.SERVER)
    for (hit in local) best[hit.productId] = hit
    val order = Comparator<Hit> { a, b ->
        val byScore = b.score.compareTo(a.score)
        if (byScore != 0) byScore else ByCodePoint.compare(a.productId, b.productId)
    }
    return best.values.sortedWith(order).take(k)
}

/** One word for all regions: asked where one was answered, unavailable where one was asked in vain. */
fun overall(states: Collection<FallbackState>): FallbackState = when {
    FallbackState.ASKED in states -> FallbackState.ASKED
    FallbackState.UNAVAILABLE in states -> FallbackState.UNAVAILABLE
    else -> FallbackState.LOCAL
}
