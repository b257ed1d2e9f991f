package org.pocketshelf.core.trust

import org.pocketshelf.core.Reason
import org.pocketshelf.core.SyncError

/**
 * Metadata of The Update Framework was refused.
 *
 * @property status the server's, with [Reason.NO_REPOSITORY].
 */
class MetadataError(reason: Reason, message: String, val status: Int = 0, cause: Throwable? = null) :
    SyncError(message, cause, reason)

internal fun invalid(message: String, cause: Throwable? = null) = MetadataError(Reason.METADATA, message, cause = cause)
