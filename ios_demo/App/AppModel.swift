import AVFoundation
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
    /// The loaded models and where they run.
    private(set) var models: [ModelFacts] = []
    /// What the person chose. A change is kept, and taken up at once.
    var settings: Settings {
        didSet { if settings != oldValue { changed(from: oldValue) } }
    }

    let camera: Camera
    private let engine: Engine
    private var needsReopening = false

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
        if settings.units != old.units || settings.server != old.server { needsReopening = true }
    }
}
