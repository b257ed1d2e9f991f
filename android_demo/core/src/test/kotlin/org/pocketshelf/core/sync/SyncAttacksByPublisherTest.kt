package org.pocketshelf.core.sync

import org.junit.jupiter.api.Test

/** Lies signed with all the right keys, as `test_sync_attacks_by_publisher.py` stages them. */
class SyncAttacksByPublisherTest {
    @Test
    fun deltaOfAnotherSpace() = replay("publisher/delta_of_another_space")

    @Test
    fun deltaWithRowsOutsideItsSequences() = replay("publisher/delta_with_rows_outside_its_sequences")

    @Test
    fun gzipWithSomethingBehind() = replay("publisher/gzip_with_something_behind")

    @Test
    fun lyingManifest() = replay("publisher/lying_manifest")

    @Test
    fun maliciousSnapshot() = replay("publisher/malicious_snapshot")

    @Test
    fun maliciousSqliteBytes() = replay("publisher/malicious_sqlite_bytes")

    @Test
    fun maliciousSqliteOversizedFile() = replay("publisher/malicious_sqlite_oversized_file")

    @Test
    fun maliciousSqliteOversizedValue() = replay("publisher/malicious_sqlite_oversized_value")

    @Test
    fun maliciousSqliteSchema() = replay("publisher/malicious_sqlite_schema")

    @Test
    fun maliciousSqliteTextThatIsNotUtf8() = replay("publisher/malicious_sqlite_text_that_is_not_utf8")

    @Test
    fun maliciousSqliteValue() = replay("publisher/malicious_sqlite_value")

    @Test
    fun maliciousSqliteWriteAheadLog() = replay("publisher/malicious_sqlite_write_ahead_log")

    @Test
    fun notADatabase() = replay("publisher/not_a_database")

    @Test
    fun replayedDeltaOnAnotherBase() = replay("publisher/replayed_delta_on_another_base")

    @Test
    fun zipBomb() = replay("publisher/zip_bomb")

    @Test
    fun zipBombThatIsSignedAsSuch() = replay("publisher/zip_bomb_that_is_signed_as_such")

    @Test
    fun zlibInsteadOfGzip() = replay("publisher/zlib_instead_of_gzip")
}
