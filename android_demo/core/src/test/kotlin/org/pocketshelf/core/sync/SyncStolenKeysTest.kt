package org.pocketshelf.core.sync

import org.junit.jupiter.api.Test

/** Keys stolen and rotated, as in `test_sync_stolen_keys.py`. */
class SyncStolenKeysTest {
    @Test
    fun aKeyThatSignsBesideTheStolenOneDoesNotVouchForWhatThatOneSigned() =
        replay("stolen/a_key_that_signs_beside_the_stolen_one_does_not_vouch_for_what_that_one_signed")

    @Test
    fun aNewerRootOfTheSameSiteIsWelcome() = replay("stolen/a_newer_root_of_the_same_site_is_welcome")

    @Test
    fun aRotationWithoutATheftCostsNothingWhereTheSnapshotIsTheSame() =
        replay("stolen/a_rotation_without_a_theft_costs_nothing_where_the_snapshot_is_the_same")

    @Test
    fun aSequenceOfAStolenKeyIsLeftWhenTheKeyIsRotated() =
        replay("stolen/a_sequence_of_a_stolen_key_is_left_when_the_key_is_rotated")

    @Test
    fun anotherKeySRotationDoesNotLetTheShelfGoBack() =
        replay("stolen/another_key_s_rotation_does_not_let_the_shelf_go_back")

    @Test
    fun neitherDoesARollbackFromItKeepTheShopSAway() =
        replay("stolen/neither_does_a_rollback_from_it_keep_the_shop_s_away")

    @Test
    fun neitherDoesARollbackLeadBackToIt() = replay("stolen/neither_does_a_rollback_lead_back_to_it")

    @Test
    fun recoveryGoesOnWhereItWasCutOff() = replay("stolen/recovery_goes_on_where_it_was_cut_off")

    @Test
    fun theNumberOfAThiefMayBeACommonOne() = replay("stolen/the_number_of_a_thief_may_be_a_common_one")

    @Test
    fun theRootOfAnotherSiteWithAHigherVersionChangesNothing() =
        replay("stolen/the_root_of_another_site_with_a_higher_version_changes_nothing")

    @Test
    fun versionsOfStolenKeysAreLeftWhenTheKeysAreRotated() =
        replay("stolen/versions_of_stolen_keys_are_left_when_the_keys_are_rotated")
}
