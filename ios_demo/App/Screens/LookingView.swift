import PocketshelfCore
import SwiftUI

/// The camera with live boxes. A tap on a box opens its hits.
struct LookingView: View {
    @Environment(AppModel.self) private var model

    var body: some View {
        @Bindable var model = model
        ZStack(alignment: .top) {
            CameraPreview(session: model.camera.session)
                .ignoresSafeArea(edges: .bottom)
                .accessibilityHidden(true)
            BoxesView(view: model.view) { model.send(.tapped($0.number, $0.region)) }
                .ignoresSafeArea(edges: .bottom)
            VStack {
                BannersView()
                Spacer()
                HintView(found: model.view?.regions.count ?? 0)
                Button("Search the whole picture") { model.searchFrame() }
                    .buttonStyle(.borderedProminent)
                    .disabled(model.view == nil)
                PhotoChoice()
                    .buttonStyle(.borderedProminent)
            }
            .padding()
        }
        .sheet(item: $model.chosen) { chosen in
            HitsView(chosen: chosen)
                .presentationDetents([.medium, .large])
        }
    }
}

/// Boxes over the preview, each a button with its group, its category and its best hit in words.
struct BoxesView: View {
    let view: LiveView?
    let choose: (LiveRegion) -> Void

    var body: some View {
        GeometryReader { place in
            if let view {
                let fit = PreviewFit(
                    frameWidth: Double(view.width), frameHeight: Double(view.height),
                    viewWidth: Double(place.size.width), viewHeight: Double(place.size.height))
                ForEach(view.regions, id: \.number) { live in
                    BoxButton(region: live.region) { choose(live) }
                        .placed(at: fit.place(live.region.box))
                }
            }
        }
    }
}

/// One box.
struct BoxButton: View {
    let region: Region
    let action: () -> Void

    var body: some View {
        Button(action: action) {
            ZStack(alignment: .topLeading) {
                RoundedRectangle(cornerRadius: 12)
                    .stroke(Color.accentColor, lineWidth: 3)
                Text(verbatim: title)
                    .font(.caption)
                    .lineLimit(1)
                    .padding(6)
                    .background(.thinMaterial, in: RoundedRectangle(cornerRadius: 8))
                    .padding(6)
            }
            .contentShape(Rectangle())
        }
        .buttonStyle(.plain)
        .accessibilityLabel(Text(verbatim: title))
        .accessibilityHint("Shows what the shelf has like this")
    }

    /// The best hit where one is good enough to be named, else the likeliest category, else the group.
    private var title: String {
        if region.isConfident != false, let hit = region.hits?.first, !hit.title.isEmpty { return hit.title }
        return region.categories.first?.name ?? groupName(region.group)
    }
}

extension View {
    /// This view in `place`, in points of the view around it.
    func placed(at place: PreviewFit.Place) -> some View {
        frame(width: CGFloat(place.width), height: CGFloat(place.height))
            .position(x: CGFloat(place.x + place.width / 2), y: CGFloat(place.y + place.height / 2))
    }
}

/// What to do, or how many things are in sight.
struct HintView: View {
    let found: Int

    var body: some View {
        Group {
            if found == 0 {
                Text("Point the camera at a product")
            } else {
                Text("\(found) things in sight. Tap one.")
            }
        }
        .font(.callout)
        .padding(12)
        .background(.regularMaterial, in: Capsule())
        .accessibilityAddTraits(.updatesFrequently)
    }
}

/// What should be known meanwhile: no network, an old shelf, a search that failed.
struct BannersView: View {
    @Environment(AppModel.self) private var model

    var body: some View {
        VStack(spacing: 8) {
            if model.screen.isOffline {
                BannerView(symbol: "wifi.slash", text: Text("Offline. The shelf in your pocket answers."))
            }
            if let seconds = model.screen.shelf?.staleFor(now: Date().timeIntervalSince1970) {
                BannerView(
                    symbol: "clock.arrow.circlepath",
                    text: Text("This shelf is \(Int(seconds / 86_400)) days old. Sync when you can."))
            }
            if let problem = model.screen.problem {
                BannerView(symbol: "exclamationmark.triangle", text: Text(verbatim: problem))
            }
        }
    }
}

/// One line over the picture.
struct BannerView: View {
    let symbol: String
    let text: Text

    var body: some View {
        Label {
            text
        } icon: {
            Image(systemName: symbol).accessibilityHidden(true)
        }
        .font(.footnote)
        .padding(10)
        .frame(maxWidth: .infinity, alignment: .leading)
        .background(.regularMaterial, in: RoundedRectangle(cornerRadius: 12))
    }
}
