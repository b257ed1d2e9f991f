package org.pocketshelf.core.network

import com.sun.net.httpserver.HttpExchange as Asked
import com.sun.net.httpserver.HttpServer
import java.net.InetSocketAddress
import java.net.ServerSocket
import kotlin.concurrent.thread
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNull
import kotlin.test.assertTrue
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.pocketshelf.core.Unreachable
import org.pocketshelf.core.UsageError
import org.pocketshelf.core.withoutPasswords

/** HTTP over loopback: real sockets, servers that are slow, lie or lead elsewhere. */
class HttpTest {
    private lateinit var server: HttpServer
    private val base get() = "http://127.0.0.1:${server.address.port}"
    private val seen = ArrayList<Map<String, String>>()

    @BeforeEach
    fun start() {
        server = HttpServer.create(InetSocketAddress("127.0.0.1", 0), 0)
        server.start()
    }

    @AfterEach
    fun stop() = server.stop(0)

    private fun answer(path: String, status: Int, body: String = "", vararg headers: Pair<String, String>) {
        server.createContext(path) { asked: Asked ->
            seen.add(asked.requestHeaders.entries.associate { it.key.lowercase() to it.value.first() })
            asked.requestBody.readBytes()
            headers.forEach { (name, value) -> asked.responseHeaders.add(name, value) }
            asked.sendResponseHeaders(status, if (body.isEmpty()) -1 else body.length.toLong())
            asked.responseBody.use { it.write(body.toByteArray()) }
        }
    }

    private fun Answer.text(): String =
        use { chunks.asSequence().fold(ByteArray(0)) { all, part -> all + part }.toString(Charsets.UTF_8) }

    @Test
    fun aFileComesWithItsTag() {
        answer("/file", 200, "content", "ETag" to "\"tag\"")
        HttpFetcher("agent", 42).get("$base/file", seconds = 5.0).let {
            assertEquals("\"tag\"", it.etag)
            assertEquals("content", it.text())
        }
        assertEquals("42", seen.first()["pocketshelf-sequence"])
        assertEquals("identity", seen.first()["accept-encoding"])
        assertNull(seen.first()["range"])
    }

    @Test
    fun aRestComesFromItsOffset() {
        answer("/file", 206, "tent", "Content-Range" to "bytes 3-6/7")
        HttpFetcher().get("$base/file", offset = 3, etag = "\"tag\"", seconds = 5.0).let {
            assertEquals(206 to 3L, it.status to it.start)
            assertEquals("tent", it.text())
        }
        assertEquals("bytes=3-", seen.first()["range"])
        assertEquals("\"tag\"", seen.first()["if-range"])
    }

    @Test
    fun aRefusalIsAnAnswerAndAnOverloadIsNone() {
        answer("/gone", 404, "no")
        answer("/busy", 503)
        answer("/often", 429)
        assertEquals(404, HttpFetcher().get("$base/gone", seconds = 5.0).status)
        assertFailsWith<Unreachable> { HttpFetcher().get("$base/busy", seconds = 5.0) }
        assertFailsWith<Unreachable> { HttpFetcher().get("$base/often", seconds = 5.0) }
    }

    @Test
    fun aSignInPageIsNoFile() {
        answer("/page", 200, "<!DOCTYPE html><p>Welcome", "Content-Type" to "text/html")
        answer("/bare", 200, " \n<html>")
        answer("/portal", 511)
        for (path in listOf("page", "bare")) {
            val error = assertFailsWith<Unreachable> { HttpFetcher().get("$base/$path", seconds = 5.0).text() }
            assertTrue("captive portal" in error.message!!)
        }
        assertFailsWith<Unreachable> { HttpFetcher().get("$base/portal", seconds = 5.0) }
    }

    @Test
    fun credentialsDoNotTravelToWhereItRedirects() {
        answer("/old", 302, "", "Location" to "/new")
        answer("/new", 200, "content")
        assertEquals("content", HttpFetcher().get(base.replace("//", "//user:pass@") + "/old", seconds = 5.0).text())
        assertEquals("Basic dXNlcjpwYXNz", seen[0]["authorization"])
        assertNull(seen[1]["authorization"])
    }

    @Test
    fun redirectsEndAndStayWithinHttp() {
        answer("/loop", 302, "", "Location" to "/loop")
        answer("/away", 302, "", "Location" to "file:///etc/passwd")
        assertFailsWith<Unreachable> { HttpFetcher().get("$base/loop", seconds = 5.0) }
        assertFailsWith<Unreachable> { HttpFetcher().get("$base/away", seconds = 5.0) }
    }

    @Test
    fun nobodyThereIsUnreachable() {
        val port = ServerSocket(0).use { it.localPort }
        assertFailsWith<Unreachable> { HttpFetcher().get("http://127.0.0.1:$port/", seconds = 2.0) }
    }

    @Test
    fun aHeaderThatDripsMeetsTheDeadline() {
        ServerSocket(0).use { socket ->
            thread(isDaemon = true) {
                socket.accept().use { connection ->
                    val out = connection.getOutputStream()
                    runCatching {
                        for (letter in "HTTP/1.1 200 OK\r\nX-Long: " + "x".repeat(1000)) {
                            out.write(letter.code)
                            out.flush()
                            Thread.sleep(50)
                        }
                    }
                }
            }
            val begun = System.nanoTime()
            assertFailsWith<Unreachable> { HttpFetcher().get("http://127.0.0.1:${socket.localPort}/", seconds = 0.5) }
            assertTrue(System.nanoTime() - begun < 3e9)
        }
    }

    @Test
    fun anExchangeIsWholeAndBounded() {
        answer("/ask", 200, "x".repeat(1000), "Content-Type" to "application/json")
        val reply = HttpExchange().exchange("$base/ask", mapOf("X-A" to "b"), 5.0, "question".toByteArray(), 1000)
        assertEquals(200 to 1000, reply.status to reply.body.size)
        assertEquals("application/json", reply.contentType)
        assertFailsWith<Unreachable> { HttpExchange().exchange("$base/ask", emptyMap(), 5.0, null, 999) }
    }

    @Test
    fun aQuestionIsNotRedirected() {
        answer("/ask", 307, "", "Location" to "http://elsewhere.example/")
        val reply = HttpExchange().exchange("$base/ask", emptyMap(), 5.0, "question".toByteArray())
        assertEquals(307 to "http://elsewhere.example/", reply.status to reply.location)
    }

    @Test
    fun aRefusalsBodyIsRead() {
        answer("/ask", 400, "{\"error\": \"why\"}")
        val reply = HttpExchange().exchange("$base/ask", emptyMap(), 5.0, "q".toByteArray())
        assertEquals("{\"error\": \"why\"}", reply.body.toString(Charsets.UTF_8))
    }

    @Test
    fun addressesAreCheckedBeforeAnythingIsAsked() {
        val good = listOf("https://shop.example/", "http://192.168.1.5:8000", "http://[::1]:80", "https://käse.example/x",
            "http://u:p@host")
        for (text in good) {
            assertEquals(text.trimEnd('/'), Address.server(text))
        }
        val bad = listOf("shop.example", "ftp://shop.example", "http://", "http://a b", "http://host:0", "http://host:99999",
            "http://host:x", "http://-a-.example", "http://host?q", "http://host#", "http://[::zz]/", "http://ho\u200bst")
        for (text in bad) assertFailsWith<UsageError>(text) { Address.server(text) }
    }

    @Test
    fun messagesTellNoPassword() {
        val port = ServerSocket(0).use { it.localPort }
        val unreachable = assertFailsWith<Unreachable> { HttpFetcher().get("http://u:secret@127.0.0.1:$port/", seconds = 2.0) }
        assertTrue("u:***@127.0.0.1" in unreachable.message!!)
        assertTrue("secret" !in assertFailsWith<UsageError> { Address.server("ftp://user:secret@host") }.message!!)
        assertEquals("http://u:***@host and https://***@b", withoutPasswords("http://u:secret@host and https://token@b"))
    }

    /** An unsigned answer names things as it likes; what is said of it costs no time. */
    @Test
    fun aLongMessageIsLookedThroughInOnePass() {
        for (part in listOf("a://", "a.", "http://a:", "x ://", "a://u:p@h ")) {
            val text = part.repeat(300_000 / part.length) + " u@h"
            val began = System.nanoTime()
            assertTrue("u:p@" !in withoutPasswords(text))
            assertTrue(System.nanoTime() - began < 10_000_000_000, part)
        }
    }
}
