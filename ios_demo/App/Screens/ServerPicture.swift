import CoreGraphics
import PocketshelfCore
import SwiftUI

/// The picture of a product that the server found, as the server has it; nothing for one of the shelf, since to fetch
/// that would tell what is looked at. It is decoration: the words say it all.
struct ServerPicture: View {
    @Environment(AppModel.self) private var model
    let hit: Hit
    let side: CGFloat
    @State private var picture: CGImage?

    var body: some View {
        if hit.source == .server {
            Group {
                if let picture {
                    Image(decorative: picture, scale: 1)
                        .resizable()
                        .scaledToFit()
                } else {
                    Image(systemName: "photo")
                        .foregroundStyle(.tertiary)
                        .frame(maxWidth: .infinity, maxHeight: .infinity)
                        .background(Color.secondary.opacity(0.12))
                }
            }
            .frame(width: side, height: side)
            .clipShape(RoundedRectangle(cornerRadius: 8))
            .accessibilityHidden(true)
            .task { picture = await model.picture(hit.productId) }
        }
    }
}
