import XCTest

/// Local features of covers: asked for last, bounded; what is amiss with them harms no shelf.
final class SyncFeaturesTests: XCTestCase {
    func testEveryCaseIsHere() throws {
        try assertEveryCaseIsHere("features")
    }

    func testAConnectionThatBreaksIsTakenUpWithinTheSync() throws {
        try SyncReplay.run("features/a_connection_that_breaks_is_taken_up_within_the_sync", self)
    }

    func testAServerThatGoesAwayMeanwhileCostsTheFeaturesAlone() throws {
        try SyncReplay.run("features/a_server_that_goes_away_meanwhile_costs_the_features_alone", self)
    }

    func testBombsEndlessAndSlowOnesCostWhatWasSigned() throws {
        try SyncReplay.run("features/bombs_endless_and_slow_ones_cost_what_was_signed", self)
    }

    func testChangesLeadToWhatIsPublished() throws {
        try SyncReplay.run("features/changes_lead_to_what_is_published", self)
    }

    func testChangesThatLeadElsewhereAreLeftForTheWhole() throws {
        try SyncReplay.run("features/changes_that_lead_elsewhere_are_left_for_the_whole", self)
    }

    func testFeaturesSignedNoMoreGoAndARolledBackShelfKeepsItsOwn() throws {
        try SyncReplay.run("features/features_signed_no_more_go_and_a_rolled_back_shelf_keeps_its_own", self)
    }

    func testMalformedFeaturesAreRefusedInOneLineAndTheShelfIsSearched() throws {
        try SyncReplay.run("features/malformed_features_are_refused_in_one_line_and_the_shelf_is_searched", self)
    }

    func testMixedMetadataIsRefusedAsEver() throws {
        try SyncReplay.run("features/mixed_metadata_is_refused_as_ever", self)
    }

    func testNoRoomForFeaturesIsToldAndTheShelfStays() throws {
        try SyncReplay.run("features/no_room_for_features_is_told_and_the_shelf_stays", self)
    }

    func testOfAShelfThatWasInterruptedTwiceTheChangesStillLeadThere() throws {
        try SyncReplay.run("features/of_a_shelf_that_was_interrupted_twice_the_changes_still_lead_there", self)
    }

    func testOneSeveralGenerationsBehindTakesOneFile() throws {
        try SyncReplay.run("features/one_several_generations_behind_takes_one_file", self)
    }

    func testSizesBeyondWhatTheShelfCanHaveAreRefusedBeforeAnythingIsFetched() throws {
        try SyncReplay.run("features/sizes_beyond_what_the_shelf_can_have_are_refused_before_anything_is_fetched", self)
    }

    func testUntilTheNewOnesComeThoseOfWhatStaysAreThere() throws {
        try SyncReplay.run("features/until_the_new_ones_come_those_of_what_stays_are_there", self)
    }

    func testWhatARotatedKeySignedGoes() throws {
        try SyncReplay.run("features/what_a_rotated_key_signed_goes", self)
    }

    func testWhoLooksNotCloselyAsksForNoneAndAShelfWithoutIsAsEver() throws {
        try SyncReplay.run("features/who_looks_not_closely_asks_for_none_and_a_shelf_without_is_as_ever", self)
    }
}
