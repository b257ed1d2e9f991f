package org.pocketshelf.core.sync

import org.junit.jupiter.api.Test

/** Signed metadata that makes no sense, as in `test_sync_metadata_bounds.py`. */
class SyncMetadataBoundsTest {
    @Test
    fun aDimensionThatNothingCanSearchIsRefused() = replay("metadata/a_dimension_that_nothing_can_search_is_refused")

    @Test
    fun aDimensionThatTheBundleCannotSearchIsRefused() =
        replay("metadata/a_dimension_that_the_bundle_cannot_search_is_refused")

    @Test
    fun aFirstRootOutOfBoundsIsNotEstablished() = replay("metadata/a_first_root_out_of_bounds_is_not_established")

    @Test
    fun aHashIsNoWayOutOfTheStore() = replay("metadata/a_hash_is_no_way_out_of_the_store")

    @Test
    fun aLengthIsNoReasonToDownloadForEver() = replay("metadata/a_length_is_no_reason_to_download_for_ever")

    @Test
    fun aManifestOutOfBoundsIsRefused() = replay("metadata/a_manifest_out_of_bounds_is_refused")

    @Test
    fun aRootOutOfBoundsIsRefused() = replay("metadata/a_root_out_of_bounds_is_refused")

    @Test
    fun metadataOutOfBoundsIsRefused() = replay("metadata/metadata_out_of_bounds_is_refused")
}
