package org.pocketshelf.demo

import org.pocketshelf.demo.settings.Freshness
import org.pocketshelf.demo.settings.ServerAddress
import java.io.File
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertNull

class SettingsTest {
    @Test
    fun aServerIsAskedByHttps() = assertEquals("https://shop.example", ServerAddress.of(" https://shop.example/ "))

    @Test
    fun plainHttpIsForThisPhoneAlone() {
        assertEquals("http://127.0.0.1:8000", ServerAddress.of("http://127.0.0.1:8000"))
        assertEquals("http://localhost", ServerAddress.of("http://localhost"))
        for (bad in listOf("http://shop.example", "http://192.168.1.5:8000", "http://localhost.shop.example", "http://127.0.0.1@evil.example", "ftp://a", "shop", "")) {
            assertNull(ServerAddress.of(bad), bad)
        }
    }

    @Test
    fun theSameHostsMayBeAskedPlainlyAsAndroidLets() {
        val config = File(System.getenv("POCKETSHELF_ANDROID"), "app/src/main/res/xml/network.xml").readText()
        val hosts = Regex(""">([^<\s]+)</domain>""").findAll(config).map { it.groupValues[1] }.toList()
        assertEquals(3, hosts.size)
        for (host in hosts) assertEquals("http://$host", ServerAddress.of("http://$host"))
    }

    private val now = 1_800_000_000_000L
    private val minute = 60_000L

    private fun ago(ms: Long) = Freshness.of(now - ms, now)

    @Test
    fun whatNeverWasIsNever() = assertEquals(Freshness.Never, Freshness.of(0, now))

    @Test
    fun ageIsToldInTheUnitThatFits() {
        assertEquals(Freshness.Now, ago(0))
        assertEquals(Freshness.Now, ago(minute - 1))
        assertEquals(Freshness.Minutes(1), ago(minute))
        assertEquals(Freshness.Minutes(59), ago(60 * minute - 1))
        assertEquals(Freshness.Hours(1), ago(60 * minute))
        assertEquals(Freshness.Hours(23), ago(24 * 60 * minute - 1))
        assertEquals(Freshness.Days(1), ago(24 * 60 * minute))
        assertEquals(Freshness.Days(400), ago(400 * 24 * 60 * minute))
    }

    @Test
    fun aClockThatWasSetBackGivesNoNegativeAge() = assertEquals(Freshness.Now, ago(-3 * 60 * minute))
}
