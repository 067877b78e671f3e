/// A float of 8 bits with more precision than range.
///
/// Sign, 4 bits of exponent with bias 7, 3 bits of significand. No infinities; `S.1111.111` is NaN; the greatest
/// number is 448. As in the OCP 8-bit floating point specification (E4M3) and ONNX's page on float8.
public struct Float8E4M3FN: LaidOutFloat {
  public static var elementType: ElementType { .float8e4m3fn }
  static let layout = FloatLayout(exponentBits: 4, significandBits: 3, bias: 7, specials: .allOnesIsNaN)

  public let bitPattern: UInt8

  public init(bitPattern: UInt8) { self.bitPattern = bitPattern }

  /// The nearest number, of two equally near the even one.
  ///
  /// - Parameter saturates: whether numbers out of range become the greatest one, with their sign.
  public init(_ value: Float, saturates: Bool = true) { self = .encoded(Double(value), saturates: saturates) }

  package var asFloat: Float { decoded() }

  package static func nearest(_ value: Double, _ rules: NarrowingRules) -> Float8E4M3FN {
    encoded(value, saturates: rules.saturates)
  }
}

extension Float {
  /// The same number.
  public init(_ value: Float8E4M3FN) { self = value.asFloat }
}
