package org.pocketshelf.core.network

import java.io.Closeable

/**
 * A server's answer, its body not yet read.
 *
 * @property status the HTTP status: 200 the whole file, 206 the rest of it, 4xx a refusal.
 * @property etag the entity tag, to resume by.
 * @property start the body's first byte's offset in the file (from Content-Range; 0 with status 200).
 * @property chunks the body, in pieces of any length; may throw `Unreachable` midway.
 * @property closing releases the connection; called once.
 */
class Answer(
    val status: Int,
    val chunks: Iterator<ByteArray>,
    val etag: String? = null,
    val start: Long = 0,
    private val closing: () -> Unit = {},
) : Closeable {
    override fun close() = closing()
}

/** Gets files by URL: the network as the sync sees it. Tests put recorded answers here. */
interface Fetcher {
    /**
     * Ask for [url] from [offset] on.
     *
     * @param etag with an offset, sent as If-Range: a file that changed comes whole, with status 200.
     * @param seconds longest wait for the answer's header and for each next byte.
     * @throws org.pocketshelf.core.Unreachable no connection, no answer in time, or status 5xx or 429, with its
     *   `Retry-After`.
     */
    fun get(url: String, offset: Long = 0, etag: String? = null, seconds: Double): Answer
}

/**
 * A whole answer.
 *
 * @property location where a redirect leads that was not followed.
 */
class Reply(
    val status: Int,
    val reason: String,
    val contentType: String,
    val location: String?,
    val body: ByteArray,
)

/** Asks a server one question and takes the whole answer: what the fallback of a search needs. */
interface Exchange {
    /**
     * GET [url], or POST [body] to it; the whole of the answer, whatever its status, within [seconds] in all.
     *
     * Only a GET is redirected: a POST's body belongs to whom it was addressed to.
     *
     * @param most longest answer accepted, in bytes.
     * @throws org.pocketshelf.core.Unreachable no connection, or the answer is too long or not there in time.
     */
    fun exchange(
        url: String,
        headers: Map<String, String>,
        seconds: Double,
        body: ByteArray? = null,
        most: Int = 1_000_000,
    ): Reply
}
