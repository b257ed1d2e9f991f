package org.pocketshelf.core.sync

import java.io.BufferedInputStream
import java.io.EOFException
import java.io.File
import java.io.InputStream
import java.security.MessageDigest
import java.util.zip.CRC32
import java.util.zip.DataFormatException
import java.util.zip.Inflater
import org.pocketshelf.core.Reason
import org.pocketshelf.core.SyncError
import org.pocketshelf.core.store.FileSystem
import org.pocketshelf.core.trust.hex

/** Unpacks a signed gzip file, to exactly the length and hash that were signed: the zip-bomb guard. */
internal class Unpacking(private val files: FileSystem, private val limits: Limits) {
    /**
     * Write the unpacked bytes of [source] to [target], replacing it; durable on return.
     *
     * At most one piece beyond [length] is ever unpacked, so that a bomb costs nothing.
     *
     * @param sha256 of the unpacked bytes, in hexadecimal.
     * @throws SyncError not one gzip member of exactly [length] bytes with this hash; [target] is gone then.
     */
    fun unpack(source: File, target: File, length: Long, sha256: String) {
        val digest = MessageDigest.getInstance("SHA-256")
        var written = 0L
        files.write(target, ByteArray(0))
        try {
            pieces(source) { piece ->
                written += piece.size
                if (written > length) {
                    throw refused(source, "unpacks to more than the $length bytes signed (zip bomb)", Reason.BOMB)
                }
                digest.update(piece)
                files.append(target, piece)
            }
            if (written != length || digest.digest().hex() != sha256) {
                throw refused(source, "does not unpack to the $length bytes signed", Reason.UNPACKED)
            }
        } catch (error: SyncError) {
            files.unlink(target)
            throw error
        }
        files.sync(target)
    }

    /** Pass the unpacked bytes to [each], at most a chunk at a time. */
    private fun pieces(source: File, each: (ByteArray) -> Unit) {
        val inflater = Inflater(true)
        try {
            BufferedInputStream(source.inputStream()).use { stream ->
                header(stream, source)
                val rest = inflate(inflater, stream, source, each)
                trailer(inflater, rest, stream, source)
            }
        } catch (error: EOFException) {
            throw refused(source, "its gzip stream is cut short", cause = error)
        } catch (error: DataFormatException) {
            throw refused(source, "not a gzip file (${error.message})", cause = error)
        } finally {
            inflater.end()
        }
    }

    private val checksum = CRC32()

    /** What was read beyond the deflated stream is returned. */
    private fun inflate(inflater: Inflater, stream: InputStream, source: File, each: (ByteArray) -> Unit): ByteArray {
        val packed = ByteArray(limits.chunk)
        val piece = ByteArray(limits.chunk)
        var given = 0
        checksum.reset()
        while (!inflater.finished()) {
            if (inflater.needsInput()) {
                given = stream.read(packed)
                if (given < 0) throw EOFException()
                inflater.setInput(packed, 0, given)
            }
            val count = inflater.inflate(piece)
            if (inflater.needsDictionary()) throw refused(source, "not a gzip file (it needs a dictionary)")
            if (count > 0) {
                checksum.update(piece, 0, count)
                each(piece.copyOf(count))
            }
        }
        return packed.copyOfRange(given - inflater.remaining, given)
    }

    /** RFC 1952, section 2.3. */
    private fun header(stream: InputStream, source: File) {
        val start = ByteArray(10) { byte(stream) }
        val flags = start[3].toInt()
        val isGzip = start[0] == 0x1f.toByte() && start[1] == 0x8b.toByte() && start[2] == 8.toByte() && flags and 0xe0 == 0
        if (!isGzip) throw refused(source, "not a gzip file (its header is another)")
        if (flags and EXTRA != 0) {
            val low = byte(stream).toInt() and 0xff
            repeat(low or ((byte(stream).toInt() and 0xff) shl 8)) { byte(stream) }
        }
        repeat(Integer.bitCount(flags and (NAME or COMMENT))) {
            while (byte(stream) != 0.toByte()) continue
        }
        if (flags and HEADER_CRC != 0) repeat(2) { byte(stream) }
    }

    private fun trailer(inflater: Inflater, rest: ByteArray, stream: InputStream, source: File) {
        val all = rest + ByteArray(maxOf(0, TRAILER - rest.size)) { byte(stream) }
        if (number(all, 0) != checksum.value || number(all, 4) != (inflater.bytesWritten and 0xffffffffL)) {
            throw refused(source, "not a gzip file (its checksum is another)")
        }
        if (all.size > TRAILER || stream.read() >= 0) throw refused(source, "holds more than one gzip member")
    }

    private fun number(bytes: ByteArray, start: Int): Long =
        (3 downTo 0).fold(0L) { number, i -> (number shl 8) or (bytes[start + i].toLong() and 0xff) }

    private fun byte(stream: InputStream): Byte = stream.read().also { if (it < 0) throw EOFException() }.toByte()

    private fun refused(source: File, why: String, reason: Reason = Reason.GZIP, cause: Throwable? = null) =
        SyncError("${source.name}: refused, $why", cause, reason)

    private companion object {
        const val EXTRA = 4
        const val NAME = 8
        const val COMMENT = 16
        const val HEADER_CRC = 2
        const val TRAILER = 8
    }
}
