import XCTest

@testable import PocketshelfCore

/// The parts of The Update Framework's workflow that are rules alone.
final class TrustRulesTests: XCTestCase {
    func testCanonicalJson() throws {
        let json = try StrictJson.parse(#"{"b": [1, true, null], "a": "\" \\ \n é", "A": {}}"#)
        let text = String(decoding: try CanonicalJson.encode(json), as: UTF8.self)
        XCTAssertEqual(text, "{\"A\":{},\"a\":\"\\\" \\\\ \n é\",\"b\":[1,true,null]}")
        XCTAssertThrowsError(try CanonicalJson.encode(.number(1.5)))
    }

    func testTimes() throws {
        XCTAssertEqual(try Metadata.seconds("1970-01-01T00:00:00Z"), 0)
        XCTAssertEqual(try Metadata.seconds("2000-02-29T12:34:56Z"), 951_827_696)
        XCTAssertEqual(try Metadata.seconds("2026-11-27T00:00:00Z"), 1_795_737_600)
        for text in [
            "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "26-01-01T00:00:00Z", "２026-01-01T00:00:00Z", "",
        ] {
            XCTAssertThrowsError(try Metadata.seconds(text), text)
        }
    }

    func testIsoTimesOfOtherZonesAndFractions() throws {
        XCTAssertEqual(IsoTime.seconds("1970-01-01T01:00:00+01:00"), 0)
        XCTAssertEqual(IsoTime.seconds("1970-01-01T00:00:00.5Z"), 0.5)
        XCTAssertNil(IsoTime.seconds("1970-01-01T00:00:00"))
        XCTAssertNil(IsoTime.seconds("never"))
        XCTAssertEqual(IsoTime.text(951_827_696.25), "2000-02-29T12:34:56.250000+00:00")
        XCTAssertEqual(IsoTime.text(0), "1970-01-01T00:00:00+00:00")
    }

    func testPathPatterns() {
        let fits = [
            ("a/b.txt", "a/*.txt"), ("a/b", "a/?"), ("*", "*"), ("a", "[a-c]"), ("d", "[!a-c]"), ("]", "[]]"),
            ("-", "[a-]"), ("[", "["), ("abcabd", "a*abd"), ("", "*"), ("a/b/c", "*/*/*"), (".hidden", "*"),
        ]
        for (path, pattern) in fits { XCTAssertTrue(PathPattern.matches(path, pattern), "\(path) \(pattern)") }
        let fails = [
            ("a/b/c", "a/*"), ("a/b", "*"), ("a", "b"), ("a", "?b"), ("d", "[a-c]"), ("a", "[!a-c]"), ("ab", "a"),
            ("", "?"), ("A", "a"), ("/a", "a"),
        ]
        for (path, pattern) in fails { XCTAssertFalse(PathPattern.matches(path, pattern), "\(path) \(pattern)") }
    }

    func testBinsOfTap15() throws {
        let bins = try Bins(
            TufFields(
                StrictJson.parse(#"{"keyids": ["k"], "threshold": 1, "bit_length": 5, "name_prefix": "bin"}"#)))
        let name = bins.name(for: "file1.txt")
        // SHA-256 of "file1.txt" begins with 55: its first five bits are 01010.
        XCTAssertEqual(Sha256.hex(Array("file1.txt".utf8)).prefix(2), "55")
        XCTAssertEqual(name, "bin-0a")
        XCTAssertTrue(bins.holds("bin-1f"))
        for other in ["bin-20", "bin-f", "bin-0A", "other-01", "bin-", "bin-xy"] {
            XCTAssertFalse(bins.holds(other), other)
        }
    }

    func testDigestsOfTheStandard() {
        XCTAssertEqual(
            Sha256.hex(Array("abc".utf8)),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        XCTAssertEqual(
            Sha256.hex([UInt8]()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        XCTAssertEqual(
            String(sha512Hex(Array("abc".utf8)).prefix(32)), "ddaf35a193617abacc417349ae204131")
    }

    func testEd25519OfTheStandard() throws {
        // RFC 8032, 7.1, test 2.
        let key = PublicKey(
            type: "ed25519", scheme: "ed25519",
            value: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
        let digits = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        var signature = try XCTUnwrap(bytes(hexadecimal: digits))
        let verifier = PlatformVerifier()
        XCTAssertTrue(verifier.verifies(signature, of: [0x72], by: key))
        XCTAssertFalse(verifier.verifies(signature, of: [0x73], by: key))
        XCTAssertFalse(verifier.verifies(Array(signature.dropLast()), of: [0x72], by: key))
        XCTAssertFalse(verifier.verifies([], of: [0x72], by: key))
        signature[0] ^= 1
        XCTAssertFalse(verifier.verifies(signature, of: [0x72], by: key))
        for (type, scheme) in [("rsa", "rsassa-pss-sha256"), ("ed25519", "other"), ("x", "ed25519")] {
            let other = PublicKey(type: type, scheme: scheme, value: key.value)
            XCTAssertFalse(verifier.verifies(signature, of: [0x72], by: other))
        }
    }

    func testOneKeyUnderTwoIdsCountsOnce() throws {
        let delegator = try Delegator(
            TufFields(
                StrictJson.parse(
                    """
                    {"keys": {"a": {"keytype": "t", "scheme": "s", "keyval": {"public": "p"}},
                              "b": {"keytype": "t", "scheme": "s", "keyval": {"public": "p"}}}}
                    """)))
        let role = try Role(TufFields(StrictJson.parse(#"{"keyids": ["a", "b"], "threshold": 2}"#)))
        let metadata = try Metadata(
            Array(
                """
                {"signatures": [{"keyid": "a", "sig": "00"}, {"keyid": "b", "sig": "00"}],
                 "signed": {"_type": "x", "version": 1, "spec_version": "1.0", "expires": "2030-01-01T00:00:00Z"}}
                """.utf8), type: "x")
        struct Anything: Verifier {
            func verifies(_ signature: [UInt8], of message: [UInt8], by key: PublicKey) -> Bool { true }
        }
        XCTAssertEqual(delegator.signers(metadata, role, Anything()), ["a"])
        XCTAssertThrowsError(try delegator.verify(metadata, role, named: "x", Anything()))
    }

    func testRoleNamesInAddressesAreEncoded() {
        XCTAssertEqual(Updater.quoted("../a b?#é"), "..%2Fa%20b%3F%23%C3%A9")
    }

    func testServerAddresses() throws {
        XCTAssertEqual(try ServerAddress.checked("https://shop.example/"), "https://shop.example")
        XCTAssertEqual(try ServerAddress.checked("HTTPS://shop.example/A"), "https://shop.example/A")
        XCTAssertEqual(try ServerAddress.checked("http://192.168.1.5:8000"), "http://192.168.1.5:8000")
        for text in [
            "shop.example", "ftp://shop.example", "http://", "http://a b", "http://a:0", "http://a:99999",
            "http://a?x", "http://a#x", "file:///etc/passwd", "http://a\u{85}",
        ] {
            XCTAssertThrowsError(try ServerAddress.checked(text), text) { error in
                XCTAssertEqual((error as? PocketshelfError)?.kind, .usage)
            }
        }
    }

    func testPasswordsAreToldToNobody() {
        XCTAssertEqual(withoutPasswords("at https://me:secret@shop.example: no"), "at https://me:***@shop.example: no")
        XCTAssertEqual(withoutPasswords("https://token@shop.example/x"), "https://***@shop.example/x")
        XCTAssertEqual(withoutPasswords("http://a/b and https://u:p@c"), "http://a/b and https://u:***@c")
        XCTAssertEqual(withoutPasswords("mail a@b"), "mail a@b")
        XCTAssertEqual(PocketshelfError.sync("x http://u:p@h").message, "x http://u:***@h")
    }

    /// An unsigned answer names things as it likes; what is said of it costs no time and no stack.
    func testALongMessageIsLookedThroughInOnePass() {
        for part in ["a://", "a.", "http://a:", "x ://", "a://u:p@h "] {
            let text = String(repeating: part, count: 300_000 / part.count) + " u@h"
            let began = Date()
            XCTAssertEqual(withoutPasswords(text).contains("u:p@"), false)
            XCTAssertLessThan(Date().timeIntervalSince(began), 10, part)
        }
    }

    func testCredentialsBecomeAHeader() {
        let (url, authorization) = splitCredentials("http://me:pa%20ss@shop.test/a?b=1")
        XCTAssertEqual(url, "http://shop.test/a?b=1")
        XCTAssertEqual(authorization, "Basic bWU6cGEgc3M=")
        XCTAssertNil(splitCredentials("http://shop.test").authorization)
    }
}
