import CoreML
import Foundation

/// What the person chose; kept between starts.
struct Settings: Codable, Equatable, Sendable {
    /// Address of the shop's server; empty where none was chosen.
    var server = ""
    /// Which of the server's shelves this device carries.
    var shard = "all"
    /// Whether the server may be asked, with a vector, when the shelf may lack the answer.
    var asksServer = false
    /// Whether a sync begins by itself when the app opens or comes back.
    var syncsItself = true
    /// What Core ML may use.
    var units = Units.all

    /// `server` without the blanks that a keyboard or a copied text leaves around it.
    var address: String { server.trimmingCharacters(in: .whitespacesAndNewlines) }

    /// Whether it can, too.
    var canSyncItself: Bool { syncsItself && !address.isEmpty }

    /// Processors.
    enum Units: String, Codable, CaseIterable, Sendable {
        case all, cpuAndNeuralEngine, cpuAndGPU, cpuOnly

        /// Core ML's own name.
        var computeUnits: MLComputeUnits {
            switch self {
            case .all: return .all
            case .cpuAndNeuralEngine: return .cpuAndNeuralEngine
            case .cpuAndGPU: return .cpuAndGPU
            case .cpuOnly: return .cpuOnly
            }
        }
    }

    private static let key = "settings"

    /// Those that were kept; the defaults where there are none, or they cannot be read.
    static func kept(in defaults: UserDefaults = .standard) -> Settings {
        guard let data = defaults.data(forKey: key) else { return Settings() }
        return (try? JSONDecoder().decode(Settings.self, from: data)) ?? Settings()
    }

    /// Keep them.
    func keep(in defaults: UserDefaults = .standard) {
        if let data = try? JSONEncoder().encode(self) { defaults.set(data, forKey: Self.key) }
    }
}
