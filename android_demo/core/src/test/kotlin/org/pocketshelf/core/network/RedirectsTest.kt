package org.pocketshelf.core.network

import com.sun.net.httpserver.HttpServer
import java.io.IOException
import java.net.InetAddress
import java.net.InetSocketAddress
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.pocketshelf.core.Unreachable

/** Where a server may send a phone: not from the internet into a private network, nor from TLS to none. */
class RedirectsTest {
    private lateinit var server: HttpServer
    private val asked = ArrayList<String>()
    private val port get() = server.address.port

    @BeforeEach
    fun start() {
        server = HttpServer.create(InetSocketAddress("127.0.0.1", 0), 0)
        server.createContext("/") { exchange ->
            asked.add(exchange.requestURI.path)
            val isMoved = exchange.requestURI.path == "/moved"
            if (isMoved) exchange.responseHeaders.add("Location", "http://127.0.0.1:$port/inside")
            exchange.sendResponseHeaders(if (isMoved) 302 else 200, -1)
            exchange.close()
        }
        server.start()
    }

    @AfterEach
    fun stop() = server.stop(0)

    /** The same machine by two names: "localhost" has the address [outside], "127.0.0.1" has [inside]. */
    private fun status(outside: String, inside: String): Int = HttpConnection("http://localhost:$port/moved", 5.0) { host ->
        listOf(InetAddress.getByName(if (host == "localhost") outside else inside))
    }.open(emptyMap()).responseCode

    @Test
    fun aServerOfTheInternetSendsNobodyIntoAPrivateNetwork() {
        for (inside in listOf("127.0.0.1", "192.168.1.1", "169.254.169.254", "fd00::1", "::ffff:10.0.0.1")) {
            val error = assertFailsWith<Unreachable>(inside) { status("93.184.216.34", inside) }
            assertTrue("private network" in error.message!!, error.message)
        }
        assertTrue("/inside" !in asked)
    }

    /** A shop whose server is in its own network may have its files there, too. */
    @Test
    fun otherRedirectsAreFollowed() {
        assertEquals(200, status("192.168.1.2", "192.168.1.1"))
        assertEquals(200, status("192.168.1.2", "93.184.216.34"))
        assertEquals(200, status("93.184.216.34", "2606:2800:220:1::1"))
    }

    @Test
    fun nobodyIsSentFromTlsToNone() {
        val connection = HttpConnection("https://shop.example", 5.0)
        assertEquals("https://shop.example/b", connection.resolved("https://shop.example/a", "/b"))
        val error = assertFailsWith<IOException> { connection.resolved("HTTPS://shop.example/a", "http://shop.example/b") }
        assertTrue("from https" in error.message!!)
    }

    @Test
    fun whichAddressesAreTheInternets() {
        for (text in listOf("93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822", "172.15.0.1", "192.1.0.1")) {
            assertTrue(Peers.isPublic(InetAddress.getByName(text)), text)
        }
        val inside = listOf("127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1",
            "172.31.0.1", "::ffff:127.0.0.1", "fe80::1", "fd00::1", "::", "64:ff9b::a00:1", "224.0.0.1", "255.255.255.255")
        for (text in inside) assertTrue(!Peers.isPublic(InetAddress.getByName(text)), text)
    }
}
