/// A float of 8 bits with more precision than range and one zero.
///
/// Sign, 4 bits of exponent with bias 8, 3 bits of significand. No infinities and no negative zero, whose code is
/// NaN; the greatest number is 240. As in ONNX's page on float8, after arXiv:2206.02915.
public struct Float8E4M3FNUZ: LaidOutFloat {
  public static var elementType: ElementType { .float8e4m3fnuz }
  static let layout = FloatLayout(exponentBits: 4, significandBits: 3, bias: 8, specials: .negativeZeroIsNaN)

  public let bitPattern: UInt8

  public init(bitPattern: UInt8) { self.bitPattern = bitPattern }

  /// The nearest number, of two equally near the even one.
  ///
  /// - Parameter saturates: whether numbers out of range become the greatest one, with their sign.
  public init(_ value: Float, saturates: Bool = true) { self = .encoded(Double(value), saturates: saturates) }

  package var asFloat: Float { decoded() }

  package static func nearest(_ value: Double, _ rules: NarrowingRules) -> Float8E4M3FNUZ {
    encoded(value, saturates: rules.saturates)
  }
}

extension Float {
  /// The same number.
  public init(_ value: Float8E4M3FNUZ) { self = value.asFloat }
}
