package org.pocketshelf.core.sync

import java.io.ByteArrayOutputStream
import java.io.File
import org.pocketshelf.core.Reason
import org.pocketshelf.core.ServerError
import org.pocketshelf.core.SyncError
import org.pocketshelf.core.network.Answer
import org.pocketshelf.core.network.Fetcher
import org.pocketshelf.core.store.FileSystem

/**
 * Brings signed files into a folder: bounded, resumable, verified before anyone may read them.
 *
 * The bytes gather in `<sha256>.part`; the name without `.part` appears only once length and hash are those signed.
 * `<sha256>.etag` keeps the server's entity tag, to resume by.
 *
 * @param folder where the files gather; made when needed.
 * @param progress told how far a file is: bytes so far, bytes in all.
 */
class Downloader(
    private val folder: File,
    private val fetcher: Fetcher,
    private val files: FileSystem,
    private val pace: Pace,
    private val limits: Limits,
    private val progress: (Long, Long) -> Unit = { _, _ -> },
) {
    /**
     * Bring [target]; an interrupted download goes on where it ended. A file that was resumed and turns out wrong is
     * fetched once more from its start.
     *
     * @param most longest length accepted.
     * @return the verified file.
     * @throws org.pocketshelf.core.Unreachable the server is away; what has arrived is kept.
     * @throws ServerError it does not have the file.
     * @throws SyncError the file is not the one signed, is too long, or comes too slowly.
     */
    fun get(target: Target, most: Long = limits.downloadBytes): File {
        if (target.length > most) {
            throw SyncError(
                "${target.name}: refused, ${target.length} bytes are more than the $most allowed",
                reason = Reason.TOO_LONG,
            )
        }
        val done = File(folder, target.sha256)
        if (target.matches(done)) return done
        val part = File(folder, "${target.sha256}.part")
        files.makeWay(folder, folder = true)
        files.mkdir(folder)
        listOf(part, done, tagOf(target)).forEach { files.makeWay(it) }
        if (receive(target, part) && !target.matches(part)) {
            files.unlink(part)
            receive(target, part)
        }
        accept(target, part, done)
        return done
    }

    private fun tagOf(target: Target) = File(folder, "${target.sha256}.etag")

    private fun accept(target: Target, part: File, done: File) {
        if (!target.matches(part)) {
            val size = part.length()
            files.unlink(part)
            throw SyncError(
                "${target.name}: refused, not the file that was signed ($size of ${target.length} bytes, or another hash)",
                reason = Reason.ANOTHER_FILE,
            )
        }
        files.sync(part)
        files.replace(part, done)
        files.unlink(tagOf(target))
        files.syncFolder(folder)
    }

    /** Fill [part]; true if it was begun earlier. */
    private fun receive(target: Target, part: File): Boolean {
        var have = part.length()
        if (have == target.length) return true
        if (have > target.length) have = 0
        val tag = tagOf(target)
        val etag = if (have > 0 && tag.isFile) tag.readText(Charsets.ISO_8859_1) else null
        pace.start()
        fetcher.get(target.url, have, etag, limits.gapSeconds).use { answer ->
            val start = startOf(answer, target, have)
            if (start == 0L) {
                files.write(tag, answer.etag.orEmpty().toByteArray(Charsets.ISO_8859_1))
                files.write(part, ByteArray(0))
            }
            store(answer, part, start, target)
            return start > 0
        }
    }

    private fun store(answer: Answer, part: File, start: Long, target: Target) {
        val gathered = ByteArrayOutputStream()
        var have = start
        try {
            for (chunk in answer.chunks) {
                have += chunk.size
                if (have > target.length) {
                    gathered.reset()
                    files.unlink(part)
                    throw SyncError(
                        "${target.name}: refused, longer than the ${target.length} bytes signed (endless data)",
                        reason = Reason.ENDLESS,
                    )
                }
                gathered.write(chunk, 0, chunk.size)
                if (gathered.size() >= limits.chunk) {
                    files.append(part, gathered.toByteArray())
                    gathered.reset()
                }
                progress(have, target.length)
                pace.received(chunk.size)
            }
        } finally {
            // Also when the connection broke: the next sync goes on from here.
            if (gathered.size() > 0) files.append(part, gathered.toByteArray())
        }
    }

    /** Where the answer's body belongs in the file. */
    private fun startOf(answer: Answer, target: Target, have: Long): Long = when {
        answer.status == 200 -> 0
        answer.status == 206 && answer.start == have -> have
        answer.status == 206 || answer.status == 416 -> throw SyncError(
            "${target.name}: the server answered another part than was asked for; sync again",
            reason = Reason.ANOTHER_PART,
        )
        else -> throw ServerError(
            "${target.url}: the server does not have the file it signed (status ${answer.status})",
            reason = Reason.NOT_SERVED,
        )
    }
}
