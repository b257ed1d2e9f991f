import XCTest

/// First sync, changes, gap, damage, rollback, rotation, absent server.
final class SyncTests: XCTestCase {
    func testEveryCaseIsHere() throws {
        try assertEveryCaseIsHere("honest")
    }

    func testABackgroundSyncBacksOffFurtherAndFurther() throws {
        try SyncReplay.run("honest/a_background_sync_backs_off_further_and_further", self)
    }

    func testABrokenConnectionGoesOnWhereItEnded() throws {
        try SyncReplay.run("honest/a_broken_connection_goes_on_where_it_ended", self)
    }

    func testADamagedMemoryOfARollbackIsForgotten() throws {
        try SyncReplay.run("honest/a_damaged_memory_of_a_rollback_is_forgotten", self)
    }

    func testADamagedMemoryOfSyncsIsForgotten() throws {
        try SyncReplay.run("honest/a_damaged_memory_of_syncs_is_forgotten", self)
    }

    func testADamagedPointerTakesTheSnapshot() throws {
        try SyncReplay.run("honest/a_damaged_pointer_takes_the_snapshot", self)
    }

    func testAFlippedBitInTheManifestIsNoticedAndHealed() throws {
        try SyncReplay.run("honest/a_flipped_bit_in_the_manifest_is_noticed_and_healed", self)
    }

    func testAFlippedBitInTheShardTakesTheSnapshot() throws {
        try SyncReplay.run("honest/a_flipped_bit_in_the_shard_takes_the_snapshot", self)
    }

    func testAGapTakesTheSnapshot() throws {
        try SyncReplay.run("honest/a_gap_takes_the_snapshot", self)
    }

    func testAPartOfSomethingElseIsFetchedAgain() throws {
        try SyncReplay.run("honest/a_part_of_something_else_is_fetched_again", self)
    }

    func testARollbackIsUndone() throws {
        try SyncReplay.run("honest/a_rollback_is_undone", self)
    }

    func testARollbackStaysUntilSomethingNewerIsPublished() throws {
        try SyncReplay.run("honest/a_rollback_stays_until_something_newer_is_published", self)
    }

    func testASearchGoesOnInTheOldGeneration() throws {
        try SyncReplay.run("honest/a_search_goes_on_in_the_old_generation", self)
    }

    func testAStoreBuiltAfterARollbackForgetsIt() throws {
        try SyncReplay.run("honest/a_store_built_after_a_rollback_forgets_it", self)
    }

    func testAfterARollbackFromDamageTheSameStateComesAgainWhole() throws {
        try SyncReplay.run("honest/after_a_rollback_from_damage_the_same_state_comes_again_whole", self)
    }

    func testAnAbsentServerIsNoError() throws {
        try SyncReplay.run("honest/an_absent_server_is_no_error", self)
    }

    func testAnAddressWithoutRepositoryIsNamed() throws {
        try SyncReplay.run("honest/an_address_without_repository_is_named", self)
    }

    func testAnUnknownShardIsRefused() throws {
        try SyncReplay.run("honest/an_unknown_shard_is_refused", self)
    }

    func testAnotherSpaceIsRefusedWithTheRemedy() throws {
        try SyncReplay.run("honest/another_space_is_refused_with_the_remedy", self)
    }

    func testChangesAreApplied() throws {
        try SyncReplay.run("honest/changes_are_applied", self)
    }

    func testChangesThatDoNotFitFallBackToTheSnapshot() throws {
        try SyncReplay.run("honest/changes_that_do_not_fit_fall_back_to_the_snapshot", self)
    }

    func testDownloadsAreRemovedAfterwards() throws {
        try SyncReplay.run("honest/downloads_are_removed_afterwards", self)
    }

    func testFirstSyncTakesTheSnapshot() throws {
        try SyncReplay.run("honest/first_sync_takes_the_snapshot", self)
    }

    func testGraphsAreDerivedBeforeTheFirstSearch() throws {
        try SyncReplay.run("honest/graphs_are_derived_before_the_first_search", self)
    }

    func testKeysRotate() throws {
        try SyncReplay.run("honest/keys_rotate", self)
    }

    func testNoRoomIsNoticedBeforeTheDownload() throws {
        try SyncReplay.run("honest/no_room_is_noticed_before_the_download", self)
    }

    func testNothingToDoDownloadsOnlyTheTimestampAndTheManifest() throws {
        try SyncReplay.run("honest/nothing_to_do_downloads_only_the_timestamp_and_the_manifest", self)
    }

    func testStatusAfterASync() throws {
        try SyncReplay.run("honest/status_after_a_sync", self)
    }

    func testTheManifestStaysWithItsGeneration() throws {
        try SyncReplay.run("honest/the_manifest_stays_with_its_generation", self)
    }

    func testTheRootMayLieInTheStore() throws {
        try SyncReplay.run("honest/the_root_may_lie_in_the_store", self)
    }

    func testTheServerAddressMayEndWithASlash() throws {
        try SyncReplay.run("honest/the_server_address_may_end_with_a_slash", self)
    }

    func testFeaturesBesideAShelfAreNothingToWhoKnowsOfNone() throws {
        try SyncReplay.run("honest/features_beside_a_shelf_are_nothing_to_who_knows_of_none", self)
    }

    func testTrustOnFirstUse() throws {
        try SyncReplay.run("honest/trust_on_first_use", self)
    }

    func testVerifyReportsWhatTheSyncWrote() throws {
        try SyncReplay.run("honest/verify_reports_what_the_sync_wrote", self)
    }

    func testWithoutARootNothingIsTrusted() throws {
        try SyncReplay.run("honest/without_a_root_nothing_is_trusted", self)
    }
}
