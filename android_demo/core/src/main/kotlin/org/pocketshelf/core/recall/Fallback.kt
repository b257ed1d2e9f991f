package org.pocketshelf.core.recall

import org.pocketshelf.core.types.Hit

/**
 * A server's hits, best first.
 *
 * @property catalogue how near its products are to each other and to the query; null where it does not tell.
 */
class Found(hits: List<Hit>, val catalogue: CatalogueSpread? = null) : List<Hit> by hits

/** Searches the full catalogue. It is given the vector, never the photo. */
interface Fallback {
    /**
     * The best hits for a question, of the server. It is called in a thread of its own and no longer waited for once
     * the search's time is over. They are judged in the shelf's own units, unless they are [Found] with a catalogue.
     *
     * @throws org.pocketshelf.core.ServerError the server is away or refuses.
     */
    fun search(question: Question): List<Hit>
}

/**
 * What a server is asked.
 *
 * @property vector D numbers of [space].
 * @property categories only these; all if empty.
 * @property k hits wanted.
 * @property searches regions searched since the server was last asked, this one among them; 0: not told.
 * @property recall the estimate of this one's local answer; null where there is none.
 */
class Question(
    val vector: FloatArray,
    val space: String,
    val categories: List<String>,
    val k: Int,
    val searches: Int = 0,
    val recall: Double? = null,
)
