/// The stage that chooses the categories to search.
public protocol Router: Sendable {
    /// Those of the `available` categories to search, likeliest first.
    func route(_ probabilities: Probabilities, available: [String]) -> [String]
}

/// The default `Router`: the likeliest categories until they hold enough of the probability.
///
/// The mass is measured among the categories that store and model share. Categories of the store that the model does
/// not know are always searched: nothing speaks against them. Where the model is unsure, because it puts most of its
/// probability on categories that the store lacks, or none stands out, everything is searched.
public struct MassRouter: Router {
    /// Share of the probability to cover.
    public var mass = 0.9
    /// Bounds on the number of known categories searched.
    public var atLeast = 3
    public var atMost = 8
    /// Share of all probability that the shared categories must have, and the likeliest of them of theirs.
    public var sure = 0.3

    public init() {}

    public func route(_ probabilities: Probabilities, available: [String]) -> [String] {
        let known = available.compactMap { name in probabilities[name].map { (name: name, p: $0) } }
            .sorted { $0.p != $1.p ? $0.p > $1.p : precedes($0.name, $1.name) }
        let unknown = available.filter { probabilities[$0] == nil }
        let total = known.reduce(0) { $0 + $1.p }
        guard let first = known.first, total >= sure, first.p >= sure * total else {
            return known.map(\.name) + unknown
        }
        var chosen: [String] = [], covered = 0.0
        for each in known.prefix(atMost) {
            if chosen.count >= atLeast, covered >= mass * total { break }
            chosen.append(each.name)
            covered += each.p
        }
        return chosen + unknown
    }
}

/// The routed categories, and the next likely ones until they hold `wanted` products together: who asks for ten hits
/// gets ten, also where the likely categories are small.
func filled(
    _ routed: [String], _ probabilities: Probabilities, counts: [CategoryCount], wanted: Int
) -> [String] {
    let taken = Set(routed.map(ExactString.init))
    var chosen = routed
    var held = counts.reduce(0) { $0 + (taken.contains(ExactString($1.name)) ? $1.products : 0) }
    let others = counts.filter { !taken.contains(ExactString($0.name)) }
        .map { (count: $0, p: probabilities[$0.name] ?? 0) }
        .sorted { $0.p != $1.p ? $0.p > $1.p : precedes($0.count.name, $1.count.name) }
    for each in others where held < wanted {
        chosen.append(each.count.name)
        held += each.count.products
    }
    return chosen
}

/// Which categories are asked for.
public enum CategoryChoice: Equatable, Sendable {
    /// Routed by the model.
    case auto
    case all
    /// Only these; exactly so named, else whatever their letters' case.
    case named([String])

    /// What a caller asks for in words: "auto", "all", a name, or names.
    ///
    /// - Throws: `usage`: a name stands beside "auto" or "all".
    public init(_ asked: [String]) throws {
        guard asked.count < 2 || !asked.contains(where: { ["auto", "all"].contains($0) }) else {
            throw PocketshelfError.usage(
                "the categories 'auto' and 'all' stand alone; leave out the others, or these")
        }
        self = asked == ["all"] ? .all : asked.isEmpty || asked == ["auto"] ? .auto : .named(asked)
    }

    /// The named ones as the store has them, each once; none for `auto` and `all`.
    ///
    /// - Throws: `usage`: there is none of a name, or several; the message lists those there are.
    public func names(among available: [String]) throws -> [String] {
        guard case .named(let asked) = self else { return [] }
        var seen: Set<ExactString> = []
        return try asked.map { try namedCategory($0, among: available) }
            .filter { seen.insert(ExactString($0)).inserted }
    }
}

private func namedCategory(_ name: String, among available: [String]) throws -> String {
    if available.contains(where: { exactlyEqual($0, name) }) { return name }
    let alike = available.filter { $0.folded == name.folded }
    if alike.count == 1 { return alike[0] }
    let there = available.isEmpty ? "none" : available.joined(separator: ", ")
    throw PocketshelfError.usage("unknown category '\(name)'; this store has \(there) (or 'auto', 'all')")
}
