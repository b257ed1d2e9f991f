import SwiftUI

/// The demo: a camera that finds products of a shelf in the pocket.
@main
struct PocketshelfApp: App {
    @State private var model = AppModel()
    @Environment(\.scenePhase) private var phase

    var body: some Scene {
        WindowGroup {
            RootView().environment(model)
        }
        .onChange(of: phase) { _, now in
            model.send(now == .active ? .appeared : .disappeared)
        }
    }
}
