/// A text that equals another only where their bytes do, and sorts by them, as SQLite and Python have it.
///
/// Swift's own `String` takes "é" in one scalar and in two for the same text. In ids, categories and names
/// from outside that would merge what the server keeps apart.
public struct ExactString: Hashable, Comparable, Sendable {
    public let text: String

    public init(_ text: String) { self.text = text }

    public static func == (left: Self, right: Self) -> Bool { exactlyEqual(left.text, right.text) }

    public static func < (left: Self, right: Self) -> Bool { precedes(left.text, right.text) }

    public func hash(into hasher: inout Hasher) {
        var copy = text
        copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

/// Whether two texts are the same bytes.
public func exactlyEqual(_ left: String, _ right: String) -> Bool {
    left.utf8.count == right.utf8.count && left.utf8.elementsEqual(right.utf8)
}

/// Whether `left` sorts before `right` by its UTF-8 bytes, which is the order of code points.
public func precedes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
}
