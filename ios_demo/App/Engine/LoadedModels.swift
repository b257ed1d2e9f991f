import Foundation
import PocketshelfCore

/// One of the models, for the settings.
struct ModelFacts: Equatable, Sendable {
    /// What it does.
    enum Role: Sendable { case embedder, detector }

    let role: Role
    /// Its file's name, which tells its runtime.
    let file: String
    /// Where its operations run; nil where the system does not tell.
    let placement: Placement?
}

/// A bundle's models, loaded and warmed up: the embedder has reproduced the golden vectors beside them.
struct LoadedModels: Sendable {
    let bundle: ModelBundle
    let encoder: Encoder
    let facts: [ModelFacts]

    /// The first bundle of `places` that works: one whose golden vectors are missed leaves the next one in use.
    ///
    /// - Throws: `PocketshelfError`: none does; why the last one, which is the app's own, does not.
    static func open(_ places: Places, units: Settings.Units) async throws -> LoadedModels {
        var failure: any Error = PocketshelfError.bundle(
            "there is no bundle in this app; README.md says how to make one")
        for folder in places.bundles where FileManager.default.fileExists(atPath: folder) {
            do {
                return try await load(folder, units)
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private static func load(_ folder: String, _ units: Settings.Units) async throws -> LoadedModels {
        let bundle = try ModelBundle(folder: folder)
        let spec = bundle.embedder
        let embedder = try await runner(
            bundle, spec.file, units,
            outputs: [(spec.embeddingOutput, "embedding"), (spec.categoriesOutput, "categories")]
                + spec.attributes.map { ($0.output, $0.name) })
        var facts = [ModelFacts(role: .embedder, file: spec.file.name, placement: embedder.placement)]
        var detector: (any ModelRunner)?
        if let spec = bundle.detector {
            detector = try await runner(
                bundle, spec.file, units, outputs: [(spec.scoresOutput, "scores"), (spec.distancesOutput, "distances")])
            facts.append(ModelFacts(role: .detector, file: spec.file.name, placement: detector?.placement))
        }
        try WarmUp.verify(
            NetworkEmbedder(spec: spec, runner: embedder), cases: GoldenCase.read(folder: folder, for: bundle))
        return LoadedModels(
            bundle: bundle, encoder: Encoder(bundle: bundle, embedder: embedder, detector: detector), facts: facts)
    }

    /// Loads a model file with the runtime that its suffix asks for.
    ///
    /// - Parameter outputs: index in the bundle and the name that the exporter gave it.
    /// - Throws: `runtimeUnavailable`: this app has none for it. `bundle`: it cannot be loaded.
    private static func runner(
        _ bundle: ModelBundle, _ file: FileSpec, _ units: Settings.Units, outputs: [(Int, String)]
    ) async throws -> any ModelRunner {
        let url = URL(fileURLWithPath: bundle.path(file))
        switch url.pathExtension.lowercased() {
        case "mlpackage":
            let names = outputs.sorted { $0.0 < $1.0 }.map(\.1)
            return try await CoreMLRunner.open(
                package: url, sha256: file.sha256, outputs: names, units: units.computeUnits)
        case "pte":
            #if canImport(ExecuTorch)
            return try ExecuTorchRunner(file: url)
            #else
            throw PocketshelfError.runtimeUnavailable(
                "\(file.name): this app was built without ExecuTorch; README.md says how to add it")
            #endif
        default:
            throw PocketshelfError.runtimeUnavailable(
                "\(file.name): no runtime for '.\(url.pathExtension)' files here; there are .mlpackage and .pte")
        }
    }
}
