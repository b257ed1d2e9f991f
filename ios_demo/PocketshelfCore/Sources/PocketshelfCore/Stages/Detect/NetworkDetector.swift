/// So many boxes of a photo are left at most, the best of all groups.
let mostBoxes = 50

/// The stage that finds things in a photo.
public protocol Detector: Sendable {
    /// Everything that may be something, best score first; `selectRegions` chooses among it.
    func detect(_ photo: Photo) throws -> [Detection]
}

/// What a detector leaves out.
public struct Cutoffs: Sendable {
    /// Boxes below are noise.
    public var score = 0.05
    /// So many of a group, the best, enter the suppression, which compares all pairs.
    public var candidates = 300
    /// So many are left of a photo, the best of all groups.
    public var boxes = mostBoxes

    public init() {}
}

/// The default `Detector`: a bundle's network, decoded, with suppression within each group.
///
/// The network gives, for the points of a pyramid, group scores and the distances to the four sides, as FCOS does
/// (Tian et al., ICCV 2019); decoding and suppression happen here, since a graph with them does not stay on a
/// phone's neural unit.
public final class NetworkDetector: Detector {
    private let spec: DetectorSpec
    private let runner: (any ModelRunner)?
    private let cutoffs: Cutoffs
    private let points: [PyramidPoint]

    /// - Parameter runner: the loaded network; nil where only `decode` is wanted.
    public init(spec: DetectorSpec, runner: (any ModelRunner)?, cutoffs: Cutoffs = Cutoffs()) {
        self.spec = spec
        self.runner = runner
        self.cutoffs = cutoffs
        points = pyramidPoints(
            width: spec.preprocessing.width, height: spec.preprocessing.height, strides: spec.strides)
    }

    /// - Throws: `bundle` where the network's outputs are not those its bundle describes.
    public func detect(_ photo: Photo) throws -> [Detection] {
        guard let runner else { throw PocketshelfError.bundle("\(spec.file.name): no network was loaded") }
        let outputs = try runner.run(photo.networkInput(spec.preprocessing))
        return try decode(outputs, width: photo.width, height: photo.height)
    }

    /// The network's raw outputs as boxes of a photo of `width` · `height`, best score first.
    ///
    /// - Throws: as `detect`.
    public func decode(_ outputs: [ModelOutput], width: Int, height: Int) throws -> [Detection] {
        let (scores, distances) = try checked(outputs)
        let boxes = corners(distances, width: width, height: height)
        let found = spec.groups.indices.flatMap { group(boxes, scores, column: $0) }
        return Array(found.sortedDescending(by: \.score).prefix(cutoffs.boxes))
    }

    private func checked(_ outputs: [ModelOutput]) throws -> (scores: ModelOutput, distances: ModelOutput) {
        guard outputs.count > max(spec.scoresOutput, spec.distancesOutput) else {
            throw PocketshelfError.bundle("\(spec.file.name): gives \(outputs.count) outputs, fewer than its bundle names")
        }
        let scores = outputs[spec.scoresOutput], distances = outputs[spec.distancesOutput]
        let wanted = ([1, points.count, spec.groups.count], [1, points.count, 4])
        guard scores.shape == wanted.0, distances.shape == wanted.1 else {
            throw PocketshelfError.bundle(
                "\(spec.file.name): its outputs are \(scores.shape) and \(distances.shape), not \(wanted.0) and "
                    + "\(wanted.1) as its bundle says")
        }
        return (scores, distances)
    }

    /// Corners in the photo's own pixels.
    private func corners(_ distances: ModelOutput, width: Int, height: Int) -> [Corners<Float>] {
        let input = (width: Float(spec.preprocessing.width), height: Float(spec.preprocessing.height))
        let across = Float(Double(width) / Double(spec.preprocessing.width))
        let down = Float(Double(height) / Double(spec.preprocessing.height))
        return distances.values.withUnsafeBufferPointer { values in
            points.indices.map { i in
                let box = decodeBox(
                    values.baseAddress! + 4 * i, at: points[i], width: input.width, height: input.height)
                return Corners(
                    left: box.left * across, top: box.top * down, right: box.right * across,
                    bottom: box.bottom * down)
            }
        }
    }

    private func group(_ boxes: [Corners<Float>], _ scores: ModelOutput, column: Int) -> [Detection] {
        let groups = spec.groups.count, least = Float(cutoffs.score)
        let good = boxes.indices.filter { scores.values[$0 * groups + column] >= least }
        let best = good.sortedDescending { scores.values[$0 * groups + column] }.prefix(cutoffs.candidates)
        // A box without area cannot be cropped.
        let whole = best.filter { boxes[$0].right - boxes[$0].left > 0 && boxes[$0].bottom - boxes[$0].top > 0 }
        let kept = nonMaximumSuppression(whole.map { boxes[$0] }, iou: Float(spec.nmsIoU))
        return kept.map { place in
            let i = whole[place], box = boxes[i]
            let (left, top) = (Double(box.left), Double(box.top))
            return Detection(
                box: Box(left, top, Double(box.right) - left, Double(box.bottom) - top),
                group: spec.groups[column], score: Double(scores.values[i * groups + column]))
        }
    }
}
