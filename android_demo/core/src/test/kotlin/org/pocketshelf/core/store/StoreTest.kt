package org.pocketshelf.core.store

import java.io.File
import java.nio.file.Files
import java.nio.file.Path
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertNull
import kotlin.test.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.pocketshelf.core.Contract
import org.pocketshelf.core.Reason
import org.pocketshelf.core.Shelf
import org.pocketshelf.core.SpaceMismatch
import org.pocketshelf.core.StoreError
import org.pocketshelf.core.formats.Access
import org.pocketshelf.core.formats.Space
import org.pocketshelf.desktop.JdbcDatabases

/** Generations of the golden shard: published, opened, damaged, rolled back. */
class StoreTest {
    @TempDir
    lateinit var folder: Path
    private val databases = JdbcDatabases()
    private val path get() = File(folder.toFile(), "shelf")

    private fun published(sequence: Long, vararg statements: String): String = StoreWriter.open(path, databases) { writer ->
        writer.staged { staging ->
            val shard = File(staging, StoreFolder.SHARD_NAME)
            Contract.golden("formats/shard-v1.sqlite").copyTo(shard)
            databases.open(shard, Access.WRITE).use { database ->
                database.execute("UPDATE meta SET value = '$sequence' WHERE key = 'sequence'")
                statements.forEach { database.execute(it) }
            }
            writer.publish(staging)
        }
    }

    private fun sequence() = Store.open(path, databases).use { it.meta.sequence }

    @Test
    fun theNewestGenerationIsCurrentAndOneIsKept() {
        (3L..5L).forEach(::published)
        assertEquals(5L, sequence())
        assertEquals(listOf("00000002", "00000003"), StoreFolder(path).generations())
        assertEquals("00000002", StoreFolder(path).previous())
    }

    @Test
    fun anOpenStoreStaysReadableWhileOthersReplaceIt() {
        published(3)
        Store.open(path, databases).use { store ->
            (4L..6L).forEach(::published)
            assertEquals(3, store.products.size)
            assertEquals("Boot", store.products.product("12")!!.title)
            assertFalse(store.isCurrent())
        }
    }

    @Test
    fun aStoreThatWasMadeAnewIsAnother() {
        published(3)
        Store.open(path, databases).use { store ->
            assertTrue(store.isCurrent())
            path.deleteRecursively()
            assertFalse(store.isCurrent())
            // Its generation has the name of the old one's.
            assertEquals(store.generation, published(4))
            assertFalse(store.isCurrent())
            path.deleteRecursively()
            published(3)
            assertTrue(store.isCurrent())
            StoreFolder(path).digest(store.generation).writeText("damaged")
            assertTrue(store.isCurrent())
        }
    }

    @Test
    fun aDamageThatIsFoundWhileAShelfIsSearchedEndsTheSearches() {
        // So large that the shelf is there before the damage is known.
        published(3, "INSERT INTO meta VALUES ('filling', zeroblob(30000000))")
        StoreFolder(path).digest("00000001").writeText("${"0".repeat(64)}  shard.sqlite\n")
        assertFailsWith<StoreError> { Store.open(path, databases) }
        Store.open(path, databases, atOnce = 0).use { store ->
            val message = assertFailsWith<StoreError> {
                val shelf = Shelf.of(store)
                repeat(2000) {
                    shelf.nearest(floatArrayOf(1f, 0f, 0f, 0f), listOf("Shoes"), 1, emptyMap())
                    Thread.sleep(5)
                }
            }.message!!
            assertTrue("SHA-256 differs" in message, message)
        }
    }

    @Test
    fun aRollbackIsRememberedAndUndone() {
        published(3)
        published(4)
        assertEquals("00000001", StoreWriter.rollback(path, databases))
        assertEquals(3L, sequence())
        assertEquals("00000002" to 4L, StoreFolder(path).rolledBack())
        assertEquals("00000002", StoreWriter.rollback(path, databases, undo = true))
        assertNull(StoreFolder(path).rolledBack())
        assertEquals(4L, sequence())
    }

    @Test
    fun withoutAnOlderGenerationThereIsNothingToRollBack() {
        published(3)
        val error = assertFailsWith<StoreError> { StoreWriter.rollback(path, databases) }
        assertEquals(Reason.NOTHING_TO_ROLL_BACK, error.reason)
        assertFailsWith<StoreError> { StoreWriter.rollback(path, databases, undo = true) }
    }

    @Test
    fun aFlippedBitIsFoundAndTheRemedyNamed() {
        published(3)
        published(4)
        val shard = StoreFolder(path).shard("00000002")
        val data = shard.readBytes()
        data[data.size - 1] = (data[data.size - 1].toInt() xor 1).toByte()
        shard.writeBytes(data)
        val message = assertFailsWith<StoreError> { Store.open(path, databases) }.message!!
        assertTrue("SHA-256 differs" in message && "rollback" in message, message)
    }

    @Test
    fun aDigestThatIsNoneIsRefused() {
        published(3)
        for (text in listOf("", "nonsense\n", "0".repeat(64) + "\n", "0".repeat(63) + "g  shard.sqlite\n")) {
            StoreFolder(path).digest("00000001").writeText(text)
            assertFailsWith<StoreError>(text) { Store.open(path, databases) }
        }
    }

    @Test
    fun aPointerThatIsNoneIsRefused() {
        published(3)
        for (text in listOf("", "../../etc", "a/b", "00000009\n", "x".repeat(300))) {
            StoreFolder(path).pointer.writeText(text)
            assertFailsWith<StoreError>(text) { Store.open(path, databases) }
        }
    }

    @Test
    fun aFolderInThePlaceOfThePointerIsReplaced() {
        published(3)
        StoreFolder(path).pointer.delete()
        File(StoreFolder(path).pointer, "inside").mkdirs()
        assertFailsWith<StoreError> { Store.open(path, databases) }
        published(4)
        assertEquals(4L, sequence())
    }

    @Test
    fun aLinkIsNotFollowedWhenWritten() {
        published(3)
        val outside = File(folder.toFile(), "outside").apply { writeText("precious") }
        Files.createSymbolicLink(File(path, ".current.new").toPath(), outside.toPath())
        published(4)
        assertEquals("precious", outside.readText())
        assertEquals(4L, sequence())
    }

    @Test
    fun twoWritersAreKeptApart() {
        published(3)
        StoreWriter.open(path, databases) {
            val error = assertFailsWith<StoreError> { StoreWriter.open(path, databases) { } }
            assertTrue("another process is writing" in error.message!!)
            // The one that was refused has not taken the lock away with it.
            val java = File(System.getProperty("java.home"), "bin/java").path
            val other = ProcessBuilder(
                java, "-cp", System.getProperty("java.class.path"), "org.pocketshelf.desktop.MainKt", "rollback", "--store", path.path,
            ).redirectErrorStream(true).start()
            val said = other.inputStream.bufferedReader().readText()
            assertTrue(other.waitFor() == 1 && "another process is writing" in said, said)
        }
        StoreWriter.open(path, databases) { }
    }

    @Test
    fun withoutAStoreOneLineSaysSo() {
        assertTrue("no store here" in assertFailsWith<StoreError> { Store.open(path, databases) }.message!!)
        assertFailsWith<StoreError> { StoreWriter.rollback(path, databases) }
        assertNull(Store.currentSequence(path, databases))
    }

    @Test
    fun anotherBundlesVectorsAreRefused() {
        published(3)
        Store.open(path, databases).use { store ->
            store.requireSpace(Space("golden-space", "0123456789abcdef", 4, "another"))
            assertFailsWith<SpaceMismatch> { store.requireSpace(Space("golden-space", "0123456789abcdef", 8)) }
            assertFailsWith<SpaceMismatch> { store.requireSpace(Space("golden-space", "fedcba9876543210", 4)) }
            assertFailsWith<SpaceMismatch> { store.requireSpace(Space("other", "0123456789abcdef", 4)) }
        }
    }

    @Test
    fun whatAnInterruptedWriterLeftIsRemoved() {
        published(3)
        File(StoreFolder(path).generationsPath, ".new-00000009/half").mkdirs()
        File(StoreFolder(path).generationsPath, ".old-00000000").mkdirs()
        File(StoreFolder(path).generationsPath, "00000007").writeText("no folder")
        assertEquals("00000008", published(4))
        assertEquals(setOf("00000001", "00000008"), StoreFolder(path).generationsPath.list()!!.toSet())
    }

    @Test
    fun statusSaysWhatItHolds() {
        published(3)
        Store.open(path, databases).use {
            val status = it.status()
            assertEquals(3, status["products"])
            assertEquals(mapOf("Röcke" to 1, "Shoes" to 2), status["categories"])
            assertEquals(64, it.digest.length)
        }
    }
}
