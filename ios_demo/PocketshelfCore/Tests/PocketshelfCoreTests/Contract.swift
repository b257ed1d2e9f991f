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
