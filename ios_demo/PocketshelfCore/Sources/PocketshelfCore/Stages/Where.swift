import Foundation

/// Attribute → the values of which a product must have one, letters' case aside. Every attribute named must fit.
public typealias Where = [(name: String, values: [String])]

/// What a search asks for.
struct Wish: Sendable {
    /// So many hits its calibrations saw of every answer.
    private static let judged = 10

    /// Hits that are shown.
    let count: Int
    /// Only these; all that the search chooses to look into if empty.
    let categories: [String]
    /// It chooses all.
    let everything: Bool
    let `where`: Where

    /// Hits that are looked for: what stands first is judged by those behind it, however few are shown.
    var depth: Int { max(count, Self.judged) }

    /// Whether no category was named.
    var isOpen: Bool { categories.isEmpty }
}

/// Whether a product with `attributes` is wanted; one that states nothing of what is asked is not.
func fits(_ attributes: JsonObject, _ wanted: Where) -> Bool {
    wanted.allSatisfy { name, values in
        let known = stated(attributes[name] ?? .null)
        return values.contains { known.contains($0.folded) }
    }
}

/// An attribute's values as they would be typed: one, or those of a list; 42.0 is 42, and "XS, S, M" is M as well.
private func stated(_ value: Json) -> Set<ExactString> {
    if case .array(let values) = value { return Set(values.flatMap { [typed($0).folded] + listed($0) }) }
    return value == .null ? [] : Set([typed(value).folded] + listed(value))
}

/// The values that a text lists as exports do, "XS, S, M" of a style or "Basic|Snug" of a choice; letters' case aside.
private func listed(_ value: Json) -> [ExactString] {
    let blanks: Set<Unicode.Scalar> = [" ", "\t", "\n", "\r"]
    // Of more characters it lists none.
    guard case .text(let text) = value, text.unicodeScalars.count <= 400 else { return [] }
    let scalars = Array(text.unicodeScalars)
    let parts = scalars.indices.split { at in
        scalars[at] == "|" || (scalars[at] == "," && at + 1 < scalars.count && blanks.contains(scalars[at + 1]))
    }
    return parts.compactMap { part in
        guard let first = part.first(where: { !blanks.contains(scalars[$0]) }),
            let last = part.last(where: { !blanks.contains(scalars[$0]) })
        else { return nil }
        return String(String.UnicodeScalarView(scalars[first...last])).folded
    }
}

/// A value as a person would type it.
private func typed(_ value: Json) -> String {
    if case .number(let number) = value, number == number.rounded() { return String(format: "%.0f", number) }
    return described(value)
}

/// A value as Python's `str` writes it, but for lists and objects.
func described(_ value: Json) -> String {
    switch value {
    case .null: return "None"
    case .bool(let value): return value ? "True" : "False"
    case .integer(let value): return String(value)
    case .number(let value): return value.description
    case .text(let text): return text
    case .array, .object: return value.serialized
    }
}
