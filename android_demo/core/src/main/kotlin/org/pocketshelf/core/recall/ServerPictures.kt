package org.pocketshelf.core.recall

import org.pocketshelf.core.PhotoError
import org.pocketshelf.core.ServerError
import org.pocketshelf.core.network.Exchange
import org.pocketshelf.core.network.Reply
import org.pocketshelf.core.network.isSignIn
import org.pocketshelf.core.network.signIn
import java.util.Locale

/**
 * `GET /v1/pictures` of a server: pictures of what its full catalogue found, of which a shelf holds none. Safe to share
 * between threads.
 *
 * To be asked for hits of the server's own alone: it found them, so that it learns nothing of a search by it. As
 * [ServerFallback], this leaves a server that was away alone for a while. What comes is from outside: it is a picture once it
 * was decoded. Blocks: call it in a thread of its own.
 *
 * @param server the address below which `/v1/pictures` lies, without a slash at its end.
 * @param seconds longest time for one, by the wall clock.
 */
class ServerPictures(
    server: String,
    private val exchange: Exchange,
    private val seconds: Double = 3.0,
    private val pause: AskingPause = AskingPause(),
) {
    private val url = "$server/v1/pictures"

    // What is known, the least used first; of what is not there, an empty one.
    private val kept = LinkedHashMap<String, ByteArray>(16, 0.75f, true)
    private var bytes = 0

    /**
     * A picture's file, as the server made it; null where it has none of this product.
     *
     * @param side pixels of the longer side that are enough; the server may send fewer, or more.
     * @throws ServerError the server is away, busy, or refuses.
     * @throws PhotoError what it sent is no picture.
     */
    fun get(productId: String, side: Int = 320): ByteArray? {
        val wanted = SIDES.firstOrNull { it >= side } ?: SIDES.last()
        val key = "$wanted $productId"
        synchronized(kept) { kept[key] }?.let { known -> return known.takeIf { it.isNotEmpty() } }
        if (!pause.isOver()) throw ServerError("$url: was away a moment ago; not asked")
        return fetched(productId, wanted).also { keep(key, it ?: ByteArray(0)) }
    }

    private fun fetched(productId: String, side: Int): ByteArray? {
        val reply = try {
            asked("$url?product_id=${escaped(productId)}&side=$side")
        } catch (error: ServerError) {
            pause.failed()
            throw error
        }
        if (reply.status == 200) {
            if (!reply.contentType.lowercase(Locale.ROOT).startsWith("image/")) throw PhotoError("$url: the server sent no picture")
            return reply.body
        }
        if (reply.status == 404 || reply.status == 422) return null
        if (reply.status == BUSY) pause.failed(BUSY_SECONDS)
        else if (reply.status >= 500 || reply.status == 429) pause.failed()
        throw ServerError("$url: the server answered ${reply.status}")
    }

    private fun asked(named: String): Reply {
        val reply = exchange.exchange(named, mapOf("Accept" to "image/jpeg"), seconds, most = MOST_BYTES)
        if (isSignIn(reply.status, reply.contentType, reply.body)) throw signIn(url, reply.location)
        return reply
    }

    /** As a value of a query; all but RFC 3986's unreserved characters is escaped. */
    private fun escaped(text: String): String = text.toByteArray(Charsets.UTF_8).joinToString("") { byte ->
        val value = byte.toInt() and 0xff
        if (value.toChar() in PLAIN) value.toChar().toString() else "%%%02X".format(Locale.ROOT, value)
    }

    private fun keep(key: String, found: ByteArray) = synchronized(kept) {
        bytes += size(found) - (kept.put(key, found)?.let(::size) ?: 0)
        val oldest = kept.entries.iterator()
        while (bytes > KEPT_BYTES && oldest.hasNext()) {
            bytes -= size(oldest.next().value)
            oldest.remove()
        }
    }

    private fun size(found: ByteArray) = maxOf(found.size, NOTHING_BYTES)

    companion object {
        /** What a server makes, in pixels of the longer side. */
        val SIDES = listOf(96, 320, 480, 1200)

        internal const val MOST_BYTES = 2_000_000

        /** What is known is kept in memory, up to so many bytes; of what is not there, too. */
        internal const val KEPT_BYTES = 8_000_000
        private const val NOTHING_BYTES = 200

        // It is there, and has too much to do this very moment.
        private const val BUSY = 503
        private const val BUSY_SECONDS = 1.0
        private val PLAIN = (('0'..'9') + ('A'..'Z') + ('a'..'z') + listOf('-', '.', '_', '~')).toSet()
    }
}
