package org.pocketshelf.core.sync

import org.junit.jupiter.api.Test

/** When a server that was away is asked again, as in `test_sync_backoff.py`. */
class SyncBackoffTest {
    @Test
    fun aClockSetBackByAnHourPostponesByNoMoreThanTheLongestBackOff() =
        replay("backoff/a_clock_set_back_by_an_hour_postpones_by_no_more_than_the_longest_back_off")

    @Test
    fun aClockThatWasWrongPostponesNoSyncBeyondTheLongestBackOff() =
        replay("backoff/a_clock_that_was_wrong_postpones_no_sync_beyond_the_longest_back_off")

    @Test
    fun aMemoryOfThousandsOfFailuresStillWaitsNoLonger() =
        replay("backoff/a_memory_of_thousands_of_failures_still_waits_no_longer")

    @Test
    fun aMemoryThatMakesNoSensePostponesNothing() = replay("backoff/a_memory_that_makes_no_sense_postpones_nothing")

    @Test
    fun anotherServerIsAskedWhileTheFirstIsLeftAlone() =
        replay("backoff/another_server_is_asked_while_the_first_is_left_alone")

    @Test
    fun aServerIsLeftAloneForAsLongAsItAsksFor() = replay("backoff/a_server_is_left_alone_for_as_long_as_it_asks_for")

    @Test
    fun whoAsksForAMomentIsAskedAgainAtOnceAndWhoAsksForMoreIsNot() =
        replay("backoff/who_asks_for_a_moment_is_asked_again_at_once_and_who_asks_for_more_is_not")

    @Test
    fun aLongBackOffIsNotShortenedByWhatTheServerAsksFor() =
        replay("backoff/a_long_back_off_is_not_shortened_by_what_the_server_asks_for")

    @Test
    fun noServerPutsADeviceOffForLongerThanTheLongestBackOff() =
        replay("backoff/no_server_puts_a_device_off_for_longer_than_the_longest_back_off")

    @Test
    fun eachServerSBackOffGrowsByItself() = replay("backoff/each_server_s_back_off_grows_by_itself")
}
