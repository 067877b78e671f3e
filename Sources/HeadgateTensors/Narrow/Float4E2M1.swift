/// A float of 4 bits: 0, 0.5, 1, 1.5, 2, 3, 4 and 6, and their negatives.
///
/// Sign, 2 bits of exponent with bias 1, 1 bit of significand. No infinities and no NaN. As in the OCP
/// microscaling formats specification (FP4) and ONNX's page on float4. In memory it takes a byte, whose upper
/// half is clear.
public struct Float4E2M1: LaidOutFloat {
  public static var elementType: ElementType { .float4e2m1 }
  static let layout = FloatLayout(exponentBits: 2, significandBits: 1, bias: 1, specials: .none)

  public let bitPattern: UInt8

  /// - Parameter bitPattern: the lower four bits count.
  public init(bitPattern: UInt8) { self.bitPattern = bitPattern & 0xF }

  /// The nearest number, of two equally near the even one; beyond 6 it is 6, and NaN becomes negative zero.
  public init(_ value: Float) { self = .encoded(Double(value), saturates: true) }

  package var asFloat: Float { decoded() }

  package static func nearest(_ value: Double, _ rules: NarrowingRules) -> Float4E2M1 {
    encoded(value, saturates: true)
  }
}

extension Float {
  /// The same number.
  public init(_ value: Float4E2M1) { self = value.asFloat }
}
