import Foundation
import XCTest

/// The repository's `contract/`: found from this file, or from `POCKETSHELF_CONTRACT`.
enum Contract {
    static let folder: URL = {
        if let given = ProcessInfo.processInfo.environment["POCKETSHELF_CONTRACT"] {
            return URL(fileURLWithPath: given)
        }
        var up = URL(fileURLWithPath: #filePath)
        for _ in 0..<5 { up.deleteLastPathComponent() }
        return up.appendingPathComponent("contract")
    }()

    /// The bytes of a file below `contract/`.
    static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appendingPathComponent(path)))
    }

    /// The same as text.
    static func text(_ path: String) throws -> String {
        String(decoding: try bytes(path), as: UTF8.self)
    }
}

/// A folder that is removed after the test.
func temporaryFolder(_ test: XCTestCase) throws -> String {
    let url = FileManager.default.temporaryDirectory
        .appendingPathComponent("pocketshelf-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    test.addTeardownBlock { try? FileManager.default.removeItem(at: url) }
    return url.path
}

/// Each file of a folder of `contract/golden/sync` has its test in the file that calls this, named like it.
func assertEveryCaseIsHere(_ folder: String, file: StaticString = #filePath) throws {
    let source = try String(contentsOfFile: "\(file)", encoding: .utf8)
    let path = Contract.folder.appendingPathComponent("golden/sync/\(folder)").path
    let names = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".json") }
    XCTAssertFalse(names.isEmpty)
    for name in names {
        let words = name.dropLast(".json".count).split(separator: "_", omittingEmptySubsequences: false)
        let camel = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        XCTAssertTrue(source.contains("func test\(camel)()"), name)
    }
}
