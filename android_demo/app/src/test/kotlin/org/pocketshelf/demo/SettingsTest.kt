package org.pocketshelf.demo

import org.pocketshelf.demo.settings.Freshness
import kotlin.test.Test
import kotlin.test.assertEquals

class SettingsTest {
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
