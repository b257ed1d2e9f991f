import XCTest

/// Lies signed with all the right keys, as a publisher whose machine was taken over could.
final class SyncAttacksByPublisherTests: XCTestCase {
    func testEveryCaseIsHere() throws {
        try assertEveryCaseIsHere("publisher")
    }

    func testDeltaOfAnotherSpace() throws {
        try SyncReplay.run("publisher/delta_of_another_space", self)
    }

    func testDeltaWithRowsOutsideItsSequences() throws {
        try SyncReplay.run("publisher/delta_with_rows_outside_its_sequences", self)
    }

    func testGzipWithSomethingBehind() throws {
        try SyncReplay.run("publisher/gzip_with_something_behind", self)
    }

    func testLyingManifest() throws {
        try SyncReplay.run("publisher/lying_manifest", self)
    }

    func testMaliciousSnapshot() throws {
        try SyncReplay.run("publisher/malicious_snapshot", self)
    }

    func testMaliciousSqliteBytes() throws {
        try SyncReplay.run("publisher/malicious_sqlite_bytes", self)
    }

    func testMaliciousSqliteOversizedFile() throws {
        try SyncReplay.run("publisher/malicious_sqlite_oversized_file", self)
    }

    func testMaliciousSqliteOversizedValue() throws {
        try SyncReplay.run("publisher/malicious_sqlite_oversized_value", self)
    }

    func testMaliciousSqliteSchema() throws {
        try SyncReplay.run("publisher/malicious_sqlite_schema", self)
    }

    func testMaliciousSqliteTextThatIsNotUtf8() throws {
        try SyncReplay.run("publisher/malicious_sqlite_text_that_is_not_utf8", self)
    }

    func testMaliciousSqliteValue() throws {
        try SyncReplay.run("publisher/malicious_sqlite_value", self)
    }

    func testMaliciousSqliteWriteAheadLog() throws {
        try SyncReplay.run("publisher/malicious_sqlite_write_ahead_log", self)
    }

    func testNotADatabase() throws {
        try SyncReplay.run("publisher/not_a_database", self)
    }

    func testReplayedDeltaOnAnotherBase() throws {
        try SyncReplay.run("publisher/replayed_delta_on_another_base", self)
    }

    func testZipBomb() throws {
        try SyncReplay.run("publisher/zip_bomb", self)
    }

    func testZipBombThatIsSignedAsSuch() throws {
        try SyncReplay.run("publisher/zip_bomb_that_is_signed_as_such", self)
    }

    func testZlibInsteadOfGzip() throws {
        try SyncReplay.run("publisher/zlib_instead_of_gzip", self)
    }
}
