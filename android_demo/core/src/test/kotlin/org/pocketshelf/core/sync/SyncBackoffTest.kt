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
    fun eachServerSBackOffGrowsByItself() = replay("backoff/each_server_s_back_off_grows_by_itself")
}
