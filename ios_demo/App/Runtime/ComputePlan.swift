import CoreML
import Foundation
import PocketshelfCore

/// Which compute unit Core ML gives each operation of a model: a silent fall to the CPU is seen in the settings.
enum ComputePlan {
    /// Counts the operations by the unit that Core ML prefers; constants and what runs nowhere are left out.
    ///
    /// Core ML tells this from iOS 17.4 on. Before, and for a model that is no ML Program, nothing is claimed.
    static func placement(of compiled: URL, configuration: MLModelConfiguration) async -> Placement? {
        guard #available(iOS 17.4, *),
            let plan = try? await MLComputePlan.load(contentsOf: compiled, configuration: configuration),
            case .program(let program) = plan.modelStructure,
            let main = program.functions["main"]
        else {
            return nil
        }
        var counts: [String: Int] = [:]
        for operation in main.block.operations {
            if let usage = plan.deviceUsage(for: operation) {
                counts[name(of: usage.preferred), default: 0] += 1
            }
        }
        return Placement(shares: counts.sorted { $0.key < $1.key }.map { .init(unit: $0.key, operations: $0.value) })
    }

    @available(iOS 17.4, *)
    private static func name(of device: MLComputeDevice) -> String {
        switch device {
        case .cpu: return "CPU"
        case .gpu: return "GPU"
        case .neuralEngine: return "Neural Engine"
        @unknown default: return "?"
        }
    }
}
