import Foundation

/// A detector's group in the person's language; one that a bundle adds is shown as the bundle says it.
func groupName(_ group: String) -> String {
    switch group {
    case "upper": return String(localized: "Top")
    case "outerwear": return String(localized: "Jacket")
    case "dress": return String(localized: "Dress")
    case "trousers": return String(localized: "Trousers")
    case "shorts": return String(localized: "Shorts")
    case "skirt": return String(localized: "Skirt")
    case "footwear": return String(localized: "Shoes")
    case "bag": return String(localized: "Bag")
    case "hat": return String(localized: "Hat")
    case "accessory": return String(localized: "Accessory")
    case "goods": return String(localized: "Product")
    case "frame": return String(localized: "Whole picture")
    default: return group
    }
}
