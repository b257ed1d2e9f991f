package org.pocketshelf.core.sync

import org.junit.jupiter.api.Test

/** Honest servers and their accidents, as in `test_sync.py`. */
class SyncTest {
    @Test
    fun aBackgroundSyncBacksOffFurtherAndFurther() = replay("honest/a_background_sync_backs_off_further_and_further")

    @Test
    fun aBrokenConnectionGoesOnWhereItEnded() = replay("honest/a_broken_connection_goes_on_where_it_ended")

    @Test
    fun aDamagedMemoryOfARollbackIsForgotten() = replay("honest/a_damaged_memory_of_a_rollback_is_forgotten")

    @Test
    fun aDamagedMemoryOfSyncsIsForgotten() = replay("honest/a_damaged_memory_of_syncs_is_forgotten")

    @Test
    fun aDamagedPointerTakesTheSnapshot() = replay("honest/a_damaged_pointer_takes_the_snapshot")

    @Test
    fun aFlippedBitInTheManifestIsNoticedAndHealed() =
        replay("honest/a_flipped_bit_in_the_manifest_is_noticed_and_healed")

    @Test
    fun aFlippedBitInTheShardTakesTheSnapshot() = replay("honest/a_flipped_bit_in_the_shard_takes_the_snapshot")

    @Test
    fun aGapTakesTheSnapshot() = replay("honest/a_gap_takes_the_snapshot")

    @Test
    fun aPartOfSomethingElseIsFetchedAgain() = replay("honest/a_part_of_something_else_is_fetched_again")

    @Test
    fun aRollbackIsUndone() = replay("honest/a_rollback_is_undone")

    @Test
    fun aRollbackStaysUntilSomethingNewerIsPublished() =
        replay("honest/a_rollback_stays_until_something_newer_is_published")

    @Test
    fun aSearchGoesOnInTheOldGeneration() = replay("honest/a_search_goes_on_in_the_old_generation")

    @Test
    fun aStoreBuiltAfterARollbackForgetsIt() = replay("honest/a_store_built_after_a_rollback_forgets_it")

    @Test
    fun afterARollbackFromDamageTheSameStateComesAgainWhole() =
        replay("honest/after_a_rollback_from_damage_the_same_state_comes_again_whole")

    @Test
    fun anAbsentServerIsNoError() = replay("honest/an_absent_server_is_no_error")

    @Test
    fun anAddressWithoutRepositoryIsNamed() = replay("honest/an_address_without_repository_is_named")

    @Test
    fun anUnknownShardIsRefused() = replay("honest/an_unknown_shard_is_refused")

    @Test
    fun anotherSpaceIsRefusedWithTheRemedy() = replay("honest/another_space_is_refused_with_the_remedy")

    @Test
    fun changesAreApplied() = replay("honest/changes_are_applied")

    @Test
    fun changesThatDoNotFitFallBackToTheSnapshot() = replay("honest/changes_that_do_not_fit_fall_back_to_the_snapshot")

    @Test
    fun downloadsAreRemovedAfterwards() = replay("honest/downloads_are_removed_afterwards")

    @Test
    fun firstSyncTakesTheSnapshot() = replay("honest/first_sync_takes_the_snapshot")

    @Test
    fun graphsAreDerivedBeforeTheFirstSearch() = replay("honest/graphs_are_derived_before_the_first_search")

    @Test
    fun keysRotate() = replay("honest/keys_rotate")

    @Test
    fun noRoomIsNoticedBeforeTheDownload() = replay("honest/no_room_is_noticed_before_the_download")

    @Test
    fun nothingToDoDownloadsOnlyTheTimestampAndTheManifest() =
        replay("honest/nothing_to_do_downloads_only_the_timestamp_and_the_manifest")

    @Test
    fun statusAfterASync() = replay("honest/status_after_a_sync")

    @Test
    fun theManifestStaysWithItsGeneration() = replay("honest/the_manifest_stays_with_its_generation")

    @Test
    fun theRootMayLieInTheStore() = replay("honest/the_root_may_lie_in_the_store")

    @Test
    fun theServerAddressMayEndWithASlash() = replay("honest/the_server_address_may_end_with_a_slash")

    @Test
    fun featuresBesideAShelfAreNothingToWhoKnowsOfNone() =
        replay("honest/features_beside_a_shelf_are_nothing_to_who_knows_of_none")

    @Test
    fun trustOnFirstUse() = replay("honest/trust_on_first_use")

    @Test
    fun verifyReportsWhatTheSyncWrote() = replay("honest/verify_reports_what_the_sync_wrote")

    @Test
    fun withoutARootNothingIsTrusted() = replay("honest/without_a_root_nothing_is_trusted")
}
