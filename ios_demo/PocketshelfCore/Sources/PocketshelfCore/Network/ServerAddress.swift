import Foundation

/// A server's address, as a person types it: checked before anything is asked.
enum ServerAddress {
    private static let example = "it must look like https://shop.example or http://192.168.1.5:8000"

    /// `text` without a slash at its end, its scheme in small letters, once it can be the address of a server.
    ///
    /// - Throws: `usage`: it cannot; the message says why, and tells no password.
    static func checked(_ text: String) throws -> String {
        if let problem = problem(text) {
            // What stands before an @ may be a password, wherever a malformed address has it.
            let shown = text.lastIndex(of: "@").map { "…" + text[$0...] } ?? text
            throw PocketshelfError.usage(
                "'\(oneLine(shown, limit: 200))' is no server's address (\(problem)); \(example)")
        }
        let scheme = text.prefix { $0 != ":" }
        return scheme.lowercased() + String(text.dropFirst(scheme.count).reversed().drop { $0 == "/" }.reversed())
    }

    private static func problem(_ text: String) -> String? {
        if text.unicodeScalars.contains(where: { $0.value <= 0x20 || (0x7F...0xA0).contains($0.value) }) {
            return "there is a space or an invisible character in it"
        }
        // A scheme's letters have no case (RFC 3986, 3.1), and keyboards begin with a large one.
        let begin = text.prefix(8).lowercased()
        guard begin.hasPrefix("http://") || begin.hasPrefix("https://") else {
            return "it does not begin with http:// or https://"
        }
        guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty,
            parts.port.map({ (1...65_535).contains($0) }) ?? true
        else { return "its host or its port is none" }
        guard parts.query == nil, parts.fragment == nil else { return "it has a query or a fragment" }
        return nil
    }
}
