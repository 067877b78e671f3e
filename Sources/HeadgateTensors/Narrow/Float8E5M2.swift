/// A float of 8 bits with the range of half precision.
///
/// Sign, 5 bits of exponent with bias 15, 2 bits of significand. Infinities and NaN as IEEE 754 has them; the
/// greatest number is 57344. As in the OCP 8-bit floating point specification (E5M2) and ONNX's page on float8.
public struct Float8E5M2: LaidOutFloat {
  public static var elementType: ElementType { .float8e5m2 }
  static let layout = FloatLayout(exponentBits: 5, significandBits: 2, bias: 15, specials: .infinitiesAndNaN)

  public let bitPattern: UInt8

  public init(bitPattern: UInt8) { self.bitPattern = bitPattern }

  /// The nearest number, of two equally near the even one.
  ///
  /// - Parameter saturates: whether numbers out of range become the greatest one, with their sign.
  public init(_ value: Float, saturates: Bool = true) { self = .encoded(Double(value), saturates: saturates) }

  package var asFloat: Float { decoded() }

  package static func nearest(_ value: Double, _ rules: NarrowingRules) -> Float8E5M2 {
    encoded(value, saturates: rules.saturates)
  }
}

extension Float {
  /// The same number.
  public init(_ value: Float8E5M2) { self = value.asFloat }
}
