extension String {
    /// A name with letters' case aside, as Python's `casefold` compares ("Straße" is "STRASSE").
    var folded: ExactString { ExactString(uppercased().lowercased()) }
}

extension Sequence {
    /// Sorted by a number, the greatest first; what is equal keeps its order.
    func sortedDescending<Key: Comparable>(by key: (Element) -> Key) -> [Element] {
        enumerated().map { (key($0.element), $0.offset, $0.element) }
            .sorted { $0.0 != $1.0 ? $0.0 > $1.0 : $0.1 < $1.1 }
            .map(\.2)
    }
}

extension String {
    /// Without blanks at its ends.
    var trimmed: String {
        let begun = drop { $0.isWhitespace }
        guard let last = begun.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(begun[...last])
    }
}
