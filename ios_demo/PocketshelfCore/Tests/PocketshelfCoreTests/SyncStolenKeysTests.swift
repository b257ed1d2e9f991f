import XCTest

/// Keys that were stolen, and rotated since.
final class SyncStolenKeysTests: XCTestCase {
    func testEveryCaseIsHere() throws {
        try assertEveryCaseIsHere("stolen")
    }

    func testAKeyThatSignsBesideTheStolenOneDoesNotVouchForWhatThatOneSigned() throws {
        try SyncReplay.run("stolen/a_key_that_signs_beside_the_stolen_one_does_not_vouch_for_what_that_one_signed", self)
    }

    func testANewerRootOfTheSameSiteIsWelcome() throws {
        try SyncReplay.run("stolen/a_newer_root_of_the_same_site_is_welcome", self)
    }

    func testARotationWithoutATheftCostsNothingWhereTheSnapshotIsTheSame() throws {
        try SyncReplay.run("stolen/a_rotation_without_a_theft_costs_nothing_where_the_snapshot_is_the_same", self)
    }

    func testASequenceOfAStolenKeyIsLeftWhenTheKeyIsRotated() throws {
        try SyncReplay.run("stolen/a_sequence_of_a_stolen_key_is_left_when_the_key_is_rotated", self)
    }

    func testAnotherKeySRotationDoesNotLetTheShelfGoBack() throws {
        try SyncReplay.run("stolen/another_key_s_rotation_does_not_let_the_shelf_go_back", self)
    }

    func testNeitherDoesARollbackFromItKeepTheShopSAway() throws {
        try SyncReplay.run("stolen/neither_does_a_rollback_from_it_keep_the_shop_s_away", self)
    }

    func testNeitherDoesARollbackLeadBackToIt() throws {
        try SyncReplay.run("stolen/neither_does_a_rollback_lead_back_to_it", self)
    }

    func testRecoveryGoesOnWhereItWasCutOff() throws {
        try SyncReplay.run("stolen/recovery_goes_on_where_it_was_cut_off", self)
    }

    func testTheNumberOfAThiefMayBeACommonOne() throws {
        try SyncReplay.run("stolen/the_number_of_a_thief_may_be_a_common_one", self)
    }

    func testTheRootOfAnotherSiteWithAHigherVersionChangesNothing() throws {
        try SyncReplay.run("stolen/the_root_of_another_site_with_a_higher_version_changes_nothing", self)
    }

    func testVersionsOfStolenKeysAreLeftWhenTheKeysAreRotated() throws {
        try SyncReplay.run("stolen/versions_of_stolen_keys_are_left_when_the_keys_are_rotated", self)
    }
}
