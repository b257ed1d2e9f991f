import CUSearch
import Foundation

/// USearch through its C API, from a shared library.
public final class USearchLibrary: GraphLibrary, @unchecked Sendable {
    /// 16 gives 95 % recall at 276 bytes an item (100,000 x 128); 8 is one point worse, 4 is useless.
    static let connectivity = 16
    static let expansionSearch = 128

    fileprivate let functions: cusearch_functions

    /// Loads the library at `path`; nil where there is none.
    public init?(path: String) {
        guard let functions = cusearch_open(path) else { return nil }
        self.functions = functions.pointee
    }

    public func empty(dimension: Int, capacity: Int) throws -> any VectorGraph {
        let graph = try USearchGraph(self, dimension: dimension, bytes: nil)
        // Before anything is added: USearch does not grow by itself.
        try graph.reserve(capacity)
        return graph
    }

    public func view(_ bytes: [UInt8], dimension: Int) throws -> any VectorGraph {
        try USearchGraph(self, dimension: dimension, bytes: bytes)
    }
}

/// One index of USearch's. One call at a time: a search takes a fraction of a millisecond.
private final class USearchGraph: VectorGraph, @unchecked Sendable {
    private static let int8 = Int32(cusearch_scalar_i8)

    private let calls: cusearch_functions
    private let dimension: Int
    private let handle: UnsafeMutableRawPointer
    /// What the graph works on, if it does not hold it itself; at an address that stays.
    private let viewed: UnsafeMutableRawBufferPointer?
    private let lock = NSLock()

    init(_ library: USearchLibrary, dimension: Int, bytes: [UInt8]?) throws {
        let calls = library.functions
        var options = cusearch_options(
            metric_kind: Int32(cusearch_metric_cos), metric: nil, quantization: Self.int8,
            dimensions: dimension, connectivity: USearchLibrary.connectivity, expansion_add: 0,
            expansion_search: USearchLibrary.expansionSearch, multi: false)
        guard let handle = try checked({ calls.make(&options, &$0) }) else {
            throw PocketshelfError.store("usearch: no index could be made")
        }
        (self.calls, self.dimension, self.handle) = (calls, dimension, handle)
        viewed = bytes.map {
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max($0.count, 1), alignment: 64)
            copy.copyBytes(from: $0)
            return copy
        }
        if let bytes, let viewed {
            try checked { calls.view_buffer(handle, viewed.baseAddress, bytes.count, &$0) }
            guard try checked({ calls.dimensions(handle, &$0) }) == dimension else {
                throw PocketshelfError.store("usearch: an index of another dimension")
            }
        }
    }

    deinit {
        var error: cusearch_error?
        calls.release(handle, &error)
        viewed?.deallocate()
    }

    var count: Int { (try? locked { calls.size(handle, &$0) }) ?? 0 }

    func reserve(_ capacity: Int) throws { try locked { calls.reserve(handle, capacity, &$0) } }

    func add(_ vectors: [Int8]) throws {
        let first = count
        try vectors.withUnsafeBufferPointer { all in
            for i in 0..<vectors.count / dimension {
                try locked {
                    calls.add(handle, UInt64(first + i), all.baseAddress! + i * dimension, Self.int8, &$0)
                }
            }
        }
    }

    func nearest(_ query: [Int8], count: Int) throws -> [(key: Int, distance: Float)] {
        var keys = [UInt64](repeating: 0, count: count), distances = [Float](repeating: 0, count: count)
        let found = try locked { calls.search(handle, query, Self.int8, count, &keys, &distances, &$0) }
        return (0..<min(found, count)).map { (Int(clamping: keys[$0]), distances[$0]) }
    }

    func vector(_ key: Int) throws -> [Int8] {
        var vector = [Int8](repeating: 0, count: dimension)
        let found = try locked { calls.get(handle, UInt64(key), 1, &vector, Self.int8, &$0) }
        guard found == 1 else { throw PocketshelfError.store("usearch: lost a vector; build or sync the store again") }
        return vector
    }

    func serialized() throws -> [UInt8] {
        let length = try locked { calls.serialized_length(handle, &$0) }
        var bytes = [UInt8](repeating: 0, count: length)
        try locked { calls.save_buffer(handle, &bytes, length, &$0) }
        return bytes
    }

    private func locked<Result>(_ call: (inout cusearch_error?) -> Result) throws -> Result {
        lock.lock()
        defer { lock.unlock() }
        return try checked(call)
    }
}

/// What a call gives; its error, which USearch writes beside it, thrown.
private func checked<Result>(_ call: (inout cusearch_error?) -> Result) throws -> Result {
    var error: cusearch_error?
    let result = call(&error)
    if let error { throw PocketshelfError.store("usearch: \(oneLine(String(cString: error)))") }
    return result
}
