package org.pocketshelf.core.recall

import org.pocketshelf.core.PocketshelfError
import org.pocketshelf.core.ServerError
import org.pocketshelf.core.Unreachable
import org.pocketshelf.core.formats.Fields
import org.pocketshelf.core.formats.StrictJson
import org.pocketshelf.core.network.Exchange
import org.pocketshelf.core.network.Reply
import org.pocketshelf.core.oneLine
import org.pocketshelf.core.types.Hit
import org.pocketshelf.core.types.Source
import org.pocketshelf.core.types.rounded
import java.util.Locale

/**
 * `POST /v1/search` of a server; safe to share between threads.
 *
 * A server that was away, or whose answer was none, is left alone for a while, so that not every search waits for it
 * in vain; see [AskingPause].
 *
 * @param server the address below which `/v1/search` lies, without a slash at its end.
 * @param exchange the network.
 * @param seconds longest time, by the wall clock, from looking up its name to the answer's last byte.
 * @param full ask for each hit's image and attributes, too: by them colours are compared, as the shelf's are.
 */
class ServerFallback(
    server: String,
    private val exchange: Exchange,
    private val seconds: Double = 3.0,
    private val pause: AskingPause = AskingPause(),
    private val full: Boolean = true,
) : Fallback {
    private val url = "$server/v1/search"

    override fun search(question: Question): List<Hit> {
        if (!pause.isOver()) throw ServerError("$url: was away a moment ago; not asked")
        val reply = try {
            val reply = post(question)
            if (reply.status == 200) {
                val hits = hits(reply.body, question.k)
                pause.answered()
                return hits
            }
            reply
        } catch (error: ServerError) {
            pause.failed()
            throw error
        }
        if (reply.status >= 500 || reply.status == 429) pause.failed()
        throw ServerError("$url: ${problem(reply)}")
    }

    private fun post(question: Question): Reply {
        val headers = linkedMapOf("Content-Type" to "application/json", "Accept" to "application/json")
        told(question)?.let { headers["Pocketshelf-Local"] = it }
        val reply = exchange.exchange(url, headers, seconds, StrictJson.write(body(question)).toByteArray(), MAX_ANSWER_BYTES)
        if (isSignIn(reply)) {
            throw Unreachable(
                "$url: a web page answered instead of the server, as a captive portal does; sign in to this network, " +
                    "or check the address",
            )
        }
        if (reply.status in 300..399) {
            throw Unreachable(
                "$url: the server sends us on to ${oneLine(reply.location ?: "nowhere", 100)}; check the address, or " +
                    "sign in to this network",
            )
        }
        return reply
    }

    private fun body(question: Question): Map<String, Any?> {
        val body = linkedMapOf<String, Any?>(
            "vector" to question.vector.map { rounded(it.toDouble(), 6) },
            "space" to question.space,
            "k" to question.k.toLong(),
        )
        if (question.categories.isNotEmpty()) body["categories"] = question.categories
        if (full) body["full"] = true
        return body
    }

    // Also why it is asked, so that a shop sees what its shelf lacks.
    private fun told(question: Question): String? {
        if (question.searches == 0) return null
        val recall = question.recall?.let { " recall=%.3f".format(Locale.ROOT, it) } ?: ""
        return "searches=${question.searches}$recall"
    }

    /** Whether a network's own page answered instead of the server: a captive portal (RFC 8910). */
    private fun isSignIn(reply: Reply): Boolean {
        val kind = reply.contentType.lowercase(Locale.ROOT)
        val page = kind.startsWith("text/html") || kind.startsWith("application/xhtml")
        val start = String(reply.body, 0, minOf(64, reply.body.size), Charsets.ISO_8859_1).removePrefix("\u00ef\u00bb\u00bf")
        return reply.status == 511 || (reply.status in 200..399 && (page || start.trimStart().startsWith("<")))
    }

    /** The detail of a problem document (RFC 9457), or the status alone. */
    private fun problem(reply: Reply): String {
        val detail = try {
            (StrictJson.parse(reply.body) as? Map<*, *>)?.get("detail")
        } catch (_: IllegalArgumentException) {
            null
        }
        return "the server answered ${reply.status} (${oneLine(detail ?: reply.reason, 200)})"
    }

    /** The hits of an answer, checked: it comes from outside. */
    private fun hits(answer: ByteArray, k: Int): Found = try {
        val where = "$url: the answer"
        val document = Fields(StrictJson.parse(answer), where, ::ServerError)
        val hits = document.get("hits") as? List<*> ?: throw document.problem("hits", "must be a list")
        // What is beyond the asked ones is not read.
        val found = hits.take(k).mapIndexed { i, hit -> hit(Fields(hit, "$where: hits[$i]", ::ServerError)) }
        Found(found, if (document.has("catalogue")) told(document.child("catalogue"), found) else null)
    } catch (error: IllegalArgumentException) {
        throw ServerError("$url: the answer is not one (${oneLine(error)})", error)
    }

    /** What the server tells of its catalogue, and of the first of the [hits], in their order. */
    private fun told(part: Fields, hits: List<Hit>): CatalogueSpread {
        val stated = if (part.has("hits")) part.get("hits") as? List<*> ?: throw part.problem("hits", "must be a list") else emptyList<Any?>()
        val ofHits = stated.map { spread(Fields(it, "$url: the answer: catalogue", ::ServerError)) }
        return CatalogueSpread(
            spread(part.child("nearest")), spread(part.child("background")), hits.map { it.productId }.zip(ofHits).toMap(),
        )
    }

    /** A mean of cosines and their standard deviation, which has the least that a shelf's own has. */
    private fun spread(part: Fields) =
        Spread(part.number("mean", low = -1.01, high = 1.01), maxOf(Spread.LEAST, part.number("spread", low = 0.0, high = 2.0)))

    private fun hit(part: Fields): Hit {
        val hit = Hit(
            productId = name(part, "product_id"),
            score = part.number("score", low = -1.01, high = 1.01),
            title = part.optionalText("title") ?: "",
            category = name(part, "category"),
            source = Source.SERVER,
            image = part.optionalText("image"),
            attributes = if (part.has("attributes")) part.mapping("attributes") else emptyMap(),
        )
        if (hit.title.length > MAX_TEXT || (hit.image ?: "").length > MAX_TEXT) {
            throw part.problem("title", "has more than $MAX_TEXT characters, or the image has")
        }
        return hit
    }

    private fun name(part: Fields, key: String): String {
        val text = part.text(key)
        if (text.length > MAX_TEXT || text.any { it.isISOControl() }) throw invalid(part, key)
        return text
    }

    private fun invalid(part: Fields, key: String): PocketshelfError =
        part.problem(key, "must have 1 to $MAX_TEXT characters, none of them a control character")

    private companion object {
        const val MAX_ANSWER_BYTES = 4_000_000
        const val MAX_TEXT = 4096
    }
}
