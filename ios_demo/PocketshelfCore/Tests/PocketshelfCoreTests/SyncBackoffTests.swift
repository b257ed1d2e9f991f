import Foundation
import XCTest

@testable import PocketshelfCore

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

    func testAServerIsLeftAloneForAsLongAsItAsksFor() throws {
        try SyncReplay.run("backoff/a_server_is_left_alone_for_as_long_as_it_asks_for", self)
    }

    func testWhoAsksForAMomentIsAskedAgainAtOnceAndWhoAsksForMoreIsNot() throws {
        try SyncReplay.run(
            "backoff/who_asks_for_a_moment_is_asked_again_at_once_and_who_asks_for_more_is_not", self)
    }

    func testALongBackOffIsNotShortenedByWhatTheServerAsksFor() throws {
        try SyncReplay.run("backoff/a_long_back_off_is_not_shortened_by_what_the_server_asks_for", self)
    }

    func testNoServerPutsADeviceOffForLongerThanTheLongestBackOff() throws {
        try SyncReplay.run("backoff/no_server_puts_a_device_off_for_longer_than_the_longest_back_off", self)
    }

    func testWhatABusyServerAsksForIsSecondsOrADate() throws {
        let now = Date(timeIntervalSince1970: try XCTUnwrap(IsoTime.seconds("2026-11-01T12:00:00Z")))
        XCTAssertEqual(RetryAfter.seconds("120", now: now), 120)
        XCTAssertEqual(RetryAfter.seconds("Sun, 01 Nov 2026 12:01:00 GMT", now: now), 60)
        XCTAssertEqual(RetryAfter.seconds("Sun, 01 Nov 2026 11:00:00 GMT", now: now), 0)
        for text in ["", "-5", "1.5", "soon", "111111111", "\u{664}", "Sun, 99 Nov 2026", "inf", "1e9"] {
            XCTAssertNil(RetryAfter.seconds(text, now: now), text)
        }
    }

    func testEachServerSBackOffGrowsByItself() throws {
        try SyncReplay.run("backoff/each_server_s_back_off_grows_by_itself", self)
    }

    func testTheLastSyncIsReadToTheFractionThatItWasWrittenWith() throws {
        let folder = try temporaryFolder(self)
        XCTAssertNil(lastSync(folder))
        var state = SyncState(folder: folder)
        state.succeeded("http://shop.test", shard: "all", at: 1_796_050_800.25, sequence: 3)
        try state.save(to: folder, FileSystem())
        XCTAssertEqual(lastSync(folder), 1_796_050_800.25)
    }
}
