import PocketshelfCore
import SwiftUI

/// What the shelf has like the chosen thing: category chips, the hits, and where they come from.
struct HitsView: View {
    @Environment(AppModel.self) private var model
    @Environment(\.dismiss) private var dismiss
    let chosen: Chosen

    /// What the core knows of it now; what the sheet was opened with, while it closes.
    private var now: Chosen { model.screen.chosen ?? chosen }

    var body: some View {
        NavigationStack {
            VStack(spacing: 0) {
                CategoryChips(chosen: now)
                Divider()
                results
            }
            .navigationTitle(Text(verbatim: now.region.categories.first?.name ?? groupName(now.region.group)))
            .navigationBarTitleDisplayMode(.inline)
            .toolbar {
                ToolbarItem(placement: .cancellationAction) {
                    Button("Close") { dismiss() }
                }
            }
        }
    }

    @ViewBuilder private var results: some View {
        let hits = now.region.hits ?? []
        if now.isSearching, hits.isEmpty {
            ProgressView("Searching…").frame(maxHeight: .infinity)
        } else if let problem = model.screen.problem {
            MessageView(
                title: "The search failed", symbol: "exclamationmark.triangle", text: "Nothing was found.",
                detail: problem)
        } else if hits.isEmpty {
            MessageView(
                title: "Nothing like this here", symbol: "magnifyingglass",
                text: "The shelf has no product in this category. Try another one above.")
        } else {
            List {
                if now.region.isNothing {
                    Label(
                        "Probably nothing like this on this shelf; these come closest.",
                        systemImage: "questionmark.circle")
                        .aside()
                } else if now.region.isConfident == false {
                    Label("Not sure; it may be one of these.", systemImage: "questionmark.circle")
                        .aside()
                }
                ForEach(hits, id: \.productId) { hit in
                    NavigationLink {
                        ProductView(hit: hit)
                    } label: {
                        HitRow(hit: hit)
                    }
                }
                if now.asked == .unavailable {
                    Label(
                        "The server was asked and did not answer; these are the shelf's own.",
                        systemImage: "wifi.slash")
                        .aside()
                }
            }
            .listStyle(.plain)
        }
    }
}

extension View {
    /// Small and pale: what is said beside the hits.
    func aside() -> some View { font(.footnote).foregroundStyle(.secondary) }
}

/// The likeliest categories of the thing, and all; a tap searches in that one without another photo.
struct CategoryChips: View {
    @Environment(AppModel.self) private var model
    let chosen: Chosen

    var body: some View {
        ScrollView(.horizontal, showsIndicators: false) {
            HStack(spacing: 8) {
                chip(Text("As seen"), choice: .auto)
                ForEach(chosen.chips, id: \.self) { name in
                    chip(Text(verbatim: name), choice: .named([name]))
                }
                chip(Text("Everything"), choice: .all)
            }
            .padding(.horizontal)
            .padding(.vertical, 10)
        }
        .accessibilityLabel("Categories")
    }

    private func chip(_ name: Text, choice: CategoryChoice) -> some View {
        let on = chosen.choice == choice
        return Button {
            model.send(.categoryChosen(choice))
        } label: {
            name
                .font(.subheadline)
                .padding(.horizontal, 14)
                .padding(.vertical, 8)
                .background(on ? Color.accentColor.opacity(0.25) : Color.secondary.opacity(0.12), in: Capsule())
        }
        .buttonStyle(.plain)
        .accessibilityAddTraits(on ? .isSelected : [])
    }
}

/// One hit: picture, title, category, how alike.
struct HitRow: View {
    let hit: Hit

    var body: some View {
        HStack(spacing: 12) {
            ServerPicture(hit: hit, side: 56)
            VStack(alignment: .leading, spacing: 2) {
                Text(verbatim: hit.title.isEmpty ? hit.productId : hit.title)
                    .font(.body)
                Text(verbatim: hit.category)
                    .font(.footnote)
                    .foregroundStyle(.secondary)
                if hit.source == .server {
                    Label("From the server", systemImage: "cloud")
                        .font(.caption)
                        .foregroundStyle(.secondary)
                }
            }
            Spacer()
            Text(verbatim: likeness)
                .font(.callout.monospacedDigit())
                .foregroundStyle(.secondary)
                .accessibilityLabel("Likeness \(likeness)")
        }
        .accessibilityElement(children: .combine)
    }

    /// The cosine as a person reads it.
    private var likeness: String { max(hit.score, 0).formatted(.percent.precision(.fractionLength(0))) }
}
