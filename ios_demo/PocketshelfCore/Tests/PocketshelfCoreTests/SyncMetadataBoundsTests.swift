import XCTest

/// Signed metadata that makes no sense.
final class SyncMetadataBoundsTests: XCTestCase {
    func testEveryCaseIsHere() throws {
        try assertEveryCaseIsHere("metadata")
    }

    func testADimensionThatNothingCanSearchIsRefused() throws {
        try SyncReplay.run("metadata/a_dimension_that_nothing_can_search_is_refused", self)
    }

    func testADimensionThatTheBundleCannotSearchIsRefused() throws {
        try SyncReplay.run("metadata/a_dimension_that_the_bundle_cannot_search_is_refused", self)
    }

    func testAFirstRootOutOfBoundsIsNotEstablished() throws {
        try SyncReplay.run("metadata/a_first_root_out_of_bounds_is_not_established", self)
    }

    func testAHashIsNoWayOutOfTheStore() throws {
        try SyncReplay.run("metadata/a_hash_is_no_way_out_of_the_store", self)
    }

    func testALengthIsNoReasonToDownloadForEver() throws {
        try SyncReplay.run("metadata/a_length_is_no_reason_to_download_for_ever", self)
    }

    func testAManifestOutOfBoundsIsRefused() throws {
        try SyncReplay.run("metadata/a_manifest_out_of_bounds_is_refused", self)
    }

    func testARootOutOfBoundsIsRefused() throws {
        try SyncReplay.run("metadata/a_root_out_of_bounds_is_refused", self)
    }

    func testMetadataOutOfBoundsIsRefused() throws {
        try SyncReplay.run("metadata/metadata_out_of_bounds_is_refused", self)
    }
}
