import PocketshelfCore

/// `answer --store S --bundle B --litert LIBRARY [--k 10] [--whole] [--[no-]any-way-up] [--no-closely] PHOTO.ppm…`: a
/// search's line for each photo, the models run by LiteRT. Photos are binary PPM, every pixel, upright: a phone's decoder is its own.
func answerCommand(_ options: Options) throws {
    try options.allow([
        "--store", "--bundle", "--litert", "--k", "--whole", "--any-way-up", "--no-any-way-up", "--no-closely",
    ])
    let text = options.optional("--k") ?? "10"
    guard let count = Int(text), (1...Retriever.maxHits).contains(count) else {
        throw PocketshelfError.usage("--k must be a number from 1 to \(Retriever.maxHits), not '\(text)'")
    }
    let photos = options.words, anyWayUp = try options.choice("any-way-up")
    guard !photos.isEmpty else { throw PocketshelfError.usage("no photo is named") }
    let bundle = try ModelBundle(folder: try options.required("--bundle"))
    let library = try options.required("--litert")
    func runner(_ file: FileSpec) throws -> LiteRtRunner {
        try LiteRtRunner(library: library, model: bundle.path(file))
    }
    let encoder = Encoder(
        bundle: bundle, embedder: try runner(bundle.embedder.file),
        detector: try bundle.detector.map { try runner($0.file) })
    let retriever = try Retriever(
        store: Store.open(try options.required("--store")), encoder: encoder, closely: !options.has("--no-closely"))
    for path in photos {
        let result = try retriever.search(
            PortablePixmap.read(path), count: count, whole: options.has("--whole"), name: path,
            anyWayUp: anyWayUp)
        print(result.json().serialized)
    }
}
