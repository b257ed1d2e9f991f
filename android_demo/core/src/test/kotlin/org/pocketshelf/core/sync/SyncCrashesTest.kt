package org.pocketshelf.core.sync

import java.io.File
import java.nio.file.Path
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.pocketshelf.core.Contract
import org.pocketshelf.core.Reason
import org.pocketshelf.core.RuntimeUnavailable
import org.pocketshelf.core.store.FileSystem
import org.pocketshelf.core.store.Store
import org.pocketshelf.core.store.StoreFolder
import org.pocketshelf.desktop.JdbcDatabases

/** A sync that is killed at any operation leaves the old shelf or the new one, and the next sync heals the rest. */
class SyncCrashesTest {
    @TempDir
    lateinit var folder: Path

    private val steps = steps("honest/changes_are_applied")

    @Suppress("UNCHECKED_CAST")
    private fun steps(name: String) = (Contract.json("sync/$name.json")["cases"] as List<Map<String, Any?>>)
        .first()["steps"] as List<Map<String, Any?>>

    @Test
    fun aFirstSyncThatIsKilledAnywhereIsDoneByTheNext() = killedEverywhere(before = 0)

    @Test
    fun changesThatAreKilledAnywhereAreAppliedByTheNext() = killedEverywhere(before = 1)

    private fun killedEverywhere(before: Int) {
        var operation = 0
        do {
            operation++
            val place = File(folder.toFile(), "$before-$operation").apply { mkdirs() }
            val device = ReplayedDevice(place)
            device.replay(steps.take(before))
            val isDone = isDone(device, steps[before], operation)
            assertOldOrNew(File(place, "store"), before)
            device.files = Undurable
            device.sync(steps[before])
            assertEquals(sequence(before), Store.currentSequence(File(place, "store"), JdbcDatabases()))
            place.deleteRecursively()
        } while (!isDone)
        assertTrue(operation > 20, "only $operation operations")
    }

    /** Whether a sync that is killed at an [operation] was done before that. */
    private fun isDone(device: ReplayedDevice, step: Map<String, Any?>, operation: Int): Boolean {
        device.files = Killing(operation)
        return try {
            device.sync(step)
            true
        } catch (_: Killed) {
            false
        }
    }

    @Test
    fun aSyncOfLocalFeaturesThatIsKilledAnywhereIsDoneByTheNext() {
        val steps = steps("features/changes_lead_to_what_is_published")
        for (before in 0..1) {
            var operation = 0
            do {
                operation++
                val place = File(folder.toFile(), "features-$before-$operation").apply { mkdirs() }
                val isDone = isKilled(ReplayedDevice(place), steps, before, operation)
                place.deleteRecursively()
            } while (!isDone)
            assertTrue(operation > 20, "only $operation operations")
        }
    }

    /** Whether step [before], killed at an [operation], was done before that; what is left is whole, and the next heals it. */
    private fun isKilled(device: ReplayedDevice, steps: List<Map<String, Any?>>, before: Int, operation: Int): Boolean {
        device.replay(steps.take(before))
        val isDone = isDone(device, steps[before], operation)
        val states = listOfNotNull(steps.getOrNull(before - 1), steps[before]).map { (it["after"] as Map<*, *>)["features"] }
        val held = device.features()
        assertTrue(held in states || before == 0 && held == null, "features of no state")
        device.files = Undurable
        device.sync(steps[before])
        assertEquals((steps[before]["after"] as Map<*, *>)["features"], device.features())
        return isDone
    }

    @Test
    fun featuresThatAreTooLargeForAPhoneAreLeftOut() {
        val steps = steps("features/changes_lead_to_what_is_published")
        val device = ReplayedDevice(folder.toFile())
        device.featureBytes = 1000
        for (step in steps.take(2)) {
            val report = device.sync(step)
            assertEquals("updated" to Reason.TOO_LONG, report.outcome to report.reason)
            assertEquals(null, device.features())
        }
        device.featureBytes = Limits().featureBytes
        assertEquals("snapshot", device.sync(steps[2]).features)
    }

    private fun sequence(step: Int) = (steps[step]["after"] as Map<*, *>)["sequence"] as Long

    private fun assertOldOrNew(store: File, before: Int) {
        val old = if (before == 0) null else sequence(before - 1)
        val current = StoreFolder(store).current()
        val found = current?.let { Store.open(store, JdbcDatabases()).use { opened -> opened.meta.sequence } }
        assertTrue(found == old || found == sequence(before), "sequence $found")
    }

    @Test
    fun aGenerationThatFailsItsWarmUpIsNotUsed() {
        val device = ReplayedDevice(folder.toFile())
        device.replay(steps.take(1))
        device.prepare = { staging ->
            assertTrue(File(staging, StoreFolder.SHARD_NAME).isFile)
            throw RuntimeUnavailable("the golden vector is another")
        }
        assertFailsWith<RuntimeUnavailable> { device.sync(steps[1]) }
        val store = File(folder.toFile(), "store")
        assertEquals(sequence(0), Store.currentSequence(store, JdbcDatabases()))
        device.prepare = {}
        assertEquals(sequence(1), device.sync(steps[1]).sequence)
    }

    private class Killed : Error("killed")

    /** Dies at the operation with this number: a write is half done then, anything else not at all. */
    private class Killing(private var left: Int) : FileSystem() {
        private fun dies(): Boolean {
            left--
            if (left < 0) throw Killed()
            return left == 0
        }

        private fun live() {
            if (dies()) throw Killed()
        }

        private fun half(data: ByteArray, work: (ByteArray) -> Unit) {
            if (!dies()) return work(data)
            work(data.copyOf(data.size / 2))
            throw Killed()
        }

        override fun write(file: File, data: ByteArray) = half(data) { super.write(file, it) }

        override fun append(file: File, data: ByteArray) = half(data) { super.append(file, it) }

        override fun sync(file: File) = live()

        override fun syncFolder(folder: File) = live()

        override fun replace(source: File, target: File) {
            live()
            super.replace(source, target)
        }

        override fun unlink(file: File) {
            live()
            super.unlink(file)
        }

        override fun mkdir(folder: File) {
            live()
            super.mkdir(folder)
        }

        override fun removeTree(path: File) {
            live()
            super.removeTree(path)
        }

        override fun copy(source: File, target: File) {
            live()
            super.copy(source, target)
        }
    }
}
