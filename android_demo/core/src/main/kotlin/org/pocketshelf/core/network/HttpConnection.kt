package org.pocketshelf.core.network

import java.io.IOException
import java.io.InputStream
import java.net.HttpURLConnection
import java.net.InetAddress
import java.net.URI
import java.net.URISyntaxException
import java.net.URL
import org.pocketshelf.core.Unreachable
import org.pocketshelf.core.oneLine

/**
 * One request over the platform's HTTP(S), which can be cut from another thread when its time is over.
 *
 * Redirects of a GET are followed here, up to [MOST_REDIRECTS], between HTTP and HTTPS alone; credentials in the
 * address are sent as basic authentication, and not to where it redirects. None is followed from HTTPS to HTTP, nor
 * from a public address to one that is not: no server of the internet has a phone ask what only its own network can
 * reach. The platform does not say whom it reached, so the names are looked up, as it does a moment later; behind a
 * proxy, which alone knows, they are not.
 */
internal class HttpConnection(
    private val url: String,
    private val seconds: Double,
    private val lookUp: (String) -> List<InetAddress> = Peers::lookUp,
) {
    @Volatile
    private var connection: HttpURLConnection? = null

    @Volatile
    private var isCut = false

    /** Where the answer came from in the end. */
    var answeredAt = url
        private set

    /**
     * The connection once the answer's header is there.
     *
     * @throws Unreachable no connection, or no answer in time.
     */
    fun open(headers: Map<String, String>, body: ByteArray? = null): HttpURLConnection = timed { follow(headers, body) }

    /** [open], for work that is [timed] as a whole. */
    fun openNow(headers: Map<String, String>, body: ByteArray? = null): HttpURLConnection = follow(headers, body)

    /** [work], within the request's seconds; what breaks comes out as [Unreachable]. */
    fun <T> timed(work: () -> T): T = try {
        within(seconds, work)
    } catch (error: Late) {
        cut()
        throw Unreachable("$url: the server did not answer within ${shown(seconds)} s", error)
    } catch (error: IOException) {
        cut()
        throw Unreachable("$url: the server cannot be reached (${oneLine(error)})", error)
    } catch (error: IllegalArgumentException) {
        cut()
        throw Unreachable("$url: the server cannot be reached (${oneLine(error)})", error)
    }

    /** End the connection, and any that is made later. */
    fun cut() {
        isCut = true
        connection?.disconnect()
    }

    private fun follow(headers: Map<String, String>, body: ByteArray?): HttpURLConnection {
        var (next, authorization) = Address.splitCredentials(url)
        repeat(MOST_REDIRECTS + 1) {
            val opened = request(next, headers, authorization, body)
            val location = opened.getHeaderField("Location")
            if (body != null || opened.responseCode !in REDIRECTS || location == null) {
                answeredAt = next
                return opened
            }
            val usesProxy = opened.usingProxy()
            opened.disconnect()
            val target = resolved(next, location)
            if (!usesProxy) check(next, target)
            next = target
            authorization = null
        }
        throw IOException("more than $MOST_REDIRECTS redirects")
    }

    private fun request(
        address: String,
        headers: Map<String, String>,
        authorization: String?,
        body: ByteArray?,
    ): HttpURLConnection {
        val opened = URL(address).openConnection() as HttpURLConnection
        connection = opened
        opened.instanceFollowRedirects = false
        opened.useCaches = false
        opened.connectTimeout = (seconds * 1000).toInt()
        opened.readTimeout = (seconds * 1000).toInt()
        headers.forEach(opened::setRequestProperty)
        opened.setRequestProperty("Connection", "close")
        authorization?.let { opened.setRequestProperty("Authorization", it) }
        if (body != null) {
            opened.requestMethod = "POST"
            opened.doOutput = true
            opened.setFixedLengthStreamingMode(body.size)
            opened.outputStream.use { it.write(body) }
        }
        opened.responseCode
        if (isCut) {
            opened.disconnect()
            throw IOException("timed out")
        }
        return opened
    }

    /** Where [location] leads from the address [from]; throws IOException where nobody may be sent. */
    internal fun resolved(from: String, location: String): String {
        val next = try {
            URI(from).resolve(location).toString()
        } catch (error: URISyntaxException) {
            throw IOException("redirected to what is no address", error)
        }
        if (!next.startsWith("http://", true) && !next.startsWith("https://", true)) {
            throw IOException("redirected to another protocol")
        }
        if (from.startsWith("https:", true) && !next.startsWith("https:", true)) {
            throw IOException("it sends us on from https to what is none; check the address")
        }
        return next
    }

    /** Refuses a way from the internet into a private network. */
    private fun check(from: String, target: String) {
        val (here, there) = URL(from).host to URL(target).host
        if (here != there && lookUp(here).any(Peers::isPublic) && !lookUp(there).all(Peers::isPublic)) {
            throw IOException(
                "it sends us on into a private network, as a captive portal does; sign in to this network, or check " +
                    "the address",
            )
        }
    }

    companion object {
        private const val MOST_REDIRECTS = 10
        private val REDIRECTS = setOf(301, 302, 303, 307, 308)

        /** The body of an answer, that of a refusal included; null where there is none. */
        fun bodyOf(connection: HttpURLConnection): InputStream? =
            if (connection.responseCode >= 400) connection.errorStream else connection.inputStream

        private fun shown(seconds: Double) = if (seconds % 1.0 == 0.0) seconds.toLong().toString() else seconds.toString()
    }
}

/**
 * Whether a network's own page answered instead of the server: a captive portal (RFC 8910).
 *
 * @param start the body's first bytes, if they are known. No file and no answer of ours begins like a page.
 */
internal fun isSignIn(status: Int, contentType: String, start: ByteArray = ByteArray(0)): Boolean {
    val kind = contentType.lowercase()
    val isPage = kind.startsWith("text/html") || kind.startsWith("application/xhtml")
    val text = String(start, 0, minOf(start.size, 200), Charsets.ISO_8859_1).trimStart { it in BEFORE_A_PAGE }
    return status == 511 || status in 200..399 && (isPage || text.startsWith("<"))
}

/** A byte order mark in UTF-8, and blanks. */
private const val BEFORE_A_PAGE = "\u00ef\u00bb\u00bf \t\r\n"

/** What to say of it, with the address of its page. */
internal fun signIn(url: String, page: String? = null): Unreachable = Unreachable(
    "$url: a web page${page?.let { " at " + oneLine(it, 100) }.orEmpty()} answered instead of the server, as a captive " +
        "portal does; sign in to this network, or check the address",
)
