package org.pocketshelf.core.golden

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.TestFactory
import org.pocketshelf.core.ServerError
import org.pocketshelf.core.Unreachable
import org.pocketshelf.core.formats.StrictJson
import org.pocketshelf.core.live.Tracker
import org.pocketshelf.core.network.Exchange
import org.pocketshelf.core.network.Reply
import org.pocketshelf.core.recall.AskingPause
import org.pocketshelf.core.recall.CatalogueSpread
import org.pocketshelf.core.recall.Found
import org.pocketshelf.core.recall.Question
import org.pocketshelf.core.recall.ServerFallback
import org.pocketshelf.core.recall.Spread
import org.pocketshelf.core.recall.merged
import org.pocketshelf.core.recall.overall
import org.pocketshelf.core.types.Box
import org.pocketshelf.core.types.Detection
import org.pocketshelf.core.types.FallbackState
import org.pocketshelf.core.types.Hit

private const val URL = "https://shop.example/shelf"

/** What is sent to a server, what is taken from it, how it is merged; and what a camera's things do. */
class GoldenAskingTest {
    private class Sent(val url: String, val headers: Map<String, String>, val body: ByteArray)

    private class Stub : Exchange {
        val sent = ArrayList<Sent>()
        var next = Case(mapOf("status" to 200L, "content_type" to "application/json", "body" to "{\"hits\": []}"))

        override fun exchange(url: String, headers: Map<String, String>, seconds: Double, body: ByteArray?, most: Int): Reply {
            sent += Sent(url, headers, body!!)
            if (next["away"] == true) throw Unreachable("$url: the server cannot be reached")
            return Reply(
                next.int("status"), "", next.text("content_type"), next["location"] as String?, next.text("body").toByteArray(),
            )
        }
    }

    @TestFactory
    fun ask() = GoldenFiles.stage("ask") { case ->
        val stub = Stub()
        ServerFallback(URL, stub, full = case["full"] as Boolean).search(
            Question(
                case.floats("vector"), case.text("space"), case.texts("categories"), case.int("k"), case.int("searches"),
                if (case.has("recall")) case.number("recall") else null,
            ),
        )
        val sent = stub.sent.single()
        val expected = case.child("expected")
        assertEquals(expected["url"], sent.url)
        assertEquals(expected["headers"], sent.headers)
        same(expected["body"], StrictJson.parse(sent.body))
    }

    private fun toldOf(told: CatalogueSpread?): Map<String, Any?> {
        fun listed(spread: Spread) = listOf(spread.mean, spread.deviation)
        if (told == null) return emptyMap()
        val ofHits = told.ofHits.mapValues { listed(it.value) }
        return mapOf("told" to mapOf("nearest" to listed(told.nearest), "of_query" to listed(told.ofQuery), "of_hits" to ofHits))
    }

    @TestFactory
    fun server() = GoldenFiles.stage("server") { case ->
        val stub = Stub()
        var now = 0.0
        val server = ServerFallback(URL, stub, pause = AskingPause(clock = { now }))
        val answers = case.cases("replies").map { reply ->
            now = reply.number("at")
            stub.next = reply
            val before = stub.sent.size
            var told: CatalogueSpread? = null
            val outcome = try {
                val question = Question(floatArrayOf(0.6f, 0.8f), "space", emptyList(), case.int("k"))
                val found = server.search(question)
                told = (found as Found).catalogue
                "hits" to found.map { it.toJson(full = true) }
            } catch (_: ServerError) {
                "error" to true
            }
            linkedMapOf("asked" to (stub.sent.size > before), outcome) + toldOf(told)
        }
        same(case.child("expected")["answers"], answers)
    }

    @TestFactory
    fun merge() = GoldenFiles.stage("merge") { case ->
        fun hits(key: String) = case.list(key).map { Hit((it as List<*>)[0] as String, (it[1] as Number).toDouble(), "", "") }
        val found = merged(hits("local"), hits("server"), case.int("k"))
        val expected = case.child("expected")
        same(expected["hits"], found.map { listOf(it.productId, it.score, it.source.word) })
        val states = case.list("asked").map { word -> FallbackState.values().single { it.toJson() == word } }
        assertEquals(expected["fallback"], overall(states).toJson())
    }

    private fun detection(case: Case): Detection {
        val (x, y, width, height) = case.numbers("box")
        return Detection(Box(x, y, width, height), case.text("group"), case.number("score"))
    }

    @TestFactory
    fun track() = GoldenFiles.stage("track") { case ->
        val tracker = Tracker()
        val shown = case.cases("frames").map { frame ->
            val found = frame.cases("found").map(::detection)
            val new = frame.list("new").map { found[(it as Number).toInt()] }
            tracker.update(found, new).map { track ->
                val (x, y, width, height) = track.detection.box
                linkedMapOf(
                    "number" to track.number, "box" to listOf(x, y, width, height), "group" to track.detection.group,
                    "score" to track.detection.score, "seen" to track.seen, "missed" to track.missed,
                )
            }
        }
        same(case.child("expected")["shown"], shown)
    }
}
