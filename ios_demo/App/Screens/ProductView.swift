import PocketshelfCore
import SwiftUI

/// One product: its words and its further columns; of one that the server found, the server's picture.
struct ProductView: View {
    @Environment(AppModel.self) private var model
    let hit: Hit
    @State private var product: Product?

    var body: some View {
        List {
            Section {
                ServerPicture(hit: hit, side: 240)
                    .frame(maxWidth: .infinity)
                Text(verbatim: hit.title.isEmpty ? hit.productId : hit.title)
                    .font(.title2)
                    .accessibilityAddTraits(.isHeader)
            }
            Section("Details") {
                LabeledContent("Category") { Text(verbatim: hit.category) }
                LabeledContent("Article number") { Text(verbatim: hit.productId) }
                ForEach(rows, id: \.name) { row in
                    LabeledContent {
                        Text(verbatim: row.value)
                    } label: {
                        Text(verbatim: row.name)
                    }
                }
            }
            if hit.source == .server {
                Section {
                    Label("From the server: this shelf does not carry it.", systemImage: "cloud")
                        .font(.footnote)
                }
            }
        }
        .navigationTitle(Text(verbatim: hit.title.isEmpty ? hit.productId : hit.title))
        .navigationBarTitleDisplayMode(.inline)
        .task { product = await model.product(hit.productId) }
    }

    /// The catalogue's further columns, by name.
    private var rows: [DetailRow] {
        DetailRow.rows(of: product?.attributes ?? hit.attributes)
    }
}

/// A name and a value of a product.
struct DetailRow: Equatable {
    let name: String
    let value: String

    /// The plain values of `attributes`; lists, objects and a palette are left out, since a shopper cannot read them.
    static func rows(of attributes: JsonObject) -> [DetailRow] {
        attributes.names.filter { $0 != paletteAttribute }.compactMap { name in
            plain(attributes[name] ?? .null).map { DetailRow(name: name, value: $0) }
        }
        .sorted { $0.name < $1.name }
    }

    private static func plain(_ value: Json) -> String? {
        switch value {
        case .text(let text): return text.isEmpty ? nil : text
        case .integer(let number): return String(number)
        case .number(let number): return number.formatted()
        case .bool(let yes): return yes ? String(localized: "yes") : String(localized: "no")
        case .null, .array, .object: return nil
        }
    }
}
