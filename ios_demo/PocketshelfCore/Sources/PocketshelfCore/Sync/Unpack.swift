import CZlib

/// Unpack a signed gzip file, to exactly the length and hash that were signed: the zip-bomb guard.
///
/// At most one piece beyond `length` is ever unpacked, so that a bomb costs nothing. Durable on return.
///
/// - Throws: `sync`: not one gzip member of exactly `length` bytes with this hash; `target` is gone then.
func unpack(
    _ source: String, to target: String, length: Int, sha256: String, _ files: FileSystem, chunk: Int
) throws {
    let name = splitPath(source).name
    var digest = Sha256(), written = 0
    try files.write(target, [])
    do {
        try inflatePieces(source, chunk) { piece in
            written += piece.count
            guard written <= length else {
                throw PocketshelfError.sync(
                    "\(name): refused, unpacks to more than the \(length) bytes signed (zip bomb)", .bomb)
            }
            digest.update(piece)
            try files.append(target, Array(piece))
        }
        guard written == length, digest.hex() == sha256 else {
            throw PocketshelfError.sync(
                "\(name): refused, does not unpack to the \(length) bytes signed", .unpacked)
        }
    } catch let error as PocketshelfError {
        try files.unlink(target)
        throw error
    }
    try files.sync(target)
}

/// The unpacked bytes of a gzip file, at most `size` at a time.
func inflatePieces(_ source: String, _ size: Int, _ each: (ArraySlice<UInt8>) throws -> Void) throws {
    let name = splitPath(source).name
    let file = try PlainFile(source)
    var stream = z_stream()
    // 16: a gzip header, no zlib one.
    let made = inflateInit2_(&stream, 16 + MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard made == Z_OK else { throw PocketshelfError.sync("\(name): cannot be unpacked (code \(made))", .gzip) }
    defer { inflateEnd(&stream) }
    var out = [UInt8](repeating: 0, count: size)
    var isWhole = false
    while !isWhole {
        var packed = try file.read(size)
        guard !packed.isEmpty else {
            throw PocketshelfError.sync("\(name): refused, its gzip stream is cut short", .gzip)
        }
        var used = 0
        while used < packed.count, !isWhole {
            let (code, read, made) = step(&stream, &packed, used, &out)
            used += read
            isWhole = code == Z_STREAM_END
            guard isWhole || code == Z_OK || (code == Z_BUF_ERROR && read + made > 0) else {
                throw PocketshelfError.sync("\(name): refused, not a gzip file (code \(code))", .gzip)
            }
            if made > 0 { try each(out[..<made]) }
        }
        // What the window still holds comes without further input.
        while !isWhole {
            let (code, _, made) = step(&stream, &packed, packed.count, &out)
            isWhole = code == Z_STREAM_END
            guard made > 0 || isWhole else { break }
            try each(out[..<made])
        }
        let isMore = try used < packed.count || (isWhole && !file.read(1).isEmpty)
        if isWhole, isMore {
            throw PocketshelfError.sync("\(name): refused, holds more than one gzip member", .gzip)
        }
    }
}

/// Inflate from `packed[from...]` into `out`: (zlib's code, bytes read, bytes made).
private func step(
    _ stream: inout z_stream, _ packed: inout [UInt8], _ from: Int, _ out: inout [UInt8]
) -> (Int32, Int, Int) {
    let left = packed.count - from, room = out.count
    return packed.withUnsafeMutableBufferPointer { input in
        out.withUnsafeMutableBufferPointer { output in
            stream.next_in = input.baseAddress.map { $0 + from }
            stream.avail_in = UInt32(left)
            stream.next_out = output.baseAddress
            stream.avail_out = UInt32(room)
            let code = inflate(&stream, Z_NO_FLUSH)
            return (code, left - Int(stream.avail_in), room - Int(stream.avail_out))
        }
    }
}
