import Foundation
import PocketshelfCore

/// One command of `pocketshelf-core`: takes its options, prints lines of JSON, throws what went wrong.
typealias Command = (Options) throws -> Void

/// The command line: a thin shell over the core, for tests and measurements.
enum Program {
    /// Name → command. Each lives in a file of its own.
    static let commands: [String: Command] = [
        "answer": answerCommand,
        "bench": benchCommand,
        "download": tufDownloadCommand,
        "dump": dumpCommand,
        "init": tufInitCommand,
        "refresh": tufRefreshCommand,
        "rollback": rollbackCommand,
        "search": searchCommand,
        "status": statusCommand,
        "sync": syncCommand,
        "verify": verifyCommand,
    ]

    /// Run; the exit code: 0 done, 1 one line on standard error says what is wrong, 2 wrong usage.
    static func run(_ arguments: [String]) -> Int32 {
        do {
            let options = try Options(arguments)
            guard let command = options.command.flatMap({ commands[$0] }) else {
                return fail("usage: pocketshelf-core \(commands.keys.sorted().joined(separator: "|")) …", 2)
            }
            try command(options)
            return 0
        } catch let error as PocketshelfError {
            return fail(error.message, error.kind == .usage ? 2 : 1)
        } catch {
            return fail(oneLine(error), 1)
        }
    }

    static func fail(_ line: String, _ code: Int32) -> Int32 {
        FileHandle.standardError.write(Data("pocketshelf-core: \(line)\n".utf8))
        return code
    }

    /// Print one line of JSON.
    static func printLine(_ pairs: [(String, Json)]) {
        print(Json.object(JsonObject(pairs)).serialized)
    }
}
