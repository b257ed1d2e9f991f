// https://docs.pytorch.org/executorch/stable/using-executorch-ios.html
@_exported import Foundation

public enum DataType: Int, Sendable { case byte, char, float }

public protocol Scalar { static var dataType: DataType { get } }
extension UInt8: Scalar { public static var dataType: DataType { .byte } }
extension Float: Scalar { public static var dataType: DataType { .float } }

public protocol ValueConvertible {}

public final class Tensor<T: Scalar>: ValueConvertible {
    public init(_ scalars: [T], shape: [Int] = []) { fatalError() }
    public func scalars() -> [T] { fatalError() }
    public var shape: [Int] { fatalError() }
}

public final class Value: NSObject {
    public func tensor<T: Scalar>() -> Tensor<T>? { fatalError() }
}

public final class TensorMetadata: NSObject {
    public var shape: [Int] { fatalError() }
    public var dataType: DataType { fatalError() }
}

public final class MethodMetadata: NSObject {
    public var inputTensorMetadata: [Int: TensorMetadata] { fatalError() }
}

public final class Module: NSObject {
    public init(filePath: String) { fatalError() }
    public func load(_ method: String) throws { fatalError() }
    public func methodMetadata(_ method: String) throws -> MethodMetadata { fatalError() }
    public func forward(_ inputs: [ValueConvertible]) throws -> [Value] { fatalError() }
}
