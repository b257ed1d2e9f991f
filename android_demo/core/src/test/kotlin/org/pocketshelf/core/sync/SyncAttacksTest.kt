package org.pocketshelf.core.sync

import org.junit.jupiter.api.Test

/**
 * Each test stages one lie. It is refused for the right reason, and the shelf is as it was. The list is that of
 * `test_sync_attacks.py`, name by name.
 */
class SyncAttacksTest {
    @Test
    fun aSignedFileThatIsNotServed() = replay("attacks/a_signed_file_that_is_not_served")

    @Test
    fun anotherRangeThanAskedFor() = replay("attacks/another_range_than_asked_for")

    @Test
    fun anotherRootIsNotTrustedInPassing() = replay("attacks/another_root_is_not_trusted_in_passing")

    @Test
    fun arbitraryFile() = replay("attacks/arbitrary_file")

    @Test
    fun arbitraryFileOfTheRightLength() = replay("attacks/arbitrary_file_of_the_right_length")

    @Test
    fun arbitraryManifest() = replay("attacks/arbitrary_manifest")

    @Test
    fun dripThatIsJustFastEnoughMeetsTheTotalTime() =
        replay("attacks/drip_that_is_just_fast_enough_meets_the_total_time")

    @Test
    fun endlessData() = replay("attacks/endless_data")

    @Test
    fun endlessMetadata() = replay("attacks/endless_metadata")

    @Test
    fun expiredRoot() = replay("attacks/expired_root")

    @Test
    fun expiredTargets() = replay("attacks/expired_targets")

    @Test
    fun freeze() = replay("attacks/freeze")

    @Test
    fun metadataThatIsNoMetadata() = replay("attacks/metadata_that_is_no_metadata")

    @Test
    fun mixAndMatch() = replay("attacks/mix_and_match")

    @Test
    fun noUnpackedLength() = replay("attacks/no_unpacked_length")

    @Test
    fun rollbackOfTheShelfByThePublisher() = replay("attacks/rollback_of_the_shelf_by_the_publisher")

    @Test
    fun rollbackOfTheSnapshotUnderANewTimestamp() = replay("attacks/rollback_of_the_snapshot_under_a_new_timestamp")

    @Test
    fun rollbackOfTheTimestamp() = replay("attacks/rollback_of_the_timestamp")

    @Test
    fun slowDrip() = replay("attacks/slow_drip")

    @Test
    fun slowDripOfMetadata() = replay("attacks/slow_drip_of_metadata")

    @Test
    fun truncated() = replay("attacks/truncated")

    @Test
    fun truncatedAgainAndAgainNeverResumesIntoALie() =
        replay("attacks/truncated_again_and_again_never_resumes_into_a_lie")

    @Test
    fun wrongKey() = replay("attacks/wrong_key")

    @Test
    fun wrongKeyForANewRoot() = replay("attacks/wrong_key_for_a_new_root")

    @Test
    fun wrongLength() = replay("attacks/wrong_length")

    @Test
    fun wrongUnpackedLength() = replay("attacks/wrong_unpacked_length")
}
