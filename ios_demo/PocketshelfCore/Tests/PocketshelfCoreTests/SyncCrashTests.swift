import Foundation
import XCTest

@testable import PocketshelfCore

/// A process that is killed, or a volume that is full, at every single file operation of a sync.
///
/// After it the shelf is whole, in the old state or in the new one, and the next sync ends in the new one.
final class SyncCrashTests: XCTestCase {
    /// Two states of a shop, as a golden sync has them: 60 is here, 64 is published.
    private func twoStates(
        _ name: String = "honest/changes_are_applied"
    ) throws -> (SyncReplay, Fields, Fields) {
        let document = try StrictJson.parse(Contract.bytes("golden/sync/\(name).json"))
        let steps = try Fields(document, where: "", kind: .sync).children("cases")[0].children("steps")
        return (SyncReplay(try temporaryFolder(self)), steps[0], steps[1])
    }

    private func staged(_ replay: SyncReplay, _ first: Fields, _ second: Fields, _ files: FileSystem) throws
        -> (SyncRequest, SyncEnvironment)
    {
        for step in [first, second] { try replay.serve(step) }
        var request = SyncRequest(server: "http://shop.test")
        request.root = try SyncReplay.blob(first.text("root"))
        var environment = try replay.environment(second)
        environment.files = files
        return (request, environment)
    }

    func testKilledAtEveryOperation() throws {
        let (replay, first, second) = try twoStates()
        let origin = try temporaryFolder(self)
        try replay.step(first, path: "\(origin)/store")
        var dies = 0, wasOld = 0, wasNew = 0
        while true {
            let path = try copy(origin, dies)
            let files = DyingFileSystem(at: dies)
            let (request, environment) = try staged(replay, first, second, files)
            // What is only tidied up may fail, and the sync is what it is.
            let isDone = (try? sync(store: path, request, environment)) != nil
            XCTAssertTrue(isDone || files.isDead)
            let sequence = try XCTUnwrap(currentSequence(path), "operation \(dies): \(files.last)")
            XCTAssertTrue([60, 64].contains(sequence))
            if sequence == 60 { wasOld += 1 } else { wasNew += 1 }
            XCTAssertEqual(try verifyStore(path), [], "operation \(dies): \(files.last)")
            let (again, sound) = try staged(replay, first, second, FileSystem())
            XCTAssertEqual(try sync(store: path, again, sound).sequence, 64, "operation \(dies): \(files.last)")
            XCTAssertEqual(try verifyStore(path), [])
            XCTAssertFalse(exists("\(path)/downloads"))
            if !files.isDead { break }
            dies += 1
        }
        XCTAssertGreaterThan(dies, 30)
        XCTAssertGreaterThan(wasOld, 10)
        XCTAssertGreaterThan(wasNew, 1)
    }

    func testKilledAtEveryOperationOfASyncWithLocalFeatures() throws {
        let (replay, first, second) = try twoStates("features/changes_lead_to_what_is_published")
        let origin = try temporaryFolder(self)
        try replay.step(first, path: "\(origin)/store")
        let old = try SyncReplay.blob(first.child("after").text("features"))
        let new = try SyncReplay.blob(second.child("after").text("features"))
        var dies = 0, held: [String: Int] = [:]
        while true {
            let path = try copy(origin, dies)
            let files = DyingFileSystem(at: dies)
            let (request, environment) = try staged(replay, first, second, files)
            XCTAssertTrue((try? sync(store: path, request, environment)) != nil || files.isDead)
            let name = "operation \(dies): \(files.last)"
            XCTAssertEqual(try verifyStore(path), [], name)
            let store = try Store.open(path)
            // Those of the older state are of its shard, or were handed on to products that stay.
            let table = try XCTUnwrap(store.features(), name)
            XCTAssertTrue([60, 64].contains(table.sequence), name)
            if table.sequence == 64 { XCTAssertEqual(table.bytes, new, name) }
            if store.meta.sequence == 60 { XCTAssertEqual(table.bytes, old, name) }
            held["\(store.meta.sequence) \(table.sequence)", default: 0] += 1
            store.close()
            let (again, sound) = try staged(replay, first, second, FileSystem())
            let report = try sync(store: path, again, sound)
            XCTAssertEqual(report.sequence, 64, name)
            XCTAssertNotNil(report.features, name)
            XCTAssertEqual(try Store.open(path).features()?.bytes, new, name)
            XCTAssertFalse(exists("\(path)/downloads"))
            if !files.isDead { break }
            dies += 1
        }
        XCTAssertEqual(Set(held.keys), ["60 60", "64 60", "64 64"])
        XCTAssertGreaterThan(dies, 50)
    }

    func testDamagedFeaturesAreToldAndComeAgainWhole() throws {
        let (replay, first, _) = try twoStates("features/changes_lead_to_what_is_published")
        let path = "\(try temporaryFolder(self))/store"
        try replay.step(first, path: path)
        let store = try Store.open(path)
        let sound = store.featuresStamp()
        XCTAssertEqual(try store.features()?.sequence, 60)
        var bytes = try readPlain("\(store.indexFolder)/shard.2.features", most: 1 << 20)
        bytes[bytes.count - 1] ^= 1
        try Data(bytes).write(to: URL(fileURLWithPath: "\(store.indexFolder)/shard.2.features"))
        XCTAssertNil(try store.features())
        let problems = try verifyStore(path)
        XCTAssertEqual(problems.count, 1)
        XCTAssertTrue(problems[0].contains("shard.2.features: damaged"), problems[0])
        let (request, environment) = try staged(replay, first, first, FileSystem())
        let report = try sync(store: path, request, environment)
        XCTAssertEqual([report.why, report.features], ["current", "snapshot"])
        XCTAssertEqual(store.featuresStamp(), sound)
        XCTAssertEqual(try verifyStore(path), [])
        var without = request
        without.closely = false
        try FileManager.default.removeItem(atPath: "\(store.indexFolder)/shard.2.features")
        XCTAssertNil(try sync(store: path, without, environment).features)
        XCTAssertNil(try Store.open(path).features())
        XCTAssertEqual(try verifyStore(path), [])
    }

    func testAFullVolumeLeavesTheShelfAsItWas() throws {
        let (replay, first, second) = try twoStates()
        let origin = try temporaryFolder(self)
        try replay.step(first, path: "\(origin)/store")
        for room in 0..<12 {
            let path = try copy(origin, room)
            let files = FullFileSystem(after: room)
            let (request, environment) = try staged(replay, first, second, files)
            do {
                let report = try sync(store: path, request, environment)
                XCTAssertEqual(report.sequence, 64)
            } catch let error as PocketshelfError {
                XCTAssertEqual(error.kind, .store)
                XCTAssertTrue(error.message.contains("the store is"), error.message)
                XCTAssertFalse(error.message.contains("\n"))
            }
            XCTAssertEqual(try verifyStore(path), [])
        }
    }

    func testTwoWritersAreKeptApart() throws {
        let path = try temporaryFolder(self)
        try StoreWriter.open(path) { _ in
            XCTAssertThrowsError(try StoreWriter.open(path) { _ in }) { error in
                XCTAssertTrue("\(error)".contains("another process is writing"), "\(error)")
            }
        }
        XCTAssertNoThrow(try StoreWriter.open(path) { _ in })
    }

    func testAStoreThatWasMadeAnewIsAnother() throws {
        let path = "\(try temporaryFolder(self))/store"
        func publish(_ shard: String) throws {
            try StoreWriter.open(path) { writer in
                try writer.staged { staging in
                    let data = Data(try Contract.bytes("golden/\(shard)"))
                    try data.write(to: URL(fileURLWithPath: "\(staging)/shard.sqlite"))
                    try writer.publish(staging)
                }
            }
        }
        try publish("formats/shard-v1.sqlite")
        let store = try Store.open(path), folder = StoreFolder(path)
        XCTAssertTrue(store.isCurrent())
        try FileManager.default.removeItem(atPath: path)
        XCTAssertFalse(store.isCurrent())
        try publish("stages/answers/shard.sqlite")
        XCTAssertEqual(try folder.current(), store.generation)
        XCTAssertFalse(store.isCurrent())
        try FileManager.default.removeItem(atPath: path)
        try publish("formats/shard-v1.sqlite")
        XCTAssertTrue(store.isCurrent())
        try Data("damaged".utf8).write(to: URL(fileURLWithPath: folder.digest(store.generation)))
        XCTAssertTrue(store.isCurrent())
    }

    func testWhatAPreparationRefusesIsNotPublished() throws {
        let (replay, first, second) = try twoStates()
        let path = "\(try temporaryFolder(self))/store"
        try replay.step(first, path: path)
        var (request, environment) = try staged(replay, first, second, FileSystem())
        environment.prepare = { staging in
            XCTAssertTrue(exists("\(staging)/shard.sqlite"))
            throw PocketshelfError.bundle("the golden vector is not met")
        }
        XCTAssertThrowsError(try sync(store: path, request, environment)) { error in
            XCTAssertEqual((error as? PocketshelfError)?.kind, .bundle)
        }
        XCTAssertEqual(currentSequence(path), 60)
        environment.prepare = { _ in }
        XCTAssertEqual(try sync(store: path, request, environment).sequence, 64)
        XCTAssertNil(request.bundle)
    }

    func testWhatIsMissingIsToldFromWhatIsDamaged() throws {
        let folder = try temporaryFolder(self)
        XCTAssertNil(try StoreFolder("\(folder)/none").current())
        XCTAssertThrowsError(try PlainFile("\(folder)/none")) { error in
            XCTAssertEqual((error as? SystemError)?.code, ENOENT)
        }
        XCTAssertThrowsError(try Store.open("\(folder)/none")) { error in
            XCTAssertTrue("\(error)".contains("no store here"), "\(error)")
        }
    }

    func testALinkInPlaceOfAFileIsReplacedNotFollowed() throws {
        let folder = try temporaryFolder(self)
        try Data("keep".utf8).write(to: URL(fileURLWithPath: "\(folder)/outside"))
        symlink("\(folder)/outside", "\(folder)/link")
        try FileSystem().write("\(folder)/link", Array("new".utf8))
        XCTAssertEqual(try readPlain("\(folder)/outside", most: 10), Array("keep".utf8))
        XCTAssertEqual(try readPlain("\(folder)/link", most: 10), Array("new".utf8))
        XCTAssertThrowsError(try readPlain("\(folder)/link", most: 2))
        XCTAssertThrowsError(try readPlain(folder, most: 10))
        mkfifo("\(folder)/pipe", 0o600)
        XCTAssertThrowsError(try readPlain("\(folder)/pipe", most: 10))
    }

    private func copy(_ origin: String, _ number: Int) throws -> String {
        let path = "\(origin)/\(number)"
        try FileManager.default.copyItem(atPath: "\(origin)/store", toPath: path)
        return path
    }
}

/// Does nothing any more from the n-th operation on, as a process that was killed.
private final class DyingFileSystem: FileSystem {
    struct Killed: Error {}
    private let end: Int
    private var count = 0
    /// What was the last operation.
    private(set) var last = ""
    private(set) var isDead = false

    init(at end: Int) { self.end = end }

    private func live(_ what: String) throws {
        if isDead || count == end {
            if !isDead { last = what }
            isDead = true
            throw Killed()
        }
        count += 1
    }

    override func write(_ path: String, _ data: [UInt8]) throws {
        try live("write \(path)")
        try super.write(path, data)
    }
    override func append(_ path: String, _ data: [UInt8]) throws {
        try live("append \(path)")
        try super.append(path, data)
    }
    override func sync(_ path: String) throws {
        try live("sync \(path)")
        try super.sync(path)
    }
    override func syncFolder(_ path: String) throws {
        try live("sync folder \(path)")
        try super.syncFolder(path)
    }
    override func replace(_ source: String, with target: String) throws {
        try live("replace \(target)")
        try super.replace(source, with: target)
    }
    override func unlink(_ path: String) throws {
        try live("unlink \(path)")
        try super.unlink(path)
    }
    override func makeFolder(_ path: String) throws {
        try live("make \(path)")
        try super.makeFolder(path)
    }
    override func removeTree(_ path: String) throws {
        try live("remove \(path)")
        try super.removeTree(path)
    }
    override func copy(_ source: String, to target: String) throws {
        try live("copy \(target)")
        try super.copy(source, to: target)
    }
}

/// A volume on which, from the n-th operation that needs room on, there is none.
private final class FullFileSystem: FileSystem {
    private var left: Int

    init(after left: Int) { self.left = left }

    private func need(_ path: String) throws {
        guard left > 0 else { throw SystemError(path, ENOSPC) }
        left -= 1
    }

    override func write(_ path: String, _ data: [UInt8]) throws {
        try need(path)
        try super.write(path, data)
    }
    override func append(_ path: String, _ data: [UInt8]) throws {
        try need(path)
        try super.append(path, data)
    }
    override func copy(_ source: String, to target: String) throws {
        try need(target)
        try super.copy(source, to: target)
    }
}
