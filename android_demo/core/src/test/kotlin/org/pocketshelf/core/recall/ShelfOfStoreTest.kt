package org.pocketshelf.core.recall

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.pocketshelf.core.Shelf
import org.pocketshelf.core.golden.GoldenFiles
import org.pocketshelf.core.store.Store
import org.pocketshelf.desktop.JdbcDatabases
import java.io.File
import java.security.MessageDigest

/** A shelf of a store's generation: its products, and the counts of the manifest that it came with. */
class ShelfOfStoreTest {
    @TempDir
    lateinit var folder: File

    /** A store with the golden shard, as a writer leaves it; [files] lie beside it. */
    private fun store(vararg files: File): Store {
        val generation = File(folder, "generations/000001").apply { mkdirs() }
        val lines = StringBuilder()
        for (file in listOf(GoldenFiles.file("stages/answers/shard.sqlite"), *files)) {
            file.copyTo(File(generation, file.name), overwrite = true)
            val digest = MessageDigest.getInstance("SHA-256").digest(file.readBytes())
            lines.append(digest.joinToString("") { "%02x".format(it.toInt() and 255) }).append("  ${file.name}\n")
        }
        File(generation, "shard.sha256").writeText(lines.toString())
        File(folder, "current").writeText("000001\n")
        return Store.open(folder, JdbcDatabases())
    }

    @Test
    fun `what came from a server knows which share it holds`() {
        store(GoldenFiles.file("stages/answers/manifest.json")).use { store ->
            val coverage = shelfCoverage(store)!!
            assertEquals(14 / 40.0, coverage["T-Shirts"])
            assertEquals(1.0, coverage["Coats"])
            assertEquals(0.0, coverage["Bags"])
            assertEquals(50, Shelf.of(store).counts.values.sum())
        }
    }

    @Test
    fun `what has no manifest is all there is`() = store().use { assertNull(shelfCoverage(it)) }

    @Test
    fun `a damaged manifest counts as none`() {
        store(GoldenFiles.file("stages/answers/manifest.json")).use { store ->
            val kept = File(store.folder.generation(store.generation), "manifest.json")
            kept.writeText(kept.readText().replace("40", "41"))
            assertNull(shelfCoverage(store))
        }
    }
}
