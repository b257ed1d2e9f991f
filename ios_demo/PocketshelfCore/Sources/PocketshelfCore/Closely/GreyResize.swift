// OpenCV's ways of resizing 8-bit pictures, in its arithmetic, so that corners come to lie where the shelf's were
// looked for (imgproc, resize.cpp: INTER_AREA, INTER_CUBIC, INTER_LINEAR_EXACT).

/// The share that each of the pixels below an output pixel has in it.
private struct AreaShares {
    var starts: [Int] = []
    var counts: [Int] = []
    var values: [Float] = []

    init(size: Int, output: Int) {
        let scale = 1 / (Double(output) / Double(size))
        for place in 0..<output {
            let from = Double(place) * scale, to = from + scale
            let cell = min(scale, Double(size) - from)
            let last = min(Int(to.rounded(.down)), size - 1)
            let first = min(Int(from.rounded(.up)), last)
            let before = values.count
            if Double(first) - from > 1e-3 {
                starts.append(first - 1)
                values.append(Float((Double(first) - from) / cell))
            } else {
                starts.append(first)
            }
            for _ in first..<last { values.append(Float(1 / cell)) }
            if to - Double(last) > 1e-3 { values.append(Float(min(min(to - Double(last), 1), cell) / cell)) }
            counts.append(values.count - before)
        }
    }
}

/// Each output pixel the mean of the area that it covers; for pictures that become smaller.
func averaged(_ grey: GreyRows, width: Int, height: Int) -> GreyImage {
    if grey.columns % width == 0, grey.rows % height == 0 { return averagedWhole(grey, width: width, height: height) }
    let across = AreaShares(size: grey.columns, output: width)
    let down = AreaShares(size: grey.rows, output: height)
    return GreyImage(width: width, height: height) { out in
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: grey.columns) { row in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * width) { sums in
                let squeezed = sums.baseAddress!, total = squeezed + width
                var held = -1, weight = 0
                for y in 0..<height {
                    for x in 0..<width { total[x] = 0 }
                    for source in down.starts[y]..<down.starts[y] + down.counts[y] {
                        if source != held {
                            grey.fill(source, row.baseAddress!)
                            squeeze(row.baseAddress!, across, squeezed)
                            held = source
                        }
                        let beta = down.values[weight]
                        weight += 1
                        for x in 0..<width { total[x] += beta * squeezed[x] }
                    }
                    for x in 0..<width { out[y * width + x] = greyByte(total[x]) }
                }
            }
        }
    }
}

@inline(__always)
private func squeeze(_ row: UnsafePointer<UInt8>, _ shares: AreaShares, _ out: UnsafeMutablePointer<Float>) {
    shares.values.withUnsafeBufferPointer { values in
        var weight = 0
        for x in 0..<shares.starts.count {
            var sum: Float = 0
            let from = row + shares.starts[x]
            for k in 0..<shares.counts[x] { sum += Float(from[k]) * values[weight + k] }
            weight += shares.counts[x]
            out[x] = sum
        }
    }
}

/// Where every output pixel is the mean of a whole number of pixels.
private func averagedWhole(_ grey: GreyRows, width: Int, height: Int) -> GreyImage {
    let across = grey.columns / width, down = grey.rows / height
    let share = 1 / Float(across * down), isHalf = across == 2 && down == 2
    return GreyImage(width: width, height: height) { out in
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: grey.columns) { row in
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: width) { sums in
                for y in 0..<height {
                    for x in 0..<width { sums[x] = 0 }
                    for source in y * down..<(y + 1) * down {
                        grey.fill(source, row.baseAddress!)
                        for x in 0..<width {
                            for k in x * across..<(x + 1) * across { sums[x] &+= Int32(row[k]) }
                        }
                    }
                    for x in 0..<width {
                        out[y * width + x] =
                            isHalf ? UInt8(truncatingIfNeeded: (sums[x] + 2) >> 2) : greyByte(Float(sums[x]) * share)
                    }
                }
            }
        }
    }
}

/// The four pixels about each output pixel, and what they weigh.
private struct CubicWeights {
    var places: [Int] = []
    var values: [Float] = []

    init(size: Int, output: Int) {
        let scale = 1 / (Double(output) / Double(size)), a = -0.75
        for place in 0..<output {
            let middle = (Double(place) + 0.5) * scale - 0.5, below = middle.rounded(.down)
            let x = middle - below, first = Int(below) - 1
            let one = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a
            let two = ((a + 2) * x - (a + 3)) * x * x + 1
            let three = ((a + 2) * (1 - x) - (a + 3)) * (1 - x) * (1 - x) + 1
            for (k, value) in [one, two, three, 1 - one - two - three].enumerated() {
                places.append(min(max(first + k, 0), size - 1))
                values.append(Float(value))
            }
        }
    }
}

/// By four pixels each way; for pictures that become larger, or stay. Which of two bytes a sum halfway between them
/// becomes differs between builds of OpenCV.
func interpolated(_ grey: GreyRows, width: Int, height: Int) -> GreyImage {
    if width == grey.columns, height == grey.rows {
        return GreyImage(width: width, height: height) { out in
            for y in 0..<height { grey.fill(y, out.baseAddress! + y * width) }
        }
    }
    let across = CubicWeights(size: grey.columns, output: width)
    let down = CubicWeights(size: grey.rows, output: height)
    var wide = [Float](repeating: 0, count: grey.rows * width)
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: grey.columns) { row in
        for y in 0..<grey.rows {
            grey.fill(y, row.baseAddress!)
            for x in 0..<width {
                var sum: Float = 0
                for k in 4 * x..<4 * x + 4 { sum += Float(row[across.places[k]]) * across.values[k] }
                wide[y * width + x] = sum
            }
        }
    }
    return GreyImage(width: width, height: height) { out in
        for y in 0..<height {
            let starts = (0..<4).map { down.places[4 * y + $0] * width }
            for x in 0..<width {
                var sum: Float = 0
                for k in 0..<4 { sum += wide[starts[k] + x] * down.values[4 * y + k] }
                out[y * width + x] = greyByte(sum)
            }
        }
    }
}

/// The two pixels about each output pixel; what the second weighs, in 2^-8.
private struct LinearWeights {
    var places: [Int] = []
    var seconds: [Int32] = []

    init(size: Int, output: Int) {
        let scale = 1 / (Double(output) / Double(size))
        for place in 0..<output {
            let middle = scale * (Double(place) + 0.5) - 0.5, below = Int(middle.rounded(.down))
            let isInside = below >= 0 && below < size - 1
            places.append(isInside ? below : below < 0 ? 0 : size - 1)
            let share = ((middle - Double(below)) * 256).rounded(.toNearestOrEven)
            seconds.append(isInside ? Int32(share) : 0)
        }
    }
}

extension GreyImage {
    /// The next level of a pyramid: two pixels each way, exact in fixed point.
    func shrunk(width: Int, height: Int) -> GreyImage {
        let across = LinearWeights(size: self.width, output: width)
        let down = LinearWeights(size: self.height, output: height)
        return GreyImage(width: width, height: height) { out in
            pixels.withUnsafeBufferPointer { pixels in
                withUnsafeTemporaryAllocation(of: Int32.self, capacity: 2 * width) { lines in
                    var upper = lines.baseAddress!, lower = upper + width
                    var heldUpper = -1, heldLower = -1
                    for y in 0..<height {
                        let above = down.places[y], below = min(above + 1, self.height - 1)
                        if above == heldLower {
                            (upper, lower, heldUpper, heldLower) = (lower, upper, heldLower, heldUpper)
                        }
                        if above != heldUpper {
                            line(pixels.baseAddress! + above * self.width, across, upper)
                            heldUpper = above
                        }
                        if below != heldLower {
                            line(pixels.baseAddress! + below * self.width, across, lower)
                            heldLower = below
                        }
                        let second = down.seconds[y], first = 256 - second
                        let target = out.baseAddress! + y * width
                        for x in 0..<width {
                            let sum = upper[x] &* first &+ lower[x] &* second
                            target[x] = UInt8(truncatingIfNeeded: (sum &+ 0x8000) >> 16)
                        }
                    }
                }
            }
        }
    }

    private func line(_ row: UnsafePointer<UInt8>, _ weights: LinearWeights, _ out: UnsafeMutablePointer<Int32>) {
        weights.places.withUnsafeBufferPointer { places in
            weights.seconds.withUnsafeBufferPointer { seconds in
                for x in 0..<places.count {
                    let at = places[x], second = seconds[x]
                    let next = second == 0 ? 0 : Int32(row[at + 1])
                    out[x] = Int32(row[at]) &* (256 &- second) &+ next &* second
                }
            }
        }
    }
}
