/// One output of a network.
public struct ModelOutput: Equatable, Sendable {
    public let shape: [Int]
    /// Row-major, as many as the shape says.
    public let values: [Float]

    public init(shape: [Int], values: [Float]) {
        self.shape = shape
        self.values = values
    }
}

/// A loaded network. The app brings one a runtime: Core ML, ExecuTorch, LiteRT.
public protocol ModelRunner: AnyObject, Sendable {
    /// Where its operations really run, for the settings to show; nil where the runtime cannot tell.
    var placement: Placement? { get }

    /// - Parameter pixels: 1 · height · width · 3 bytes, RGB.
    /// - Returns: every output, in the order of the bundle's indexes.
    func run(_ pixels: [UInt8]) throws -> [ModelOutput]
}

/// Which processor took how many of a network's operations.
public struct Placement: Equatable, Sendable {
    public struct Share: Equatable, Sendable {
        /// As people know it: "Neural Engine", "GPU", "CPU".
        public let unit: String
        public let operations: Int

        public init(unit: String, operations: Int) {
            self.unit = unit
            self.operations = operations
        }
    }

    /// The one with the most operations first.
    public let shares: [Share]

    public init(shares: [Share]) {
        self.shares = shares.sortedDescending(by: \.operations)
    }

    public var total: Int { shares.reduce(0) { $0 + $1.operations } }

    /// "Neural Engine 61 of 63, CPU 2 of 63": nothing falls to the CPU without being said.
    public var summary: String {
        shares.filter { $0.operations > 0 }.map { "\($0.unit) \($0.operations) of \(total)" }.joined(separator: ", ")
    }
}
