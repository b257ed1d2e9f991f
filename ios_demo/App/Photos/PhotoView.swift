import PhotosUI
import PocketshelfCore
import SwiftUI

/// A photo in the camera's place, with a box around each thing. A tap on a box opens its hits.
struct PhotoView: View {
    @Environment(AppModel.self) private var model
    let still: Still

    var body: some View {
        @Bindable var model = model
        ZStack {
            if let image = model.stillImage {
                Image(decorative: image, scale: 1)
                    .resizable()
                    .scaledToFit()
                    .accessibilityHidden(true)
            }
            if let found = still.found {
                PhotoBoxes(found: found) { place, region in
                    model.send(.tapped(Chosen.number(ofPlace: place), region))
                }
            } else {
                ProgressView("Searching…")
                    .padding()
                    .background(.regularMaterial, in: RoundedRectangle(cornerRadius: 12))
            }
            VStack {
                BannersView()
                Spacer()
                Button {
                    model.send(.photoClosed)
                } label: {
                    Label("Close", systemImage: "xmark")
                }
                .buttonStyle(.borderedProminent)
            }
            .padding()
        }
        .frame(maxWidth: .infinity, maxHeight: .infinity)
        .sheet(item: $model.chosen) { chosen in
            HitsView(chosen: chosen)
                .presentationDetents([.medium, .large])
        }
    }
}

/// Boxes over a photo that is seen whole, the smaller ones above the larger.
struct PhotoBoxes: View {
    let found: PhotoAnswer
    let choose: (Int, Region) -> Void

    var body: some View {
        GeometryReader { place in
            let fit = PreviewFit(
                frameWidth: Double(found.width), frameHeight: Double(found.height),
                viewWidth: Double(place.size.width), viewHeight: Double(place.size.height), fills: false)
            ForEach(largestFirst, id: \.self) { each in
                BoxButton(region: found.regions[each].region) { choose(each, found.regions[each].region) }
                    .placed(at: fit.place(found.regions[each].region.box))
            }
        }
    }

    /// Places of the regions.
    private var largestFirst: [Int] {
        let areas = found.regions.map { $0.region.box.width * $0.region.box.height }
        return areas.indices.sorted { areas[$0] > areas[$1] }
    }
}

/// Chooses a photo of the library. The system shows it and hands over that one alone: no permission is asked for.
struct PhotoChoice: View {
    @Environment(AppModel.self) private var model
    @State private var item: PhotosPickerItem?

    var body: some View {
        PhotosPicker(selection: $item, matching: .images) {
            Label("Choose a photo", systemImage: "photo.on.rectangle")
        }
        .onChange(of: item) { _, chosen in
            guard let chosen else { return }
            // The same one may be chosen again.
            item = nil
            model.search { try await chosen.loadTransferable(type: Data.self) }
        }
    }
}
