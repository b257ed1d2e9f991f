import CScan
import Foundation
import PocketshelfCore

/// `bench --folder F`: milliseconds of a scan, a delta and a detector's decoding on the inputs in F, as
/// `benchmarks/phone_inputs.py` writes them, and what was found, so that a fast wrong answer is seen. One thread.
func benchCommand(_ options: Options) throws {
    try options.allow(["--folder"])
    let folder = try options.required("--folder")
    let scan = try benchScan(folder), delta = try benchDelta(folder), detector = try benchDetector(folder)
    Program.printLine([
        ("scan_ms", .number(scan.milliseconds)), ("delta_ms", .number(delta.milliseconds)),
        ("decode_ms", .number(detector.milliseconds)), ("first_hits", .array(scan.firsts.map(Json.text))),
        ("sequence", .integer(delta.sequence)), ("boxes", .integer(detector.boxes)),
        ("regions", .integer(detector.regions)), ("scan", .text(ExactIndex.instructions)),
        ("kernel_ms", .number(scan.kernel)),
    ])
}

/// Of a whole search, and of its int8 dot products alone.
private func benchScan(_ folder: String) throws -> (milliseconds: Double, kernel: Double, firsts: [String]) {
    let said = try document("\(folder)/scan.json")
    let count = try said.integer("count", low: 1), dimension = try said.integer("dimension", low: 1)
    let k = try said.integer("k", low: 1)
    let vectors = try readFile("\(folder)/vectors.i8").map { Int8(bitPattern: $0) }
    guard vectors.count == count * dimension else {
        throw PocketshelfError.usage("\(folder)/vectors.i8: not \(count) x \(dimension) bytes")
    }
    let queries = try readVectors("\(folder)/queries.f32", dimension: dimension)
    let index = ExactIndex(
        CategoryVectors(
            productIds: (0..<count).map { String(format: "%06d", $0) }, owners: (0..<count).map(Int32.init),
            block: vectors, dimension: dimension))
    let firsts = try queries.map { try index.search($0, count: k).first?.productId ?? "" }
    var times: [Double] = []
    for _ in 0..<5 {
        for query in queries { times.append(try time { _ = try index.search(query, count: k) }) }
    }
    let kernel = try benchKernel(queries, vectors, count: count, dimension: dimension)
    return (median(times), kernel, firsts)
}

private func benchKernel(_ queries: [[Float]], _ vectors: [Int8], count: Int, dimension: Int) throws -> Double {
    let rounded = try queries.map(quantized)
    var dots = [Int32](repeating: 0, count: count), times: [Double] = []
    for _ in 0..<6 {
        for query in rounded { times.append(time { cscan_dots(query, vectors, count, dimension, &dots) }) }
    }
    return median(times.dropFirst(queries.count))
}

private func benchDelta(_ folder: String) throws -> (milliseconds: Double, sequence: Int) {
    let copy = NSTemporaryDirectory() + "/pocketshelf-bench-\(UUID().uuidString).sqlite"
    defer { try? FileManager.default.removeItem(atPath: copy) }
    var times: [Double] = [], sequence = 0
    for _ in 0..<6 {
        try? FileManager.default.removeItem(atPath: copy)
        try FileManager.default.copyItem(atPath: "\(folder)/shard.sqlite", toPath: copy)
        times.append(
            try time { sequence = try applyDelta(toShard: copy, delta: "\(folder)/delta.sqlite").sequence })
    }
    return (median(times.dropFirst()), sequence)
}

private func benchDetector(_ folder: String) throws -> (milliseconds: Double, boxes: Int, regions: Int) {
    let said = try document("\(folder)/detector.json")
    let spec = try DetectorSpec.undescribed(
        said, preprocessing: Preprocessing(height: said.integers("size")[0], width: said.integers("size")[1]))
    let scores = floats(try readFile("\(folder)/scores.f32"))
    let distances = floats(try readFile("\(folder)/distances.f32"))
    let width = try said.integer("width", low: 1), height = try said.integer("height", low: 1)
    let points = distances.count / 4
    let outputs = [
        ModelOutput(shape: [1, points, spec.groups.count], values: scores),
        ModelOutput(shape: [1, points, 4], values: distances),
    ]
    let detector = NetworkDetector(spec: spec, runner: nil)
    var boxes: [Detection] = [], regions: [Detection] = [], times: [Double] = []
    for _ in 0..<70 {
        times.append(
            try time {
                boxes = try detector.decode(outputs, width: width, height: height)
                regions = selectRegions(boxes, width: width, height: height, threshold: spec.scoreThreshold)
            })
    }
    return (median(times.dropFirst(20)), boxes.count, regions.count)
}

private func document(_ path: String) throws -> Fields {
    do {
        return try Fields(StrictJson.parse(readFile(path)), where: path, kind: .usage)
    } catch let error as StrictJson.Refused {
        throw PocketshelfError.usage("\(path): cannot be read as JSON (\(error.reason))")
    }
}

/// Milliseconds of wall time.
private func time(_ work: () throws -> Void) rethrows -> Double {
    let started = DispatchTime.now().uptimeNanoseconds
    try work()
    return Double(DispatchTime.now().uptimeNanoseconds - started) / 1e6
}

private func median(_ values: some Sequence<Double>) -> Double {
    let sorted = values.sorted(), middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
