import Foundation

/// A box, what the detector says of it, and what the embedder says of what is in it.
public struct EncodedRegion: Sendable {
    public let detection: Detection
    public let embedding: Embedding
    /// The bundle's attribute heads.
    let heads: [AttributeSpec]
    /// A few of the box's pixels; nil where no photo is there.
    let colours: SeenColours?

    /// What is seen of the attributes that things of its likely categories have.
    var attributes: [SeenAttribute] {
        heads.compactMap { head in
            guard let values = embedding.attributes[ExactString(head.name)], values.count == head.labels.count,
                head.categories.isEmpty || probability(head.categories) >= 0.5
            else { return nil }
            return SeenAttribute(name: head.name, labels: Probabilities(names: head.labels, values: values))
        }
    }

    private func probability(_ categories: [String]) -> Double {
        categories.reduce(0) { $0 + (embedding.categories[$1] ?? 0) }
    }

    /// The same in a photo in which this one's begins so far across and down.
    func moved(_ across: Double, _ down: Double) -> EncodedRegion {
        var box = detection.box
        box.x += across
        box.y += down
        let moved = Detection(box: box, group: detection.group, score: detection.score)
        return EncodedRegion(detection: moved, embedding: embedding, heads: heads, colours: colours)
    }

    /// The typed result.
    func region(hits: [Hit], confidence: Double?, isConfident: Bool?, isAbsent: Bool?) -> Region {
        Region(
            box: detection.box, group: detection.group, score: detection.score,
            categories: embedding.categories.top(5),
            attributes: attributes.map { (name: $0.name, label: $0.labels.top(1)[0]) }, hits: hits,
            vector: embedding.vector, confidence: confidence, isConfident: isConfident, isAbsent: isAbsent)
    }
}

/// Detects and embeds with the models of one bundle; safe to share between threads if its stages are.
public final class Encoder: Sendable {
    public let bundle: ModelBundle
    /// Which categories belong to which of the detector's groups, by their names.
    let shelves: Shelves
    private let embedder: any Embedder
    private let detector: (any Detector)?

    /// - Parameter detector: without one every photo is one region, the frame.
    public init(bundle: ModelBundle, embedder: any Embedder, detector: (any Detector)? = nil) {
        self.bundle = bundle
        self.embedder = embedder
        self.detector = detector
        shelves = Shelves(bundle.detector?.categories ?? [])
    }

    /// With the bundle's own networks.
    ///
    /// - Parameters:
    ///   - embedder, detector: the loaded models of the bundle's files.
    public convenience init(bundle: ModelBundle, embedder: any ModelRunner, detector: (any ModelRunner)?) {
        let stage = bundle.detector.flatMap { spec in detector.map { NetworkDetector(spec: spec, runner: $0) } }
        self.init(
            bundle: bundle, embedder: NetworkEmbedder(spec: bundle.embedder, runner: embedder), detector: stage)
    }

    /// Finds the photo's regions and embeds each, most prominent first; of a screenshot those of the picture in it
    /// (`shownIn`).
    ///
    /// - Parameters:
    ///   - whole: one region, the frame, without a look at what is in it.
    ///   - timings: receives the stages' times.
    public func encode(_ photo: Photo, whole: Bool, timings: inout Timings) throws -> [EncodedRegion] {
        let part = try timed(&timings.detect) { try shownIn(photo) }
        let shown = part?.photo ?? photo
        let found = try timed(&timings.detect) { try regions(shown, whole: whole) }
        let encoded = try timed(&timings.embed) { try embed(shown, boxes: found, wanted: found) }
        return part.map { part in encoded.map { $0.moved(part.across, part.down) } } ?? encoded
    }

    /// What the detector sees in a frame: all that may be something, best score first, and what a search looks at, most
    /// prominent first; nothing where there is no detector.
    ///
    /// - Parameters:
    ///   - weak: share of the bundle's threshold from which on a box is among the first.
    ///   - again: a second look at somebody far away (`lookAgain`), as a search has it.
    public func boxes(
        _ photo: Photo, weak: Double = 1, again: Bool = false
    ) throws -> (all: [Detection], chosen: [Detection]) {
        var found = try detector?.detect(photo) ?? []
        if again, let detector { found = try lookAgain(detector, photo, found) }
        let threshold = bundle.detector?.scoreThreshold ?? 0
        let chosen = selectRegions(found, width: photo.width, height: photo.height, threshold: threshold)
        return (found.filter { $0.score >= weak * threshold }, chosen)
    }

    /// The regions of `wanted`, some of the photo's `boxes`: all of them decide what its frame counts.
    ///
    /// - Throws: `bundle`: the network's outputs are not those its bundle describes.
    public func embed(_ photo: Photo, boxes: [Detection], wanted: [Detection]) throws -> [EncodedRegion] {
        // Several regions may want the frame: it is embedded once, and only if one does.
        var known: Embedding?
        func frame() throws -> Embedding {
            if let known { return known }
            let embedding = try embedded(photo, nil)
            known = embedding
            return embedding
        }
        let light = lightOf(photo)
        return try wanted.map { detection in
            let weight = frameWeight(photo, detection, boxes)
            var embedding = try weight == 1 ? frame() : embedded(photo, detection.box)
            if weight > 0, weight < 1 { embedding = try embedding.blended(with: frame(), weight: weight) }
            embedding.categories = shelves.weighed(detection, embedding.categories)
            return EncodedRegion(
                detection: detection, embedding: embedding, heads: bundle.embedder.attributes,
                colours: SeenColours(lookedAt(photo, detection.box), in: light))
        }
    }

    /// The region of a flat thing that was found in a photo without the detector.
    ///
    /// - Throws: `bundle`: the network's outputs are not those its bundle describes.
    func encodePrint(_ photo: Photo, _ box: Box) throws -> EncodedRegion {
        EncodedRegion(
            detection: Detection(box: box, group: Detection.frameGroup, score: 1),
            embedding: try embedded(photo, box), heads: bundle.embedder.attributes,
            colours: SeenColours(lookedAt(photo, box), in: lightOf(photo)))
    }

    private func lightOf(_ photo: Photo) -> Light { Light(frame: lookedAt(photo, photo.frame)) }

    /// What the frame weighs in a region's query beside its crop.
    func frameWeight(_ photo: Photo, _ detection: Detection, _ boxes: [Detection]) -> Double {
        guard let spec = bundle.detector, !exactlyEqual(detection.group, Detection.frameGroup) else { return 1 }
        guard let weight = spec.frameWeight[ExactString(detection.group)], weight > 0 else { return 0 }
        var others = boxes
        if let own = others.firstIndex(of: detection) { others.remove(at: own) }
        return weight
            * frameShare(detection.box, others: others.map(\.box), width: photo.width, height: photo.height)
    }

    private func regions(_ photo: Photo, whole: Bool) throws -> [Detection] {
        func frame(_ score: Double) -> [Detection] {
            [Detection(box: photo.frame, group: Detection.frameGroup, score: score)]
        }
        guard !whole, detector != nil else { return frame(1) }
        let chosen = try boxes(photo, again: true).chosen
        return chosen.isEmpty ? frame(0) : chosen
    }

    private func embedded(_ photo: Photo, _ box: Box?) throws -> Embedding {
        let embedding = try embedder.embed(photo, box: box)
        guard embedding.vector.count == bundle.embedder.dimension else {
            throw PocketshelfError.bundle(
                "the embedder's vector has \(embedding.vector.count) numbers, that of the bundle '\(bundle.name)' "
                    + "\(bundle.embedder.dimension); name another space and dimension in the bundle")
        }
        guard embedding.vector.allSatisfy(\.isFinite) else {
            throw PocketshelfError.bundle(
                "the embedder of the bundle '\(bundle.name)' gave a vector that holds NaN or infinity")
        }
        return embedding
    }
}

/// What `work` gives; its wall time is added to `milliseconds`.
func timed<Result>(_ milliseconds: inout Double, _ work: () throws -> Result) rethrows -> Result {
    let started = DispatchTime.now().uptimeNanoseconds
    defer { milliseconds += Double(DispatchTime.now().uptimeNanoseconds - started) / 1e6 }
    return try work()
}
