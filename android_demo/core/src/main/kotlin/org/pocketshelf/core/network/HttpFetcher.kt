package org.pocketshelf.core.network

import java.io.IOException
import java.io.InputStream
import java.time.Instant
import org.pocketshelf.core.Unreachable
import org.pocketshelf.core.oneLine

/**
 * Gets files over HTTP. Holds no connection between requests.
 *
 * @param sequence of the shelf that is here, told with every request (`Pocketshelf-Sequence`), so that a shop sees how
 *   fresh its devices are; null tells nothing. Many devices have the same.
 */
class HttpFetcher(private val agent: String = "pocketshelf", private val sequence: Long? = null) : Fetcher {
    /** The same, which tells [sequence]. */
    fun telling(sequence: Long) = HttpFetcher(agent, sequence)

    override fun get(url: String, offset: Long, etag: String?, seconds: Double): Answer {
        val connection = HttpConnection(url, seconds)
        val opened = connection.open(headers(offset, etag))
        val status = opened.responseCode
        if (status >= 400) {
            val asked = RetryAfter.seconds(opened.getHeaderField("Retry-After"), Instant.now())
            connection.cut()
            if (isSignIn(status, "")) throw signIn(url)
            if (status >= 500 || status == 429) throw Unreachable("$url: the server answered $status", retryAfter = asked)
            return Answer(status, emptyList<ByteArray>().iterator())
        }
        val kind = opened.contentType.orEmpty()
        val page = connection.answeredAt.takeIf { it != url }
        val stream = connection.timed { opened.inputStream }
        val chunks = Body(stream, url) { first -> if (isSignIn(status, kind, first)) throw signIn(url, page) }
        return Answer(status, chunks, opened.getHeaderField("ETag"), start(status, opened.getHeaderField("Content-Range"))) {
            connection.cut()
        }
    }

    private fun headers(offset: Long, etag: String?): Map<String, String> {
        val headers = linkedMapOf("User-Agent" to agent, "Accept-Encoding" to "identity")
        if (sequence != null) headers["Pocketshelf-Sequence"] = sequence.toString()
        if (offset > 0) headers["Range"] = "bytes=$offset-"
        if (offset > 0 && !etag.isNullOrEmpty()) headers["If-Range"] = etag
        return headers
    }

    private fun start(status: Int, range: String?): Long {
        val match = CONTENT_RANGE.matchEntire(range.orEmpty())
        return if (status == 206 && match != null) match.groupValues[1].toLong() else 0
    }

    /** The body as it arrives; the first piece is shown to [look]. */
    private class Body(private val stream: InputStream, private val url: String, private val look: (ByteArray) -> Unit) :
        Iterator<ByteArray> {
        private val buffer = ByteArray(1 shl 16)
        private var waiting: ByteArray? = null
        private var isBegun = false
        private var isOver = false

        override fun hasNext(): Boolean {
            if (waiting == null && !isOver) read()
            return waiting != null
        }

        override fun next(): ByteArray {
            if (!hasNext()) throw NoSuchElementException()
            return waiting!!.also { waiting = null }
        }

        private fun read() {
            val count = try {
                stream.read(buffer)
            } catch (error: IOException) {
                throw Unreachable("$url: the connection broke (${oneLine(error)})", error)
            }
            val piece = if (count < 0) ByteArray(0) else buffer.copyOf(count)
            if (!isBegun) look(piece)
            isBegun = true
            isOver = count < 0
            waiting = piece.takeUnless { isOver }
        }
    }

    private companion object {
        val CONTENT_RANGE = Regex("bytes (\\d{1,18})-\\d+/(?:\\d+|\\*)")
    }
}

/** Asks a server over HTTP(S); see [Exchange]. */
class HttpExchange : Exchange {
    override fun exchange(url: String, headers: Map<String, String>, seconds: Double, body: ByteArray?, most: Int): Reply {
        val connection = HttpConnection(url, seconds)
        return connection.timed {
            val opened = connection.openNow(headers, body)
            val status = opened.responseCode
            val bound = if (status >= 400) MAX_PROBLEM_BYTES else most
            val bytes = HttpConnection.bodyOf(opened)?.use { read(it, bound, status >= 400, url) } ?: ByteArray(0)
            val location = opened.getHeaderField("Location")
            Reply(status, opened.responseMessage.orEmpty(), opened.contentType.orEmpty(), location, bytes)
        }.also { connection.cut() }
    }

    private fun read(stream: InputStream, most: Int, cutOff: Boolean, url: String): ByteArray {
        val out = java.io.ByteArrayOutputStream()
        val buffer = ByteArray(1 shl 14)
        while (out.size() <= most) {
            val count = stream.read(buffer)
            if (count < 0) return out.toByteArray()
            out.write(buffer, 0, count)
        }
        if (cutOff) return out.toByteArray().copyOf(most)
        throw Unreachable("$url: the answer is longer than $most bytes")
    }

    private companion object {
        /** What is read of a refusal. */
        const val MAX_PROBLEM_BYTES = 10_000
    }
}
