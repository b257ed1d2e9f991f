// Pillow's antialiased bilinear filter (a triangle whose support grows with the reduction) on a sub-pixel box,
// in its fixed-point arithmetic: 22 bits after the point, each pass rounded to bytes. So the networks see on the phone,
// byte for byte, what they saw in training. (libImaging/Resample.c.)

private let precisionBits = 32 - 8 - 2

/// Which input pixels make each output pixel of one axis, and with what weights.
private struct Weights {
    let starts: [Int]
    let counts: [Int]
    /// `longest` weights an output pixel, in units of 2^-22.
    let values: [Int32]
    let longest: Int

    /// - Parameters:
    ///   - size: input pixels of the axis.
    ///   - from, to: the box's two sides on it.
    init(size: Int, from: Float, to: Float, output: Int) {
        // The box is of single precision, as it is in Pillow.
        let scale = Double(to - from) / Double(output)
        let stretch = max(scale, 1.0), support = stretch
        longest = Int(support.rounded(.up)) * 2 + 1
        var starts: [Int] = [], counts: [Int] = []
        var values = [Int32](repeating: 0, count: output * longest)
        for place in 0..<output {
            let center = Double(from) + (Double(place) + 0.5) * scale
            let first = max(Int(center - support + 0.5), 0)
            let count = min(Int(center + support + 0.5), size) - first
            var raw = (0..<count).map { offset -> Double in
                let distance = abs((Double(offset + first) - center + 0.5) * (1.0 / stretch))
                return distance < 1 ? 1 - distance : 0
            }
            let total = raw.reduce(0, +)
            if total != 0 { raw = raw.map { $0 / total } }
            for (offset, weight) in raw.enumerated() {
                values[place * longest + offset] = Int32(0.5 + weight * Double(1 << precisionBits))
            }
            starts.append(first)
            counts.append(count)
        }
        (self.starts, self.counts, self.values) = (starts, counts, values)
    }
}

/// Resamples `box`, inside the frame, of RGB `pixels` to `width` · `height`.
///
/// - Returns: height · width · 3 bytes.
func resize(
    _ pixels: [UInt8], columns: Int, rows: Int, box: Box, toWidth width: Int, height: Int
) -> [UInt8] {
    let left = Float(max(box.x, 0)), right = Float(min(box.x + box.width, Double(columns)))
    let top = Float(max(box.y, 0)), bottom = Float(min(box.y + box.height, Double(rows)))
    let across = width != columns || left != 0 || right != Float(columns)
    let down = height != rows || top != 0 || bottom != Float(rows)
    let vertical = Weights(size: rows, from: top, to: bottom, output: height)
    guard across else { return down ? resizedDown(pixels, columns: columns, vertical, skip: 0) : pixels }
    let horizontal = Weights(size: columns, from: left, to: right, output: width)
    if down, downFirst(columns: columns, rows: rows, toWidth: width, height: height) {
        let low = resizedDown(pixels, columns: columns, vertical, skip: 0)
        return resizedAcross(low, columns: columns, rows: 0..<height, horizontal)
    }
    // Only the rows that the second pass will look at.
    let first = down ? vertical.starts[0] : 0
    let last = down ? vertical.starts[height - 1] + vertical.counts[height - 1] : rows
    let squeezed = resizedAcross(pixels, columns: columns, rows: first..<last, horizontal)
    return down ? resizedDown(squeezed, columns: width, vertical, skip: first) : squeezed
}

/// Whether Pillow, from version 13 on, brings a picture down before it brings it across: a tall one, by the whole
/// picture's sides. The passes are rounded to bytes between them, and so their order shows.
private func downFirst(columns: Int, rows: Int, toWidth width: Int, height: Int) -> Bool {
    rows > height && rows - height > 2 * (columns - width)
}

private func resizedAcross(_ pixels: [UInt8], columns: Int, rows: Range<Int>, _ weights: Weights) -> [UInt8] {
    let width = weights.starts.count
    return [UInt8](unsafeUninitializedCapacity: rows.count * width * 3) { out, filled in
        pixels.withUnsafeBufferPointer { pixels in
            weights.values.withUnsafeBufferPointer { values in
                var target = 0
                for row in rows {
                    for place in 0..<width {
                        var at = (row * columns + weights.starts[place]) * 3
                        var (red, green, blue) = (half, half, half)
                        let begin = place * weights.longest
                        for k in begin..<begin + weights.counts[place] {
                            let weight = values[k]
                            red &+= Int32(pixels[at]) &* weight
                            green &+= Int32(pixels[at + 1]) &* weight
                            blue &+= Int32(pixels[at + 2]) &* weight
                            at += 3
                        }
                        out[target] = byte(red)
                        out[target + 1] = byte(green)
                        out[target + 2] = byte(blue)
                        target += 3
                    }
                }
            }
        }
        filled = rows.count * width * 3
    }
}

/// - Parameter skip: how many of the frame's rows `pixels` lacks at its top.
private func resizedDown(_ pixels: [UInt8], columns: Int, _ weights: Weights, skip: Int) -> [UInt8] {
    let height = weights.starts.count, stride = columns * 3
    return [UInt8](unsafeUninitializedCapacity: height * stride) { out, filled in
        pixels.withUnsafeBufferPointer { pixels in
            weights.values.withUnsafeBufferPointer { values in
                for row in 0..<height {
                    let begin = row * weights.longest
                    let first = (weights.starts[row] - skip) * stride
                    for column in 0..<stride {
                        var sum = half
                        var at = first + column
                        for k in begin..<begin + weights.counts[row] {
                            sum &+= Int32(pixels[at]) &* values[k]
                            at += stride
                        }
                        out[row * stride + column] = byte(sum)
                    }
                }
            }
        }
        filled = height * stride
    }
}

private let half: Int32 = 1 << (precisionBits - 1)

@inline(__always)
private func byte(_ sum: Int32) -> UInt8 { UInt8(clamping: sum >> precisionBits) }
