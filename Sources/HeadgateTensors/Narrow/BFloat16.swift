/// The upper half of a `Float`: its range with 8 bits of precision.
///
/// Sign, 8 bits of exponent with bias 127, 7 bits of significand. Infinities and NaN as IEEE 754 has them.
public struct BFloat16: LaidOutFloat {
  public static var elementType: ElementType { .bfloat16 }
  static let layout = FloatLayout(exponentBits: 8, significandBits: 7, bias: 127, specials: .infinitiesAndNaN)

  public let bitPattern: UInt16

  public init(bitPattern: UInt16) { self.bitPattern = bitPattern }

  /// The nearest number, of two equally near the even one; beyond the greatest it is infinity.
  public init(_ value: Float) {
    let bits = value.bitPattern
    if value.isNaN {
      bitPattern = UInt16(bits >> 16) & 0x8000 | 0x7FC0
    } else {
      // A half less one, and one more when the upper half is odd: carries exactly when rounding goes up.
      bitPattern = UInt16((bits + 0x7FFF + bits >> 16 & 1) >> 16)
    }
  }

  package var asFloat: Float { Float(bitPattern: UInt32(bitPattern) << 16) }

  package static func nearest(_ value: Float, _ rules: NarrowingRules) -> BFloat16 { BFloat16(value) }
  package static func nearest(_ value: Double, _ rules: NarrowingRules) -> BFloat16 {
    encoded(value, saturates: false)
  }

  package static func widen(
    _ source: UnsafeBufferPointer<BFloat16>, into output: UnsafeMutableBufferPointer<Float>
  ) {
    HalfConversion.widen(source, into: output)
  }

  package static func narrow(
    _ source: UnsafeBufferPointer<Float>, into output: UnsafeMutableBufferPointer<BFloat16>, _ rules: NarrowingRules
  ) {
    HalfConversion.narrow(source, into: output)
  }
}

extension Float {
  /// The same number.
  public init(_ value: BFloat16) { self = value.asFloat }
}
