import Foundation

/// Which hosts are the internet's.
enum Peers {
    /// The addresses of a host by its name, of 4 or 16 bytes each; none where it cannot be looked up. Blocks.
    static func lookUp(_ host: String) -> [[UInt8]] {
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, nil, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: [[UInt8]] = []
        var next = list
        while let entry = next?.pointee {
            if let address = entry.ai_addr { found += bytes(UnsafeRawPointer(address), Int32(address.pointee.sa_family)) }
            next = entry.ai_next
        }
        return found
    }

    private static func bytes(_ address: UnsafeRawPointer, _ family: Int32) -> [[UInt8]] {
        switch family {
        case AF_INET:
            withUnsafeBytes(of: address.load(as: sockaddr_in.self).sin_addr) { [Array($0)] }
        case AF_INET6:
            withUnsafeBytes(of: address.load(as: sockaddr_in6.self).sin6_addr) { [Array($0)] }
        default: []
        }
    }

    /// Whether an address of 4 or 16 bytes is one of the internet's: not this machine's, and of no private network.
    static func isPublic(_ bytes: [UInt8]) -> Bool {
        guard bytes.count == 16 else { return bytes.count == 4 && isPublic4(bytes) }
        let words = stride(from: 0, to: 16, by: 2).map { Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]) }
        // IPv4 as it is, and behind a mobile network's translation (RFC 6052).
        if words.prefix(6) == [0, 0, 0, 0, 0, 0xffff] || words.prefix(6) == [0x64, 0xff9b, 0, 0, 0, 0] {
            return isPublic4(Array(bytes.suffix(4)))
        }
        // 2000::/3 without what is kept aside there.
        return (0x2000...0x3ffe).contains(words[0]) && words[0] != 0x2002
            && !(words[0] == 0x2001 && (words[1] < 0x200 || words[1] == 0xdb8))
    }

    /// Why a redirect is not followed; nil where it is.
    static func refusal(from: URL?, to: URL?, _ lookUp: (String) -> [[UInt8]]) -> String? {
        if from?.scheme?.lowercased() == "https", to?.scheme?.lowercased() != "https" {
            return "it sends us on from https to what is none; check the address"
        }
        guard let here = from?.host, let there = to?.host, here != there else { return nil }
        guard lookUp(here).contains(where: isPublic), !lookUp(there).allSatisfy(isPublic) else { return nil }
        return "it sends us on into a private network, as a captive portal does; sign in to this network, or check "
            + "the address"
    }

    private static func isPublic4(_ bytes: [UInt8]) -> Bool {
        switch (bytes[0], bytes[1], bytes[2]) {
        case (0, _, _), (10, _, _), (127, _, _), (100, 64...127, _), (169, 254, _), (172, 16...31, _): false
        case (192, 168, _), (192, 0, 0), (192, 0, 2), (198, 18...19, _), (198, 51, 100), (203, 0, 113): false
        default: bytes[0] < 224
        }
    }
}
