package org.pocketshelf.core.network

import java.net.Inet4Address
import java.net.InetAddress

/** Which hosts are the internet's. */
internal object Peers {
    /** The addresses of a host by its name; throws `UnknownHostException`. */
    fun lookUp(host: String): List<InetAddress> = InetAddress.getAllByName(host).asList()

    /** Whether an address is one of the internet's: not this machine's, and of no private network. */
    fun isPublic(address: InetAddress): Boolean {
        val bytes = address.address.map { it.toInt() and 0xff }
        return if (address is Inet4Address) isPublic4(bytes) else isPublic6(bytes)
    }

    private fun isPublic4(bytes: List<Int>): Boolean {
        val (a, b, c) = bytes
        return when (a) {
            0, 10, 127 -> false
            100 -> b !in 64..127
            169 -> b != 254
            172 -> b !in 16..31
            192 -> b != 168 && !(b == 0 && (c == 0 || c == 2))
            198 -> b !in 18..19 && !(b == 51 && c == 100)
            203 -> !(b == 0 && c == 113)
            else -> a < 224
        }
    }

    /** 2000::/3 without what is kept aside there, and IPv4 behind a mobile network's translation (RFC 6052). */
    private fun isPublic6(bytes: List<Int>): Boolean {
        val words = bytes.chunked(2) { (high, low) -> high shl 8 or low }
        if (words.take(6) == TRANSLATED) return isPublic4(bytes.takeLast(4))
        return words[0] in 0x2000..0x3ffe && words[0] != 0x2002 && !(words[0] == 0x2001 && (words[1] < 0x200 || words[1] == 0xdb8))
    }

    private val TRANSLATED = listOf(0x64, 0xff9b, 0, 0, 0, 0)
}
