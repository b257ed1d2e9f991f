package org.pocketshelf.core

// scheme://user:PASSWORD@host, also where the password itself holds / : or @ (RFC 3986 has them encoded), and a server's
// user without a password, which is a token then.
private val USERINFO = Regex("(\\b[a-z][a-z0-9+.-]*://[^\\s/:@'\"]*):[^\\s'\"]*@", RegexOption.IGNORE_CASE)
private val TOKEN = Regex("(\\bhttps?://)[^\\s/:@'\"]+@", RegexOption.IGNORE_CASE)
private val PARAMETER = Regex("(\\b(?:ssl)?password(?:=|%3d))[^\\s&'\"]+", RegexOption.IGNORE_CASE)

/** [text] with the passwords of all addresses in it as `***`: servers', databases', proxies'. */
fun withoutPasswords(text: String): String {
    val shown = TOKEN.replace(USERINFO.replace(text) { it.groupValues[1] + ":***@" }) { it.groupValues[1] + "***@" }
    return PARAMETER.replace(shown) { it.groupValues[1] + "***" }
}
