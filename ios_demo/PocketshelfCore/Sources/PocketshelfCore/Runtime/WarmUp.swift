import Foundation

/// A picture, and the vector that a bundle's embedder must give for it, whole.
public struct GoldenCase: Sendable {
    public let name: String
    public let photo: Photo
    /// Of length 1.
    public let vector: [Float]

    public init(name: String, photo: Photo, vector: [Float]) {
        self.name = name
        self.photo = photo
        self.vector = vector
    }

    /// Reads `golden.json` in `folder`, of the form of `contract/golden/embeddings.json`, and its pictures beside it as PPM.
    ///
    /// - Parameter bundle: whose golden vectors they must be: the file names the hash of its embedder.
    /// - Throws: `bundle`: they cannot be read, are another bundle's, or there are none.
    public static func read(folder: String, for bundle: ModelBundle, named file: String = "golden.json") throws
        -> [GoldenCase]
    {
        let path = "\(folder)/\(file)"
        let document: Json
        do {
            document = try StrictJson.parse(BundleFile.contents(path, most: ModelBundle.mostBytes))
        } catch {
            throw PocketshelfError.bundle("\(path): cannot be read as JSON (\(oneLine(error)))")
        }
        let top = try Fields(document, where: path, kind: .bundle)
        guard try top.text("sha256") == bundle.embedder.file.sha256 else {
            throw top.error("sha256", "is not that of the bundle's embedder; take the golden vectors of this bundle")
        }
        let cases = try top.children("cases").map { part -> GoldenCase in
            let image = try FileName.plain(part, "image")
            let name = image.hasSuffix(".png") ? "\(image.dropLast(4)).ppm" : image
            do {
                let photo = try PortablePixmap.read("\(folder)/\(name)")
                return GoldenCase(name: image, photo: photo, vector: try vector(part))
            } catch let error as PocketshelfError where error.kind == .photo {
                throw PocketshelfError.bundle("its golden picture cannot be read: \(error.message)")
            }
        }
        guard !cases.isEmpty else { throw top.error("cases", "must not be empty") }
        return cases
    }

    private static func vector(_ part: Fields) throws -> [Float] {
        guard case .array(let numbers) = try part.value("embedding") else {
            throw part.error("embedding", "must be a list")
        }
        return try numbers.map { number in
            switch number {
            case .integer(let value): return Float(value)
            case .number(let value): return Float(value)
            default: throw part.error("embedding", "must be a list of numbers")
            }
        }
    }
}

/// A last look at what was synced, before it is used: what does not pass is not used, and what was there before stays.
public enum WarmUp {
    /// A new bundle on this device: it must reproduce its golden vectors.
    ///
    /// - Parameter atLeast: the least cosine; runtimes differ a little in their rounding.
    /// - Throws: `bundle`: it does not; the message names the picture and the cosine.
    public static func verify(_ embedder: any Embedder, cases: [GoldenCase], atLeast: Double = 0.995) throws {
        guard !cases.isEmpty else { throw PocketshelfError.bundle("no golden vectors to warm up with") }
        for each in cases {
            let found = try embedder.embed(each.photo, box: nil).vector
            guard found.count == each.vector.count else {
                throw PocketshelfError.bundle(
                    "\(each.name): the embedder gave \(found.count) numbers, its golden vector has "
                        + "\(each.vector.count)")
            }
            let cosine = Double(dot(normalised(found), normalised(each.vector)))
            // Not a number is not enough.
            guard cosine >= atLeast else {
                let shown = String(format: "%.3f", cosine)
                throw PocketshelfError.bundle(
                    "\(each.name): the embedder gave another vector than its golden one (cosine \(shown), at least "
                        + "\(atLeast) is wanted); the models before stay in use")
            }
        }
    }

    /// A new generation: the first product of each category must find itself by its own vector.
    ///
    /// - Throws: `store`: it does not, or the shard is damaged.
    public static func verify(_ shelf: any ShelfReader, _ searcher: any Searcher) throws {
        for category in try shelf.categories() {
            let pictures = try shelf.vectors(of: category.name)
            // A vector without length is like nothing, itself included.
            let first = pictures.block.prefix(pictures.dimension).map(Float.init)
            guard first.contains(where: { $0 != 0 }) else { continue }
            let found = try searcher.search(first, categories: [category.name], count: 1)
            guard let best = found.first, best.score > 0.999 else {
                throw PocketshelfError.store(
                    "category '\(category.name)': a product does not find itself; the shelf before stays in use")
            }
        }
    }
}
