package org.pocketshelf.core

// scheme://user:PASSWORD@host, also where the password itself holds / : or @ (RFC 3986 has them encoded), and a server's
// user without a password, which is a token then. A message may hold what a server says: each is found in a time that
// grows with the text's length alone, so no scheme's beginning is looked for.
private val WORD = Regex("[^\\s'\"]+")
private val USERINFO = Regex("(?<=[a-z0-9+.-])://[^/:@]*:", RegexOption.IGNORE_CASE)
private val TOKEN = Regex("(\\bhttps?://)[^\\s/:@'\"]+@", RegexOption.IGNORE_CASE)
private val PARAMETER = Regex("(\\b(?:ssl)?password(?:=|%3d))[^\\s&'\"]+", RegexOption.IGNORE_CASE)

/** [text] with the passwords of all addresses in it as `***`: servers', databases', proxies'. */
fun withoutPasswords(text: String): String {
    val shown = TOKEN.replace(WORD.replace(text) { withoutUserinfo(it.value) }) { it.groupValues[1] + "***@" }
    return PARAMETER.replace(shown) { it.groupValues[1] + "***" }
}

/** Up to the last @ of a word all may be the password. */
private fun withoutUserinfo(word: String): String {
    val at = word.lastIndexOf('@')
    val found = if (at < 0) null else USERINFO.find(word.substring(0, at))
    return if (found == null) word else word.substring(0, found.range.last + 1) + "***" + word.substring(at)
}
