import AVFoundation
import CoreGraphics
import Foundation
import Observation
import PocketshelfCore

/// Between the screens and the engine: holds the core's `Screen`, hands it what happened and runs what it asks for.
@MainActor @Observable
final class AppModel {
    /// What the core says is to be shown.
    private(set) var screen: Screen
    /// What the camera sees now, with boxes; nil before the first frame.
    private(set) var view: LiveView?
    /// The photo that is looked at in the camera's place; nil before it was read.
    private(set) var stillImage: CGImage?
    /// The loaded models and where they run.
    private(set) var models: [ModelFacts] = []
    /// What the person chose. A change is kept, and taken up at once.
    var settings: Settings {
        didSet { if settings != oldValue { changed(from: oldValue) } }
    }

    let camera: Camera
    private let engine: Engine
    private var needsReopening = false
    private var photos = 0
    /// Brings the last photo that was chosen.
    private var bring: () async throws -> Photo? = { nil }

    init(engine: Engine = Engine(), settings: Settings = .kept()) {
        self.engine = engine
        self.settings = settings
        camera = Camera(queue: engine.queue)
        screen = Screen(asksServer: settings.asksServer, syncsItself: settings.canSyncItself)
    }

    /// The chosen thing, as a sheet wants it: setting nil closes it.
    var chosen: Chosen? {
        get { screen.chosen }
        set { if newValue == nil, screen.chosen != nil { send(.closed) } }
    }

    /// Hand `event` to the core, and do what it says.
    func send(_ event: ScreenEvent) {
        for effect in screen.on(event) { run(effect) }
        if screen.still == nil, stillImage != nil { stillImage = nil }
    }

    /// Search a photo of the library, whose file `load` brings: it may come from far away.
    func search(_ load: @escaping () async throws -> Data?) {
        let engine = engine
        choose(whole: false) {
            guard let file = try await load() else { throw StillPhotos.unreadable }
            return try await engine.read(file)
        }
    }

    /// Search what the camera sees now as one thing.
    func searchFrame() {
        let engine = engine
        choose(whole: true) { await engine.frame() }
    }

    private func choose(whole: Bool, _ bring: @escaping () async throws -> Photo?) {
        photos += 1
        self.bring = bring
        stillImage = nil
        send(.photoChosen(photos, whole: whole))
    }

    private func searchPhoto(_ number: Int, whole: Bool, ask: Bool) async {
        let photo: Photo
        do {
            guard let brought = try await bring() else {
                return send(.photoFailed(number, String(localized: "It is no longer in sight.")))
            }
            photo = brought
        } catch {
            let why = (error as? PocketshelfError)?.message ?? error.localizedDescription
            return send(.photoFailed(number, oneLine(why)))
        }
        // Left meanwhile, or another was chosen.
        guard screen.still?.number == number else { return }
        stillImage = StillPhotos.image(of: photo)
        send(await engine.search(photo, number, whole: whole, ask: ask))
    }

    /// The server's picture of a product that it found; nil where there is none, or the server may not be asked.
    func picture(_ id: String) async -> CGImage? {
        guard settings.asksServer else { return nil }
        return await engine.picture(id)
    }

    /// A product of the shelf with all its columns; nil for one that is not on it.
    func product(_ id: String) async -> Product? {
        await engine.product(id)
    }

    private func run(_ effect: ScreenEffect) {
        switch effect {
        case .startCamera:
            Task { await startCamera() }
        case .stopCamera:
            camera.stop()
        case .searchPhoto(let number, let whole, let ask):
            Task { await searchPhoto(number, whole: whole, ask: ask) }
        default:
            Task { await answer(effect) }
        }
    }

    /// Run an effect of the engine's and hand on what came of it.
    private func answer(_ effect: ScreenEffect) async {
        guard let event = await engine.run(effect, settings) else { return }
        models = await engine.models()
        send(event)
    }

    private func startCamera() async {
        let engine = engine
        let refusal = await camera.start { [weak self] photo in
            guard let view = engine.see(photo) else { return }
            Task { @MainActor [weak self] in self?.view = view }
        }
        send(refusal.map(ScreenEvent.cameraRefused) ?? .cameraStarted)
    }

    /// Open shelf and models again, once the settings are left: an address is typed letter by letter.
    func reopenIfNeeded() {
        guard needsReopening else { return }
        needsReopening = false
        send(.started)
    }

    private func changed(from old: Settings) {
        settings.keep()
        if settings.asksServer != old.asksServer { send(.serverAllowed(settings.asksServer)) }
        if settings.canSyncItself != old.canSyncItself { send(.selfSyncWanted(settings.canSyncItself)) }
        // A server is asked at another address, or the models run on other processors.
        if settings.units != old.units || settings.address != old.address { needsReopening = true }
    }
}
