// https://developer.apple.com/documentation/uikit
@_exported import Foundation

open class CALayer: NSObject {}

@MainActor open class UIView: NSObject {
    public override init() { super.init() }
    open class var layerClass: AnyClass { fatalError() }
    open var layer: CALayer { fatalError() }
    open var isAccessibilityElement: Bool { get { fatalError() } set { fatalError() } }
}

@MainActor open class UIApplication: NSObject {
    nonisolated public static let openSettingsURLString = "app-settings:"
}

public enum UIKeyboardType: Int, Sendable { case `default`, URL }
