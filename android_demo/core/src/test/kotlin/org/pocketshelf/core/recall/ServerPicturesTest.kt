package org.pocketshelf.core.recall

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test
import org.pocketshelf.core.PhotoError
import org.pocketshelf.core.ServerError
import org.pocketshelf.core.Unreachable
import org.pocketshelf.core.network.Exchange
import org.pocketshelf.core.network.Reply

class ServerPicturesTest {
    private val jpeg = byteArrayOf(-1, -40, -1, -32)

    /** Stands in for the network, and for the clock. */
    private class Stub : Exchange {
        var now = 0.0
        val asked = ArrayList<String>()
        var next: (String) -> Reply = { throw Unreachable("$it: cannot be reached") }

        fun answer(status: Int, type: String, body: ByteArray) {
            next = { Reply(status, "", type, null, body) }
        }

        override fun exchange(url: String, headers: Map<String, String>, seconds: Double, body: ByteArray?, most: Int): Reply {
            assertEquals(mapOf("Accept" to "image/jpeg"), headers)
            assertNull(body)
            assertEquals(ServerPictures.MOST_BYTES, most)
            asked += url
            return next(url)
        }
    }

    private val stub = Stub()
    private val pictures = ServerPictures("https://shop.example/a", stub, pause = AskingPause { stub.now })

    @Test
    fun `a picture is asked for by its product, and once`() {
        stub.answer(200, "image/jpeg", jpeg)
        assertArrayEquals(jpeg, pictures.get("a&b é/1", 300))
        assertEquals(listOf("https://shop.example/a/v1/pictures?product_id=a%26b%20%C3%A9%2F1&side=320"), stub.asked)
        assertArrayEquals(jpeg, pictures.get("a&b é/1"))
        assertEquals(1, stub.asked.size, "it is kept")
        pictures.get("a&b é/1", 5_000)
        assertEquals("side=1200", stub.asked.last().substringAfter('&'))
    }

    @Test
    fun `there may be none`() {
        stub.answer(404, "application/problem+json", ByteArray(0))
        assertNull(pictures.get("1"))
        assertNull(pictures.get("1"))
        assertEquals(1, stub.asked.size, "it is known that there is none")
    }

    @Test
    fun `a server that was away is left alone, who is busy for a moment`() {
        assertThrows(Unreachable::class.java) { pictures.get("1") }
        assertThrows(ServerError::class.java) { pictures.get("1") }
        assertEquals(1, stub.asked.size)
        stub.now = 31.0
        stub.answer(503, "application/problem+json", ByteArray(0))
        assertThrows(ServerError::class.java) { pictures.get("1") }
        stub.now = 32.5
        stub.answer(200, "image/jpeg", jpeg)
        assertArrayEquals(jpeg, pictures.get("1"))
    }

    @Test
    fun `what is no picture is refused`() {
        stub.answer(200, "application/json", jpeg)
        assertThrows(PhotoError::class.java) { pictures.get("1") }
        stub.answer(200, "text/html", "<html>".toByteArray())
        assertThrows(Unreachable::class.java) { pictures.get("1") }
    }

    @Test
    fun `no more than so much is kept`() {
        stub.answer(200, "image/jpeg", ByteArray(ServerPictures.MOST_BYTES))
        val many = ServerPictures.KEPT_BYTES / ServerPictures.MOST_BYTES + 1
        repeat(many) { pictures.get("$it") }
        pictures.get("${many - 1}")
        assertEquals(many, stub.asked.size)
        pictures.get("0")
        assertEquals(many + 1, stub.asked.size, "the oldest had to go")
    }
}
