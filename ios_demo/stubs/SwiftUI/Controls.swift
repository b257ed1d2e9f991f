// https://developer.apple.com/documentation/swiftui/controls-and-indicators
import CoreGraphics
import Foundation

public struct Text: Primitive, Sendable {
    public init(_ key: LocalizedStringKey, tableName: String? = nil, comment: StaticString? = nil) { fatalError() }
    @_disfavoredOverload public init<S: StringProtocol>(_ content: S) { fatalError() }
    public init(verbatim content: String) { fatalError() }
    public init<F: FormatStyle>(_ input: F.FormatInput, format: F) where F.FormatInput: Equatable, F.FormatOutput == String { fatalError() }
}
public struct LocalizedStringKey: Equatable, ExpressibleByStringInterpolation, Sendable {
    public init(stringLiteral value: String) { fatalError() }
}
public struct Image: Primitive, Sendable {
    public enum Orientation: Sendable { case up }
    public init(systemName: String) { fatalError() }
    public init(decorative cgImage: CGImage, scale: CGFloat, orientation: Orientation = .up) { fatalError() }
    public func resizable() -> Image { fatalError() }
}
public struct Label<Title: View, Icon: View>: Primitive {
    public init(@ViewBuilder title: () -> Title, @ViewBuilder icon: () -> Icon) { fatalError() }
}
extension Label where Title == Text, Icon == Image {
    public init(_ titleKey: LocalizedStringKey, systemImage name: String) { fatalError() }
}
public struct LabeledContent<Label: View, Content: View>: Primitive {}
extension LabeledContent {
    public init(@ViewBuilder content: () -> Content, @ViewBuilder label: () -> Label) { fatalError() }
}
extension LabeledContent where Label == Text {
    public init(_ titleKey: LocalizedStringKey, @ViewBuilder content: () -> Content) { fatalError() }
}
public struct ButtonRole: Equatable, Sendable { public static let destructive = ButtonRole(), cancel = ButtonRole() }
public struct Button<Label: View>: Primitive {
    public init(action: @escaping @MainActor () -> Void, @ViewBuilder label: () -> Label) { fatalError() }
}
extension Button where Label == Text {
    public init(_ titleKey: LocalizedStringKey, action: @escaping @MainActor () -> Void) { fatalError() }
    public init(_ titleKey: LocalizedStringKey, role: ButtonRole?, action: @escaping @MainActor () -> Void) { fatalError() }
}
public struct Toggle<Label: View>: Primitive {}
extension Toggle where Label == Text {
    public init(_ titleKey: LocalizedStringKey, isOn: Binding<Bool>) { fatalError() }
}
public struct TextField<Label: View>: Primitive {}
extension TextField where Label == Text {
    public init(_ titleKey: LocalizedStringKey, text: Binding<String>) { fatalError() }
}
public struct Picker<Label: View, SelectionValue: Hashable, Content: View>: Primitive {}
extension Picker where Label == Text {
    public init(_ titleKey: LocalizedStringKey, selection: Binding<SelectionValue>, @ViewBuilder content: () -> Content) { fatalError() }
}
public struct ProgressView<Label: View, CurrentValueLabel: View>: Primitive {}
extension ProgressView where CurrentValueLabel == EmptyView, Label == Text {
    public init(_ titleKey: LocalizedStringKey) { fatalError() }
}
public struct ContentUnavailableView<Label: View, Description: View, Actions: View>: Primitive {
    public init(
        @ViewBuilder label: () -> Label, @ViewBuilder description: () -> Description = { EmptyView() },
        @ViewBuilder actions: () -> Actions = { EmptyView() }
    ) { fatalError() }
}

@MainActor @preconcurrency public protocol Shape: View, Sendable where Body == Never {}
extension Shape {
    public nonisolated var body: Never { fatalError() }
    public func stroke<S: ShapeStyle>(_ content: S, lineWidth: CGFloat = 1) -> some View { EmptyView() }
}
public struct Rectangle: Shape { public nonisolated init() {} }
public struct Capsule: Shape { public nonisolated init() {} }
public struct RoundedRectangle: Shape { public nonisolated init(cornerRadius: CGFloat) {} }

public protocol ShapeStyle: Sendable {}
public struct Color: Primitive, ShapeStyle, Hashable {
    public static let accentColor = Color(), secondary = Color(), clear = Color(), primary = Color()
    nonisolated init() {}
    public nonisolated func opacity(_ opacity: Double) -> Color { fatalError() }
}
public struct Material: ShapeStyle {}
public struct HierarchicalShapeStyle: ShapeStyle {}
extension ShapeStyle where Self == Material {
    public static var thinMaterial: Material { fatalError() }
    public static var regularMaterial: Material { fatalError() }
}
extension ShapeStyle where Self == HierarchicalShapeStyle {
    public static var primary: HierarchicalShapeStyle { fatalError() }
    public static var secondary: HierarchicalShapeStyle { fatalError() }
    public static var tertiary: HierarchicalShapeStyle { fatalError() }
}

public struct Font: Hashable, Sendable {
    public static let body = Font(), callout = Font(), caption = Font(), footnote = Font(), headline = Font()
    public static let subheadline = Font(), title2 = Font(), title3 = Font()
    public func monospacedDigit() -> Font { fatalError() }
    public func bold() -> Font { fatalError() }
}

// On Apple's systems these are Foundation's.
public struct LocalizedStringResource: ExpressibleByStringInterpolation, Sendable {
    public init(stringLiteral value: String) { fatalError() }
}
extension String {
    public init(localized key: LocalizationValue) { fatalError() }
    public struct LocalizationValue: ExpressibleByStringInterpolation {
        public init(stringLiteral value: String) { fatalError() }
    }
}
