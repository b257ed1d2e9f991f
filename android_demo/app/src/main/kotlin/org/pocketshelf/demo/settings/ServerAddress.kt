package org.pocketshelf.demo.settings

import org.pocketshelf.core.UsageError
import org.pocketshelf.core.network.Address
import java.net.URI
import java.net.URISyntaxException

/** The server that a person types: https, but for this phone itself and for the computer around an emulator. */
object ServerAddress {
    // Those of res/xml/network.xml: Android itself refuses plain http to any other.
    private val LOCAL = setOf("localhost", "127.0.0.1", "10.0.2.2")

    /** The address, checked, or null where [text] is none that this app may ask. */
    fun of(text: String): String? = try {
        Address.server(text.trim()).takeIf { it.startsWith("https://", ignoreCase = true) || isLocal(it) }
    } catch (_: UsageError) {
        null
    }

    private fun isLocal(address: String): Boolean = try {
        URI(address).host?.lowercase() in LOCAL
    } catch (_: URISyntaxException) {
        false
    }
}
