import XCTest

/// Each test stages one lie. It is refused for its reason, and the shelf is as it was: the attack list of the
/// Python client (`tests/sdk/sync/test_sync_attacks.py`), name by name.
final class SyncAttacksTests: XCTestCase {
    func testEveryCaseIsHere() throws {
        try assertEveryCaseIsHere("attacks")
    }

    func testASignedFileThatIsNotServed() throws {
        try SyncReplay.run("attacks/a_signed_file_that_is_not_served", self)
    }

    func testAnotherRangeThanAskedFor() throws {
        try SyncReplay.run("attacks/another_range_than_asked_for", self)
    }

    func testAnotherRootIsNotTrustedInPassing() throws {
        try SyncReplay.run("attacks/another_root_is_not_trusted_in_passing", self)
    }

    func testArbitraryFile() throws {
        try SyncReplay.run("attacks/arbitrary_file", self)
    }

    func testArbitraryFileOfTheRightLength() throws {
        try SyncReplay.run("attacks/arbitrary_file_of_the_right_length", self)
    }

    func testArbitraryManifest() throws {
        try SyncReplay.run("attacks/arbitrary_manifest", self)
    }

    func testDripThatIsJustFastEnoughMeetsTheTotalTime() throws {
        try SyncReplay.run("attacks/drip_that_is_just_fast_enough_meets_the_total_time", self)
    }

    func testEndlessData() throws {
        try SyncReplay.run("attacks/endless_data", self)
    }

    func testEndlessMetadata() throws {
        try SyncReplay.run("attacks/endless_metadata", self)
    }

    func testExpiredRoot() throws {
        try SyncReplay.run("attacks/expired_root", self)
    }

    func testExpiredTargets() throws {
        try SyncReplay.run("attacks/expired_targets", self)
    }

    func testFreeze() throws {
        try SyncReplay.run("attacks/freeze", self)
    }

    func testMetadataThatIsNoMetadata() throws {
        try SyncReplay.run("attacks/metadata_that_is_no_metadata", self)
    }

    func testMixAndMatch() throws {
        try SyncReplay.run("attacks/mix_and_match", self)
    }

    func testNoUnpackedLength() throws {
        try SyncReplay.run("attacks/no_unpacked_length", self)
    }

    func testRollbackOfTheShelfByThePublisher() throws {
        try SyncReplay.run("attacks/rollback_of_the_shelf_by_the_publisher", self)
    }

    func testRollbackOfTheSnapshotUnderANewTimestamp() throws {
        try SyncReplay.run("attacks/rollback_of_the_snapshot_under_a_new_timestamp", self)
    }

    func testRollbackOfTheTimestamp() throws {
        try SyncReplay.run("attacks/rollback_of_the_timestamp", self)
    }

    func testSlowDrip() throws {
        try SyncReplay.run("attacks/slow_drip", self)
    }

    func testSlowDripOfMetadata() throws {
        try SyncReplay.run("attacks/slow_drip_of_metadata", self)
    }

    func testTruncated() throws {
        try SyncReplay.run("attacks/truncated", self)
    }

    func testTruncatedAgainAndAgainNeverResumesIntoALie() throws {
        try SyncReplay.run("attacks/truncated_again_and_again_never_resumes_into_a_lie", self)
    }

    func testWrongKey() throws {
        try SyncReplay.run("attacks/wrong_key", self)
    }

    func testWrongKeyForANewRoot() throws {
        try SyncReplay.run("attacks/wrong_key_for_a_new_root", self)
    }

    func testWrongLength() throws {
        try SyncReplay.run("attacks/wrong_length", self)
    }

    func testWrongUnpackedLength() throws {
        try SyncReplay.run("attacks/wrong_unpacked_length", self)
    }
}
