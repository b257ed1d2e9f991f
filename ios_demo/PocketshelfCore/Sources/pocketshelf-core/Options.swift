import PocketshelfCore

/// What one call says: the command's name, `--name VALUE` pairs, flags and words, in any order.
struct Options {
    private var values: [String: [String]] = [:]
    private var flags: Set<String> = []
    /// The first word.
    private(set) var command: String?
    /// The words after it.
    private(set) var words: [String] = []
    /// Options that take no value.
    private static let known: Set<String> = [
        "--allow-older", "--any-way-up", "--if-due", "--no-any-way-up", "--no-closely", "--trust-on-first-use",
        "--undo", "--whole", "-v",
    ]

    /// - Throws: `usage`: an option lacks its value.
    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            if Self.known.contains(word) {
                flags.insert(word)
            } else if word.hasPrefix("--") {
                guard let value = rest.popFirst() else {
                    throw PocketshelfError.usage("\(word) needs a value")
                }
                values[word, default: []].append(value)
            } else if command == nil {
                command = word
            } else {
                words.append(word)
            }
        }
    }

    /// - Throws: `usage`: there is an option that is none of `names`.
    func allow(_ names: Set<String>) throws {
        let given = Set(values.keys).union(flags.subtracting(["-v"]))
        if let unknown = given.subtracting(names).min() {
            throw PocketshelfError.usage(
                "\(command ?? "?") has no option \(unknown); it has \(names.sorted().joined(separator: ", "))")
        }
    }

    func has(_ flag: String) -> Bool { flags.contains(flag) }

    /// Whether the flag `--name` is there, or `--no-name`; nil without either.
    ///
    /// - Throws: `usage`: both are there.
    func choice(_ name: String) throws -> Bool? {
        switch (has("--\(name)"), has("--no-\(name)")) {
        case (true, true): throw PocketshelfError.usage("--\(name) and --no-\(name) exclude each other")
        case (true, false): return true
        case (false, true): return false
        case (false, false): return nil
        }
    }

    /// The last value of `name`.
    func optional(_ name: String) -> String? { values[name]?.last }

    /// Every value of `name`, in their order.
    func all(_ name: String) -> [String] { values[name] ?? [] }

    /// - Throws: `usage`: it is not there.
    func required(_ name: String) throws -> String {
        guard let value = optional(name) else { throw PocketshelfError.usage("\(name) is needed") }
        return value
    }
}
