import XCTest

/// When a server that was away is asked again.
final class SyncBackoffTests: XCTestCase {
    func testEveryCaseIsHere() throws {
        try assertEveryCaseIsHere("backoff")
    }

    func testAClockSetBackByAnHourPostponesByNoMoreThanTheLongestBackOff() throws {
        try SyncReplay.run("backoff/a_clock_set_back_by_an_hour_postpones_by_no_more_than_the_longest_back_off", self)
    }

    func testAClockThatWasWrongPostponesNoSyncBeyondTheLongestBackOff() throws {
        try SyncReplay.run("backoff/a_clock_that_was_wrong_postpones_no_sync_beyond_the_longest_back_off", self)
    }

    func testAMemoryOfThousandsOfFailuresStillWaitsNoLonger() throws {
        try SyncReplay.run("backoff/a_memory_of_thousands_of_failures_still_waits_no_longer", self)
    }

    func testAMemoryThatMakesNoSensePostponesNothing() throws {
        try SyncReplay.run("backoff/a_memory_that_makes_no_sense_postpones_nothing", self)
    }

    func testAnotherServerIsAskedWhileTheFirstIsLeftAlone() throws {
        try SyncReplay.run("backoff/another_server_is_asked_while_the_first_is_left_alone", self)
    }

    func testEachServerSBackOffGrowsByItself() throws {
        try SyncReplay.run("backoff/each_server_s_back_off_grows_by_itself", self)
    }
}
