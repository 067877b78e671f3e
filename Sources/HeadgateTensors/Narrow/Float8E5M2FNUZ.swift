/// A float of 8 bits with the range of half precision and one zero.
///
/// Sign, 5 bits of exponent with bias 16, 2 bits of significand. No infinities and no negative zero, whose code is
/// NaN; the greatest number is 57344. As in ONNX's page on float8, after arXiv:2206.02915.
public struct Float8E5M2FNUZ: LaidOutFloat {
  public static var elementType: ElementType { .float8e5m2fnuz }
  static let layout = FloatLayout(exponentBits: 5, significandBits: 2, bias: 16, specials: .negativeZeroIsNaN)

  public let bitPattern: UInt8

  public init(bitPattern: UInt8) { self.bitPattern = bitPattern }

  /// The nearest number, of two equally near the even one.
  ///
  /// - Parameter saturates: whether numbers out of range become the greatest one, with their sign.
  public init(_ value: Float, saturates: Bool = true) { self = .encoded(Double(value), saturates: saturates) }

  package var asFloat: Float { decoded() }

  package static func nearest(_ value: Double, _ rules: NarrowingRules) -> Float8E5M2FNUZ {
    encoded(value, saturates: rules.saturates)
  }
}

extension Float {
  /// The same number.
  public init(_ value: Float8E5M2FNUZ) { self = value.asFloat }
}
