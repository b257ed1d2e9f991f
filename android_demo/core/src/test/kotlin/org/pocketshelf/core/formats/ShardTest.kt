package org.pocketshelf.core.formats

import java.io.File
import java.io.IOException
import java.nio.file.Path
import java.time.Duration
import java.util.concurrent.CountDownLatch
import kotlin.concurrent.thread
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNull
import kotlin.test.assertTrue
import org.junit.jupiter.api.Assertions.assertTimeoutPreemptively
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.function.Executable
import org.junit.jupiter.api.io.TempDir
import org.pocketshelf.core.Contract
import org.pocketshelf.core.SpaceMismatch
import org.pocketshelf.core.StoreError
import org.pocketshelf.desktop.JdbcDatabases

/** The golden shard and delta of version 1, and what befalls copies of them. */
class ShardTest {
    @TempDir
    lateinit var folder: Path
    private val databases = JdbcDatabases()
    private val shard get() = File(folder.toFile(), "shard.sqlite")
    private val delta get() = File(folder.toFile(), "delta.sqlite")

    private fun copied(): Shard {
        Contract.golden("formats/shard-v1.sqlite").copyTo(shard, overwrite = true)
        Contract.golden("formats/delta-v1.sqlite").copyTo(delta, overwrite = true)
        return Shard.open(databases, shard)
    }

    private fun changed(file: File, vararg statements: String) {
        databases.open(file, Access.WRITE).use { statements.forEach { statement -> it.execute(statement) } }
    }

    @Test
    fun theGoldenShardSaysWhatItIs() = copied().use {
        assertEquals(ShardMeta("golden-space", "0123456789abcdef", "gold", 3, 4), it.meta)
        assertEquals(3, it.size)
        assertEquals(listOf("Röcke" to 1, "Shoes" to 2), it.categories().toList())
        assertEquals(listOf("10", "11", "12"), it.ids())
        it.check()
    }

    @Test
    fun theGoldenProductsAreRead() = copied().use {
        val shoe = it.product("11")!!
        assertEquals(2L, shoe.sequence)
        assertEquals("A \"quoted\" shoe", shoe.title)
        assertNull(shoe.image)
        assertContentEquals(byteArrayOf(1, 2, 3, 127, 4, 127, 6, 7), shoe.vectors)
        assertContentEquals(byteArrayOf(4, 127, 6, 7), shoe.vector(1))
        assertEquals(mapOf("tags" to listOf("a", "b")), it.product("12")!!.attributes)
        assertNull(it.product("13"))
    }

    @Test
    fun aCategoryIsOneBlockWithItsOwners() = copied().use {
        val owners = it.owners("Shoes")
        assertEquals(listOf("11", "12"), owners.ids)
        assertContentEquals(intArrayOf(0, 0, 1), owners.places)
        assertContentEquals(byteArrayOf(1, 2, 3, 127, 4, 127, 6, 7, -127, 0, 0, 0), it.vectors("Shoes"))
        assertEquals(0, it.vectors("Hats").size)
        assertEquals(0, it.owners("Hats").places.size)
    }

    @Test
    fun whoIsPassedAProductMayAskOnWhileAnotherThreadAsks() = copied().use {
        val asking = Executable {
            it.forEachProduct { _ ->
                val other = thread(isDaemon = true) { it.categories() }
                while (other.state != Thread.State.BLOCKED) Thread.sleep(1)
                assertEquals(2, it.categories().size)
                false
            }
        }
        assertTimeoutPreemptively(Duration.ofSeconds(20), asking)
    }

    @Test
    fun aCloseWaitsForTheQuestionOfAnotherThread() {
        val shard = copied()
        val asked = CountDownLatch(1)
        val goesOn = CountDownLatch(1)
        val seen = ArrayList<String>()
        val asking = thread {
            shard.forEachProduct {
                asked.countDown()
                goesOn.await()
                seen.add(it.productId)
            }
        }
        asked.await()
        val closing = thread { shard.close() }
        while (closing.isAlive && closing.state != Thread.State.BLOCKED) Thread.sleep(1)
        goesOn.countDown()
        asking.join()
        closing.join()
        assertEquals(listOf("10", "11", "12"), seen)
        assertFailsWith<StoreError> { shard.size }
    }

    @Test
    fun firstPicturesComeInTheOrderAskedFor() = copied().use {
        assertContentEquals(byteArrayOf(-127, 0, 0, 0, 1, 2, 3, 127), it.firstVectors(listOf("12", "11")))
    }

    @Test
    fun theFirstRowsTellWhetherAnAttributeIsStated() = copied().use {
        assertEquals(listOf(true, false, false), listOf(it.states("tags", 3), it.states("tags", 1), it.states("tag", 3)))
    }

    @Test
    fun someOfACategoryAreEvenlyApartInTheOrderOfTheirRows() {
        copied().close()
        databases.open(shard, Access.WRITE).use { database ->
            for (n in 0 until 100) {
                val values = arrayOf("p${199 - n}", 1L, "c", "", null, "{}", byteArrayOf(n.toByte(), 1, 2, 3, 9, 9, 9, 9))
                database.execute("INSERT INTO products VALUES (?, ?, ?, ?, ?, ?, ?)", *values)
            }
        }
        Shard.open(databases, shard).use {
            assertContentEquals(byteArrayOf(0, 1, 2, 3, 25, 1, 2, 3, 50, 1, 2, 3, 75, 1, 2, 3), it.someOf("c", 4))
            assertEquals((0 until 100).toList(), it.someOf("c", 500).toList().chunked(4) { (first) -> first.toInt() })
            assertEquals(List(32) { n -> n * 100 / 32 }, it.someOf("c").toList().chunked(4) { (first) -> first.toInt() })
            assertContentEquals(byteArrayOf(1, 2, 3, 127, -127, 0, 0, 0), it.someOf("Shoes"))
            assertEquals(0, it.someOf("nothing").size)
        }
    }

    @Test
    fun theGoldenDeltaApplies() {
        copied().close()
        assertEquals(5L, Delta.apply(databases, shard, delta).sequence)
        Shard.open(databases, shard).use {
            it.check()
            assertEquals(listOf("10", "11"), it.ids())
            assertEquals("A shoe", it.product("11")!!.title)
            assertEquals(mapOf("sale" to true), it.product("11")!!.attributes)
            assertContentEquals(byteArrayOf(1, 2, 3, 127), it.vectors("Shoes"))
        }
    }

    @Test
    fun theGoldenDeltaSaysWhatItDeletes() {
        copied().close()
        Delta.open(databases, delta).use { assertEquals(listOf("12" to 5L), it.tombstones()) }
    }

    @Test
    fun aDeltaAppliesToItsOwnSequenceOnly() {
        copied().close()
        Delta.apply(databases, shard, delta)
        val error = assertFailsWith<StoreError> { Delta.apply(databases, shard, delta) }
        assertTrue("leads from sequence 3, the store is at 5" in error.message!!)
    }

    @Test
    fun aDeltaOfAnotherSpaceIsRefused() {
        copied().close()
        changed(delta, "UPDATE meta SET value = 'other' WHERE key = 'space'")
        assertFailsWith<SpaceMismatch> { Delta.apply(databases, shard, delta) }
        Shard.open(databases, shard).use { assertEquals(3L, it.meta.sequence) }
    }

    @Test
    fun aDeltaThatBreaksOffChangesNothing() {
        copied().close()
        val before = shard.readBytes()
        val broken = object : Databases {
            override fun open(file: File, access: Access, seconds: Double): Database {
                val database = databases.open(file, access, seconds)
                return if (access == Access.WRITE) Broken(database) else database
            }
        }
        assertFailsWith<StoreError> { Delta.apply(broken, shard, delta) }
        assertContentEquals(before, shard.readBytes())
    }

    /** Fails at the last statement of a delta. */
    private class Broken(private val database: Database) : Database by database {
        override fun execute(sql: String, vararg values: Any?) {
            if (sql.startsWith("UPDATE")) throw IOException("database or disk is full")
            database.execute(sql, *values)
        }

        override fun query(sql: String, vararg values: Any?) = database.query(sql, *values)
    }

    @Test
    fun anotherObjectInTheFileIsRefused() {
        for (sql in listOf("CREATE VIEW v AS SELECT 1", "CREATE INDEX i ON products(category)", "CREATE TABLE more(a)",
            "CREATE TRIGGER t AFTER INSERT ON products BEGIN SELECT 1; END")) {
            copied().close()
            changed(shard, sql)
            assertFailsWith<StoreError>(sql) { Shard.open(databases, shard) }
        }
    }

    @Test
    fun anotherVersionIsNamed() {
        copied().close()
        changed(shard, "UPDATE meta SET value = '2' WHERE key = 'version'")
        assertTrue("version 2 is unknown" in assertFailsWith<StoreError> { Shard.open(databases, shard) }.message!!)
    }

    @Test
    fun metaOutOfBoundsIsRefused() {
        val bad = listOf("dimension" to "0", "dimension" to "70000", "sequence" to "-1", "sequence" to "9223372036854775808",
            "space" to "")
        for ((key, value) in bad) {
            copied().close()
            changed(shard, "UPDATE meta SET value = '$value' WHERE key = '$key'")
            assertFailsWith<StoreError>("$key $value") { Shard.open(databases, shard) }
        }
    }

    @Test
    fun aFileThatIsMissingOrNoneIsRefused() {
        assertFailsWith<StoreError> { Shard.open(databases, shard) }
        shard.writeText("no database at all, but long enough to be looked at by whoever opens it".repeat(20))
        assertFailsWith<StoreError> { Shard.open(databases, shard) }
    }

    @Test
    fun badValuesAreFoundWithAndWithoutSqlitesJson() {
        val bad = listOf(
            "attributes = 'no json'",
            "attributes = '[1]'",
            "attributes = '{\"a\": NaN}'",
            "title = X'00ff'",
            "title = CAST(X'ff' AS TEXT)",
            "category = ''",
            "product_id = 'a' || char(7)",
            "vectors = X'01'",
            "sequence = 99",
        )
        for (checked in listOf(databases, WithoutJson(databases))) {
            copied().close()
            Shard.open(checked, shard).use { it.check() }
            for (value in bad) {
                copied().close()
                changed(shard, "UPDATE products SET $value WHERE product_id = '10'")
                assertFailsWith<StoreError>("$checked $value") { Shard.open(checked, shard).use { it.check() } }
            }
        }
    }

    /** SQLite as Android had it before version 14: without its JSON functions. */
    private class WithoutJson(private val databases: Databases) : Databases {
        override fun open(file: File, access: Access, seconds: Double): Database {
            val database = databases.open(file, access, seconds)
            return object : Database by database {
                override fun forEach(sql: String, vararg values: Any?, each: (Row) -> Boolean) {
                    if ("json_" in sql) throw IOException("no such function: json_valid")
                    database.forEach(sql, *values, each = each)
                }

                override fun query(sql: String, vararg values: Any?): List<Row> =
                    ArrayList<Row>().also { rows -> forEach(sql, *values) { rows.add(it) } }
            }
        }
    }
}
