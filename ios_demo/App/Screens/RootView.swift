import PocketshelfCore
import SwiftUI
import UIKit

/// The whole app: the camera, over it what was found; settings behind a button.
struct RootView: View {
    @Environment(AppModel.self) private var model

    var body: some View {
        NavigationStack {
            content
                .navigationTitle("Pocketshelf")
                .navigationBarTitleDisplayMode(.inline)
                .toolbar {
                    ToolbarItem(placement: .topBarTrailing) {
                        NavigationLink {
                            SettingsView()
                        } label: {
                            Label("Settings", systemImage: "gearshape")
                        }
                    }
                }
        }
        .task { model.send(.started) }
    }

    @ViewBuilder private var content: some View {
        if let still = model.screen.still {
            PhotoView(still: still)
        } else {
            stage
        }
    }

    @ViewBuilder private var stage: some View {
        switch model.screen.stage {
        case .starting:
            ProgressView("Opening the shelf…")
        case .noModels(let why):
            MessageView(
                title: "No models", symbol: "shippingbox", text: "This app was built without its models.", detail: why)
        case .noShelf(let why):
            NoShelfView(why: why)
        case .noCamera(let refusal):
            NoCameraView(refusal: refusal)
        case .looking:
            LookingView()
        }
    }
}

/// A state in which there is nothing to show but words and at most one thing to do.
struct MessageView<Action: View>: View {
    let title: LocalizedStringKey
    let symbol: String
    let text: LocalizedStringKey
    var detail: String?
    let action: Action

    init(
        title: LocalizedStringKey, symbol: String, text: LocalizedStringKey, detail: String? = nil,
        @ViewBuilder action: () -> Action
    ) {
        self.title = title
        self.symbol = symbol
        self.text = text
        self.detail = detail
        self.action = action()
    }

    var body: some View {
        ContentUnavailableView {
            Label(title, systemImage: symbol)
        } description: {
            Text(text)
            if let detail {
                Text(verbatim: detail).font(.footnote).foregroundStyle(.secondary)
            }
        } actions: {
            action
        }
    }
}

extension MessageView where Action == EmptyView {
    init(title: LocalizedStringKey, symbol: String, text: LocalizedStringKey, detail: String? = nil) {
        self.init(title: title, symbol: symbol, text: text, detail: detail) { EmptyView() }
    }
}

/// Nothing was synced yet, or what there is cannot be opened.
struct NoShelfView: View {
    @Environment(AppModel.self) private var model
    let why: String?

    var body: some View {
        MessageView(
            title: "No shelf yet", symbol: "tray", text: "Sync once, and searches need no network from then on.",
            detail: why
        ) {
            if model.settings.address.isEmpty {
                NavigationLink("Choose a server") { SettingsView() }
                    .buttonStyle(.borderedProminent)
            } else {
                Button("Sync now") { model.send(.syncAsked) }
                    .buttonStyle(.borderedProminent)
                    .disabled(model.screen.sync.isBusy)
            }
            SyncStateView(state: model.screen.sync)
        }
    }
}

/// The camera was refused, or there is none: photos can be chosen all the same.
struct NoCameraView: View {
    @Environment(AppModel.self) private var model
    @Environment(\.openURL) private var openURL
    let refusal: Screen.CameraRefusal

    var body: some View {
        switch refusal {
        case .notAllowed:
            MessageView(
                title: "The camera is off", symbol: "camera.fill",
                text: "Allow the camera in the system's settings, or choose a photo. Pictures stay on this device.",
                detail: model.screen.problem
            ) {
                Button("Open settings") {
                    if let url = URL(string: UIApplication.openSettingsURLString) { openURL(url) }
                }
                .buttonStyle(.borderedProminent)
                PhotoChoice()
            }
        case .none:
            MessageView(
                title: "No camera", symbol: "camera.fill",
                text: "This device has no camera that could be used. Choose a photo: searching works the same.",
                detail: model.screen.problem
            ) {
                PhotoChoice()
            }
        }
    }
}

/// How syncing goes, in words.
struct SyncStateView: View {
    let state: Screen.SyncState

    var body: some View {
        switch state {
        case .idle:
            EmptyView()
        case .running:
            ProgressView("Syncing…")
        case .warmingUp:
            ProgressView("Trying the new shelf…")
        case .failed(let why):
            Label {
                Text("The last sync failed; the shelf is as before.")
                Text(verbatim: why).foregroundStyle(.secondary)
            } icon: {
                Image(systemName: "exclamationmark.triangle").accessibilityHidden(true)
            }
            .font(.footnote)
        case .done(let sequence):
            Label("Up to date: state \(sequence ?? 0)", systemImage: "checkmark.circle")
                .font(.footnote)
                .foregroundStyle(.secondary)
        }
    }
}

extension Screen.SyncState {
    /// Whether another sync has to wait.
    var isBusy: Bool { self == .running || self == .warmingUp }
}
