/// What vectors must share to be compared; equal spaces can be, whichever bundle made the vectors.
public struct Space: Equatable, Sendable {
    /// The space's id.
    public let name: String
    /// Hash of the embedder's preprocessing.
    public let preprocessing: String
    /// Name of the bundle that embedded them; not compared.
    public let bundle: String
    /// Numbers a vector; 0 where that is not said, as in a manifest.
    public let dimension: Int

    public init(name: String, preprocessing: String, bundle: String = "", dimension: Int = 0) {
        self.name = name
        self.preprocessing = preprocessing
        self.bundle = bundle
        self.dimension = dimension
    }

    public static func == (left: Space, right: Space) -> Bool {
        exactlyEqual(left.name, right.name) && exactlyEqual(left.preprocessing, right.preprocessing)
            && left.dimension == right.dimension
    }

    /// Whether vectors of the two can be compared, by what is said of both.
    public func isComparable(to other: Space) -> Bool {
        exactlyEqual(name, other.name) && exactlyEqual(preprocessing, other.preprocessing)
            && !differs(other)
    }

    /// Refuse to mix vectors that cannot be compared. Another bundle of the same space is welcome.
    ///
    /// - Parameters:
    ///   - us, them: begin what the message says of the two, such as "the shelf is".
    /// - Throws: `spaceMismatch`: another space, dimension or preprocessing.
    public func requireSame(as other: Space, us: String, them: String, remedy: String) throws {
        if !exactlyEqual(name, other.name) || differs(other) {
            throw PocketshelfError.spaceMismatch(
                "\(us) of space \(shown), \(them) of space \(other.shown); \(remedy)", .space)
        }
        if !exactlyEqual(preprocessing, other.preprocessing) {
            throw PocketshelfError.spaceMismatch(
                "\(us) of preprocessing \(preprocessing), \(them) of \(other.preprocessing); \(remedy)", .space)
        }
    }

    private func differs(_ other: Space) -> Bool {
        dimension != 0 && other.dimension != 0 && dimension != other.dimension
    }

    private var shown: String { dimension == 0 ? "'\(name)'" : "'\(name)' (\(dimension)-d)" }
}
