/// How a crop becomes a network's input. Part of a bundle; its hash is part of a store.
public struct Preprocessing: Hashable, Sendable {
    /// Of the input, in pixels.
    public let height: Int
    public let width: Int
    /// Share of the box's sides added on each side before cropping.
    public let margin: Double
    /// A crop longer than this is widened with the photo around it, as far as the photo reaches.
    public let maxAspect: Double

    /// The one filter and version of the arithmetic that is defined.
    static let filter = "bilinear-antialias"
    static let version = 1

    public init(height: Int, width: Int, margin: Double = 0, maxAspect: Double = 4.0 / 3.0) {
        self.height = height
        self.width = width
        self.margin = margin
        self.maxAspect = maxAspect
    }

    /// Reads a model's "preprocessing".
    ///
    /// - Throws: an error of the kind of `part` that names what does not fit.
    init(_ part: Fields) throws {
        let size = try part.integers("size", low: 1)
        guard size.count == 2 else { throw part.error("size", "must be [height, width]") }
        guard size.allSatisfy({ $0 <= 1 << 14 }) else { throw part.error("size", "is beyond any network's") }
        let filter = try part.text("filter"), version = try part.integer("version")
        guard exactlyEqual(filter, Self.filter), version == Self.version else {
            throw part.error("filter", "asks for '\(filter)' version \(version); update pocketshelf")
        }
        self.init(
            height: size[0], width: size[1], margin: try part.number("margin", or: 0, low: 0),
            maxAspect: try part.number("max_aspect", or: 4.0 / 3.0, low: 1))
    }

    /// 16 hexadecimal digits that change with anything above: of the SHA-256 of its JSON as Python writes it.
    public var hash: String {
        let text =
            #"{"filter":"\#(Self.filter)","margin":\#(margin),"max_aspect":\#(maxAspect),"#
            + #""size":[\#(height),\#(width)],"version":\#(Self.version)}"#
        return String(Sha256.hex(Array(text.utf8)).prefix(16))
    }
}
