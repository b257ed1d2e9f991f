import PocketshelfCore
import SwiftUI

/// Server, shelf, freshness, privacy, and which processor really runs the models.
struct SettingsView: View {
    @Environment(AppModel.self) private var model

    var body: some View {
        Form {
            ServerSection()
            ShelfSection()
            PrivacySection()
            ModelsSection()
        }
        .navigationTitle("Settings")
        .navigationBarTitleDisplayMode(.inline)
        .onDisappear { model.reopenIfNeeded() }
    }
}

/// Where the shelf comes from.
private struct ServerSection: View {
    @Environment(AppModel.self) private var model

    var body: some View {
        @Bindable var model = model
        Section {
            TextField("Address, as in https://shop.example", text: $model.settings.server)
                .keyboardType(.URL)
                .textInputAutocapitalization(.never)
                .autocorrectionDisabled()
            TextField("Shelf", text: $model.settings.shard)
                .textInputAutocapitalization(.never)
                .autocorrectionDisabled()
            Toggle("Sync by itself", isOn: $model.settings.syncsItself)
            Button("Sync now") { model.send(.syncAsked) }
                .disabled(model.screen.sync.isBusy || model.settings.address.isEmpty)
            SyncStateView(state: model.screen.sync)
        } header: {
            Text("Server")
        } footer: {
            Text("What comes from the server is signed. A shelf that is older, cut short or forged is refused.")
        }
    }
}

/// What is in the pocket now, and how fresh it is.
private struct ShelfSection: View {
    @Environment(AppModel.self) private var model

    var body: some View {
        Section("Shelf") {
            if let shelf = model.screen.shelf {
                LabeledContent("Products") { Text(shelf.products, format: .number) }
                LabeledContent("State") { Text(verbatim: String(shelf.sequence)) }
                if let updated = shelf.updated {
                    LabeledContent("Last sync") {
                        Text(Date(timeIntervalSince1970: updated), format: .dateTime.day().month().hour().minute())
                    }
                }
                Button("Back to the previous shelf", role: .destructive) { model.send(.rollBackAsked) }
                if let problem = model.screen.problem {
                    Text(verbatim: problem).font(.footnote).foregroundStyle(.secondary)
                }
            } else {
                Text("No shelf yet")
            }
        }
    }
}

/// What leaves the device.
private struct PrivacySection: View {
    @Environment(AppModel.self) private var model

    var body: some View {
        @Bindable var model = model
        Section {
            Toggle("Ask the server when unsure", isOn: $model.settings.asksServer)
        } header: {
            Text("Privacy")
        } footer: {
            Text("Photos never leave this device. When this is on, a few numbers that describe the thing are sent.")
        }
    }
}

/// Which runtime, on which units, and what became of it.
private struct ModelsSection: View {
    @Environment(AppModel.self) private var model

    var body: some View {
        @Bindable var model = model
        Section {
            Picker("Processors", selection: $model.settings.units) {
                Text("All").tag(Settings.Units.all)
                Text("CPU and Neural Engine").tag(Settings.Units.cpuAndNeuralEngine)
                Text("CPU and GPU").tag(Settings.Units.cpuAndGPU)
                Text("CPU only").tag(Settings.Units.cpuOnly)
            }
            ForEach(model.models, id: \.role) { each in
                LabeledContent {
                    if let placement = each.placement {
                        Text(verbatim: placement.summary)
                    } else {
                        Text("The system does not tell")
                    }
                } label: {
                    switch each.role {
                    case .embedder: Text("What it is")
                    case .detector: Text("Where it is")
                    }
                    Text(verbatim: each.file).font(.footnote).foregroundStyle(.secondary)
                }
            }
        } header: {
            Text("Models")
        } footer: {
            Text("Counted are the operations that each processor takes, as the system planned them.")
        }
    }
}
