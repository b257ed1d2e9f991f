package org.pocketshelf.core.sync

import org.junit.jupiter.api.Test

/** Local features of covers, honest and not, as `test_sync_features.py` stages them. */
class SyncFeaturesTest {
    @Test
    fun aConnectionThatBreaksIsTakenUpWithinTheSync() = replay("features/a_connection_that_breaks_is_taken_up_within_the_sync")

    @Test
    fun aServerThatGoesAwayMeanwhileCostsTheFeaturesAlone() = replay("features/a_server_that_goes_away_meanwhile_costs_the_features_alone")

    @Test
    fun bombsEndlessAndSlowOnesCostWhatWasSigned() = replay("features/bombs_endless_and_slow_ones_cost_what_was_signed")

    @Test
    fun changesLeadToWhatIsPublished() = replay("features/changes_lead_to_what_is_published")

    @Test
    fun changesThatLeadElsewhereAreLeftForTheWhole() = replay("features/changes_that_lead_elsewhere_are_left_for_the_whole")

    @Test
    fun featuresSignedNoMoreGoAndARolledBackShelfKeepsItsOwn() = replay("features/features_signed_no_more_go_and_a_rolled_back_shelf_keeps_its_own")

    @Test
    fun malformedFeaturesAreRefusedInOneLineAndTheShelfIsSearched() = replay("features/malformed_features_are_refused_in_one_line_and_the_shelf_is_searched")

    @Test
    fun mixedMetadataIsRefusedAsEver() = replay("features/mixed_metadata_is_refused_as_ever")

    @Test
    fun noRoomForFeaturesIsToldAndTheShelfStays() = replay("features/no_room_for_features_is_told_and_the_shelf_stays")

    @Test
    fun ofAShelfThatWasInterruptedTwiceTheChangesStillLeadThere() = replay("features/of_a_shelf_that_was_interrupted_twice_the_changes_still_lead_there")

    @Test
    fun oneSeveralGenerationsBehindTakesOneFile() = replay("features/one_several_generations_behind_takes_one_file")

    @Test
    fun sizesBeyondWhatTheShelfCanHaveAreRefusedBeforeAnythingIsFetched() = replay("features/sizes_beyond_what_the_shelf_can_have_are_refused_before_anything_is_fetched")

    @Test
    fun untilTheNewOnesComeThoseOfWhatStaysAreThere() = replay("features/until_the_new_ones_come_those_of_what_stays_are_there")

    @Test
    fun whatARotatedKeySignedGoes() = replay("features/what_a_rotated_key_signed_goes")

    @Test
    fun whoLooksNotCloselyAsksForNoneAndAShelfWithoutIsAsEver() = replay("features/who_looks_not_closely_asks_for_none_and_a_shelf_without_is_as_ever")
}
