package org.pocketshelf.core.sync

import kotlin.test.assertEquals
import org.junit.jupiter.api.Test
import org.pocketshelf.core.Contract

/** The tests of the recorded syncs are those of Python, name by name: none is left out. */
class SyncListsTest {
    @Test
    fun attacks() = assertComplete("attacks", SyncAttacksTest::class.java)

    @Test
    fun attacksByThePublisher() = assertComplete("publisher", SyncAttacksByPublisherTest::class.java)

    @Test
    fun stolenKeys() = assertComplete("stolen", SyncStolenKeysTest::class.java)

    @Test
    fun metadataBounds() = assertComplete("metadata", SyncMetadataBoundsTest::class.java)

    @Test
    fun honestServers() = assertComplete("honest", SyncTest::class.java)

    @Test
    fun backoff() = assertComplete("backoff", SyncBackoffTest::class.java)

    @Test
    fun features() = assertComplete("features", SyncFeaturesTest::class.java)

    private fun assertComplete(folder: String, tests: Class<*>) {
        val recorded = Contract.golden("sync/$folder").list().orEmpty().map { inKotlin(it.removeSuffix(".json")) }
        val here = tests.declaredMethods.filter { it.isAnnotationPresent(Test::class.java) }.map { it.name }
        assertEquals(recorded.sorted(), here.sorted())
    }

    /** A name of Python's in Kotlin's casing. */
    private fun inKotlin(name: String): String {
        val words = name.split('_')
        return words.first() + words.drop(1).joinToString("") { it.replaceFirstChar(Char::uppercase) }
    }
}
