import PocketshelfCore

/// `--name VALUE` pairs, flags and positional words of one call.
struct Options {
    private var values: [String: [String]] = [:]
    private var flags: Set<String> = []
    /// What is no option, in its order.
    private(set) var words: [String] = []

    /// - Parameter flags: options that take no value.
    /// - Throws: `usage`: an option lacks its value.
    init(_ arguments: [String], flags known: Set<String> = ["--allow-older"]) throws {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            if known.contains(word) {
                flags.insert(word)
            } else if word.hasPrefix("--") {
                guard let value = rest.popFirst() else {
                    throw PocketshelfError.usage("\(word) needs a value")
                }
                values[word, default: []].append(value)
            } else {
                words.append(word)
            }
        }
    }

    func has(_ flag: String) -> Bool { flags.contains(flag) }

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
