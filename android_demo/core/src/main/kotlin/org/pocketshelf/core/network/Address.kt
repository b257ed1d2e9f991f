package org.pocketshelf.core.network

import java.net.IDN
import java.net.URI
import java.net.URISyntaxException
import java.net.URLDecoder
import org.pocketshelf.core.UsageError

/** A server's address, as a person types it: checked before anything is asked. */
object Address {
    private const val EXAMPLE = "it must look like https://shop.example or http://192.168.1.5:8000"
    private val LABEL = Regex("[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", RegexOption.IGNORE_CASE)

    /**
     * [text] without a slash at its end, once it can be the address of a server.
     *
     * @throws UsageError it cannot; the message says why, and tells no password.
     */
    fun server(text: String): String {
        val problem = problem(text) ?: return text.trimEnd('/')
        val shown = ((if ('@' in text) "…@" else "") + text.substringAfterLast('@')).filterNot(::isUnseen).take(200)
        throw UsageError("'$shown' is no server's address ($problem); $EXAMPLE")
    }

    /** [url] without its `user:password@`, and those as a header (RFC 7617); null where there are none. */
    fun splitCredentials(url: String): Pair<String, String?> {
        val start = url.indexOf("://") + 3
        val end = url.indexOfAny(charArrayOf('/', '?', '#'), start).let { if (it < 0) url.length else it }
        val at = url.substring(start, end).lastIndexOf('@')
        if (at < 0) return url to null
        val userInfo = URLDecoder.decode(url.substring(start, start + at).replace("+", "%2B"), "UTF-8")
        val token = java.util.Base64.getEncoder().encodeToString(userInfo.toByteArray(Charsets.UTF_8))
        return url.substring(0, start) + url.substring(start + at + 1) to "Basic $token"
    }

    private fun problem(text: String): String? {
        if (text.any { isUnseen(it) || it.isWhitespace() }) return "there is a space or an invisible character in it"
        if (!text.startsWith("http://", true) && !text.startsWith("https://", true)) {
            return "it does not begin with http:// or https://"
        }
        if ('?' in text || '#' in text) return "it has a query or a fragment"
        val authority = text.substring(text.indexOf("://") + 3).substringBefore('/').substringAfterLast('@')
        val (host, port) = parts(authority) ?: return "its host or its port cannot be read"
        if (port == 0 || !isHost(host)) return "its host or its port is none"
        return null
    }

    private fun parts(authority: String): Pair<String, Int?>? {
        val host = if (authority.startsWith("[")) authority.substringBefore(']') + "]" else authority.substringBefore(':')
        val rest = authority.removePrefix(host)
        val port = if (rest.isEmpty() || rest == ":") null else rest.removePrefix(":").toIntOrNull() ?: return null
        if (rest.isNotEmpty() && !rest.startsWith(":") || port != null && port !in 0..65_535) return null
        return host to port
    }

    private fun isHost(host: String): Boolean {
        if (host.startsWith("[")) return isIpv6(host)
        val name = try {
            IDN.toASCII(host)
        } catch (_: IllegalArgumentException) {
            return false
        }
        return name.length <= 253 && name.removeSuffix(".").split('.').all(LABEL::matches)
    }

    private fun isIpv6(host: String): Boolean = try {
        URI("http://$host/").host != null
    } catch (_: URISyntaxException) {
        false
    }

    /** Control, direction-changing and invisible characters. */
    private fun isUnseen(letter: Char): Boolean =
        letter < ' ' || letter in '\u007f'..'\u009f' || letter in '\u200b'..'\u200f' || letter in '\u2028'..'\u202e' ||
            letter in '\u2060'..'\u206f' || letter == '\ufeff' || letter == '\u00ad'
}
