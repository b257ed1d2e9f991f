package org.pocketshelf.core.sync

import java.io.File
import java.io.IOException
import org.pocketshelf.core.store.PlainFiles

/**
 * A signed file: where it is, and what it must be.
 *
 * @property url where to get it, the hash being part of its name.
 * @property length its exact length in bytes.
 * @property sha256 in hexadecimal.
 * @property custom what the publisher signed along with it (space, sequence, unpacked length and hash, …).
 */
class Target(val name: String, val url: String, val length: Long, val sha256: String, val custom: Map<String, Any?>) {
    /** Whether [file] is this one; false, too, where none can be read. */
    fun matches(file: File): Boolean = try {
        PlainFiles.digest(file) == sha256 to length
    } catch (_: IOException) {
        false
    }
}
