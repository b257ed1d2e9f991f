package org.pocketshelf.core.closely

import java.io.File
import java.nio.file.Path
import kotlin.test.assertEquals
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.pocketshelf.core.Contract
import org.pocketshelf.core.Shelf
import org.pocketshelf.core.formats.DerivedFile
import org.pocketshelf.core.formats.FeatureTable
import org.pocketshelf.core.store.Store
import org.pocketshelf.core.sync.ReplayedDevice
import org.pocketshelf.desktop.JdbcDatabases

/** The prints of a shelf that was synced with its local features, and what damage makes of them. */
class CloselyOfStoreTest {
    @TempDir
    lateinit var folder: Path

    @Suppress("UNCHECKED_CAST")
    private val steps = (Contract.json("sync/features/changes_lead_to_what_is_published.json")["cases"] as List<Map<String, Any?>>)
        .first()["steps"] as List<Map<String, Any?>>
    private val store get() = Store.open(File(folder.toFile(), "store"), JdbcDatabases())

    @BeforeEach
    fun synced() = ReplayedDevice(folder.toFile()).replay(steps.take(1))

    private fun fileOf(store: Store) = DerivedFile.ofFeatures(store.folder.index(store.generation), store.digest)

    @Test
    fun aShelfKnowsItsPrintsUnlessTheyAreLeftOut() = store.use { opened ->
        assertTrue(assertNotNull(Shelf.of(opened).closely).size > 0)
        assertNull(Shelf.of(opened, closely = false).closely)
    }

    @Test
    fun damagedOnesAreAsGoodAsNone() = store.use { opened ->
        val path = fileOf(opened).path
        val whole = path.readBytes()
        for (place in listOf(3, 40, 100, whole.size / 2, whole.size - 1)) {
            path.writeBytes(whole.copyOf().also { it[place] = (it[place] + 1).toByte() })
            assertNull(Closely.of(opened), "byte $place")
        }
        for (length in listOf(0, 20, whole.size - 1)) {
            path.writeBytes(whole.copyOf(length))
            assertNull(Closely.of(opened), "$length bytes")
        }
        path.writeBytes(whole + 0)
        assertNull(Closely.of(opened))
        path.writeBytes(whole)
        assertTrue(assertNotNull(Closely.of(opened)).size > 0)
    }

    @Test
    fun thoseOfAnotherShardOrOfAnotherNumberOfProductsAreNone() = store.use { opened ->
        val file = fileOf(opened)
        val table = assertNotNull(FeatureTable.parse(assertNotNull(file.read(Long.MAX_VALUE)), opened.products.size))
        val more = table.picked(IntArray(opened.products.size + 1) { if (it < opened.products.size) it else -1 })
        assertEquals(table.size, more.size)
        file.write(more.toBytes())
        assertNull(Closely.of(opened))
        DerivedFile.ofFeatures(file.path.parentFile, "0".repeat(64)).write(table.toBytes())
        assertNull(Closely.of(opened))
    }

    @Test
    fun whatIsHandedOnFollowsTheProducts() = store.use { opened ->
        val table = assertNotNull(FeatureTable.parse(assertNotNull(fileOf(opened).read(Long.MAX_VALUE)), opened.products.size))
        val turned = table.picked(table.counts.indices.reversed().toList().toIntArray())
        assertEquals(table.counts.reversed(), turned.counts.toList())
        assertEquals(table.toBytes().toList(), turned.picked(table.counts.indices.reversed().toList().toIntArray()).toBytes().toList())
        val none = table.picked(intArrayOf(-1, -1))
        assertEquals(listOf(0, 0) to listOf(1024, 1024), none.counts.toList() to none.shapes.toList())
    }
}
