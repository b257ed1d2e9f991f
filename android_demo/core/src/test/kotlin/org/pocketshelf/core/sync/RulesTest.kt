package org.pocketshelf.core.sync

import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNull
import kotlin.test.assertTrue
import org.junit.jupiter.api.Test
import org.pocketshelf.core.Reason
import org.pocketshelf.core.SpaceMismatch
import org.pocketshelf.core.SyncError
import org.pocketshelf.core.formats.Space

/** The sync's rules apart from input and output. */
class RulesTest {
    private val space = Space("s", "p", 4)
    private val here = Device("all", 5, space)

    private fun manifest(sequence: Long = 7, vararg deltas: DeltaEntry, length: Long = 100) =
        Manifest("all", "s", "p", sequence, SnapshotEntry("all/snapshot", length), deltas.toList(), emptyMap(), ByteArray(0))

    @Test
    fun changesAreTakenWhereTheyFitExactlyAndAreShorter() {
        val fitting = DeltaEntry(5, 7, "all/delta", 50)
        assertEquals(Plan(fitting, "changes"), Planner.plan(here, manifest(7, DeltaEntry(4, 7, "all/other", 10), fitting)))
        assertEquals("gap", Planner.plan(here, manifest(7, DeltaEntry(5, 6, "all/delta", 50))).why)
        assertEquals("shorter", Planner.plan(here, manifest(7, DeltaEntry(5, 7, "all/delta", 100))).why)
    }

    @Test
    fun theShortestOfSeveralChangesIsTaken() {
        val short = DeltaEntry(5, 7, "all/b", 20)
        assertEquals(short, Planner.plan(here, manifest(7, DeltaEntry(5, 7, "all/a", 30), short)).get)
    }

    @Test
    fun nothingIsTakenWhereNothingIsNewer() {
        assertEquals(Plan(null, "current"), Planner.plan(here.copy(sequence = 7), manifest()))
        assertEquals(Plan(null, "rolled back"), Planner.plan(here.copy(rolledBack = 7), manifest()))
        assertEquals("gap", Planner.plan(here.copy(rolledBack = 6), manifest()).why)
    }

    @Test
    fun theWholeIsTakenWhereWhatIsHereCountsForNothing() {
        assertEquals("first", Planner.plan(Device(), manifest()).why)
        assertEquals("damaged", Planner.plan(Device(isDamaged = true), manifest()).why)
        assertEquals("rotated", Planner.plan(here.copy(isVouched = false, sequence = 99), manifest()).why)
        assertEquals("other shard", Planner.plan(here.copy(shard = "other"), manifest()).why)
        assertEquals("other space", Planner.plan(here.copy(space = Space("old", "p", 4), bundle = space), manifest()).why)
    }

    @Test
    fun goingBackNeedsConsent() {
        val error = assertFailsWith<SyncError> { Planner.plan(here.copy(sequence = 9), manifest()) }
        assertEquals(Reason.OLDER, error.reason)
        assertEquals("reset", Planner.plan(here.copy(sequence = 9), manifest(), allowOlder = true).why)
    }

    @Test
    fun aShelfThatNothingCanSearchIsRefused() {
        assertFailsWith<SpaceMismatch> { Planner.plan(here.copy(bundle = Space("other", "p", 4)), manifest()) }
        assertFailsWith<SpaceMismatch> { Planner.plan(here.copy(space = Space("s", "old", 4)), manifest()) }
    }

    @Test
    fun pausesGrowToSixHours() {
        val longest = { 1.0 - 1e-9 }
        assertEquals(60.0, Backoff.nextAttemptAfter(1, longest), 1e-3)
        assertEquals(240.0, Backoff.nextAttemptAfter(3, longest), 1e-3)
        assertEquals(Backoff.LONGEST, Backoff.nextAttemptAfter(1_000_000, longest), 1e-3)
        assertEquals(listOf(0.25, 0.5, 1.0), Backoff.delays(4) { 0.0 }.toList())
        assertTrue(Backoff.delays(20) { 1.0 }.all { it <= 8.0 })
    }

    @Test
    fun aSlowWindowEndsADownload() {
        var now = 0.0
        val pace = Pace(Limits(rate = 10.0, windowSeconds = 5.0, totalSeconds = 100.0)) { now }
        now = 4.9
        pace.received(1)
        now = 5.0
        assertEquals(Reason.SLOW, assertFailsWith<SyncError> { pace.received(48) }.reason)
        pace.start()
        now = 10.0
        pace.received(50)
        now = 101.0
        assertEquals(Reason.TIME, assertFailsWith<SyncError> { pace.received(1_000_000) }.reason)
    }

    @Test
    fun aManifestIsReadAndUnknownKeysAreIgnored() {
        val text = """{"format": "pocketshelf-manifest", "version": 1, "shard": "all", "space": "s", "preprocessing": "p",
            "sequence": 42, "later": {}, "snapshot": {"target": "all/s.gz", "length": 10},
            "deltas": [{"from": 41, "to": 42, "target": "all/d.gz", "length": 9}],
            "categories": {"Apple": {"local": 3, "catalogue": 10}}}"""
        val found = Manifest.parse(text.toByteArray())
        assertEquals(listOf(DeltaEntry(41, 42, "all/d.gz", 9)), found.deltas)
        assertEquals(mapOf("Apple" to Count(3, 10)), found.categories)
        assertEquals(3L, found.products)
        val lies = listOf(
            "all/s.gz" to "../s.gz",
            "\"version\": 1" to "\"version\": 2",
            "\"length\": 10" to "\"length\": 0",
            "42," to "-1,",
        )
        for ((right, wrong) in lies) {
            val lie = text.replaceFirst(right, wrong).toByteArray()
            val error = assertFailsWith<SyncError>(wrong) { Manifest.parse(lie) }
            assertEquals(Reason.MANIFEST, error.reason)
        }
    }

    @Test
    fun statesAreRememberedByServer() {
        val now = java.time.Instant.parse("2026-11-01T12:00:00Z")
        val state = SyncState().failed("http://a/", now, now.plusSeconds(60)).failed("http://A", now, now.plusSeconds(120))
        assertEquals(2L, state.failures("http://a"))
        assertEquals(now.plusSeconds(120), state.waitsFor("http://a/", now))
        assertNull(state.waitsFor("http://b", now))
        assertNull(state.waitsFor("http://a", now.plusSeconds(120)))
        assertNull(state.waitsFor("http://a", now.minusSeconds(7 * 3600)))
        assertEquals(0L, state.succeeded("http://a", "all", now, 5).failures("http://a"))
    }
}
