/// A picture as PPM (binary, "P6"): what golden pictures are kept in, since the core decodes no photos.
public enum PortablePixmap {
    private static let mostBytes = 64_000_000

    /// - Throws: `photo`: the file cannot be read, or is no such picture.
    public static func read(_ path: String) throws -> Photo {
        let bytes: [UInt8]
        do {
            bytes = try BundleFile.contents(path, most: mostBytes)
        } catch {
            throw PocketshelfError.photo(oneLine(error))
        }
        // "P6", width, height and the greatest value, each followed by one blank or the end of a line.
        var words: [String] = [], at = 0
        while words.count < 4, at < bytes.count {
            let word = bytes[at...].prefix(20).prefix { $0 != 0x20 && $0 != 0x0A }
            words.append(String(decoding: word, as: UTF8.self))
            at += word.count + 1
        }
        guard words.count == 4, words[0] == "P6", words[3] == "255", let columns = Int(words[1]),
            let rows = Int(words[2])
        else { throw PocketshelfError.photo("\(path): no picture of the form P6 with 255 levels") }
        do {
            return try Photo(pixels: Array(bytes[min(at, bytes.count)...]), columns: columns, rows: rows)
        } catch {
            throw PocketshelfError.photo("\(path): \(oneLine(error))")
        }
    }
}
