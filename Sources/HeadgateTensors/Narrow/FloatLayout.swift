/// How a floating-point format of at most 16 bits lays out its bits: from the highest down the sign, the
/// exponent with its bias, and the significand without its leading one.
///
/// It rounds a number into the format and reads it back, for all formats alike; they differ in their widths
/// and in what is not a finite number.
struct FloatLayout: Sendable {
  enum Specials: Sendable {
    /// The highest exponent holds infinities and NaN, as IEEE 754 has it.
    case infinitiesAndNaN
    /// Only all ones is NaN; there are no infinities (FN: finite).
    case allOnesIsNaN
    /// Negative zero is NaN; there are no infinities (FNUZ: finite, unsigned zero).
    case negativeZeroIsNaN
    /// Every code is a finite number.
    case none
  }

  let exponentBits: Int
  let significandBits: Int
  let bias: Int
  let specials: Specials

  private var signBit: UInt16 { 1 << UInt16(exponentBits + significandBits) }
  private var infinity: UInt16 { signBit - (1 << UInt16(significandBits)) }
  private var leastExponent: Int { 1 - bias }

  /// The code of the greatest finite number.
  private var greatest: UInt16 {
    switch specials {
    case .infinitiesAndNaN: infinity - 1
    case .allOnesIsNaN: signBit - 2
    case .negativeZeroIsNaN, .none: signBit - 1
    }
  }

  /// The code of the nearest number, of two equally near the even one.
  ///
  /// - Parameter saturates: whether what rounds to more than the greatest number, infinity too, becomes that
  ///   number; else it becomes infinity, or NaN where there is none. Formats without either always saturate.
  func encode(_ value: Double, saturates: Bool) -> UInt16 {
    let sign = value.sign == .minus ? signBit : 0
    if value.isNaN { return notANumber(sign) }
    let bits = value.magnitude.bitPattern
    // Infinity counts as 2^1024 here, a subnormal double as a tiny number: both lie far outside of all formats.
    let exponent = Int(bits >> 52) - 1023
    let significand = bits & (1 << 52 - 1) | 1 << 52
    let shift = 52 - significandBits + max(leastExponent - exponent, 0)
    // Above 53 places even a half of the least number is not reached.
    guard shift <= 53 else { return zero(sign) }
    var rounded = significand >> UInt64(shift)
    let rest = significand & (1 << UInt64(shift) - 1)
    let half: UInt64 = 1 << UInt64(shift - 1)
    if rest > half || (rest == half && rounded & 1 == 1) { rounded += 1 }
    // The leading one is a unit of the exponent field, so a carry out of the significand raises it by itself.
    let code = rounded + UInt64(max(exponent - leastExponent, 0)) << UInt64(significandBits)
    if code > UInt64(greatest) { return saturates ? sign | greatest : overflow(sign) }
    return code == 0 ? zero(sign) : sign | UInt16(code)
  }

  /// The number that a code stands for; every one has a place in a `Float`. Bits above the sign are ignored.
  func decode(_ code: UInt16) -> Float {
    let magnitude = code & (signBit - 1)
    let isNegative = code & signBit != 0
    switch specials {
    case .infinitiesAndNaN where magnitude > infinity: return isNegative ? -Float.nan : Float.nan
    case .infinitiesAndNaN where magnitude == infinity: return isNegative ? -Float.infinity : Float.infinity
    case .allOnesIsNaN where magnitude == signBit - 1: return isNegative ? -Float.nan : Float.nan
    case .negativeZeroIsNaN where isNegative && magnitude == 0: return Float.nan
    default: break
    }
    let field = Int(magnitude >> UInt16(significandBits))
    let fraction = Int(magnitude) - field << significandBits
    let significand = field == 0 ? fraction : fraction + 1 << significandBits
    let exponent = (field == 0 ? leastExponent : field - bias) - significandBits
    return Float(sign: isNegative ? .minus : .plus, exponent: exponent, significand: Float(significand))
  }

  private func zero(_ sign: UInt16) -> UInt16 {
    if case .negativeZeroIsNaN = specials { 0 } else { sign }
  }

  private func notANumber(_ sign: UInt16) -> UInt16 {
    switch specials {
    case .infinitiesAndNaN: sign | infinity | 1 << UInt16(significandBits - 1)
    case .allOnesIsNaN: sign | (signBit - 1)
    case .negativeZeroIsNaN: signBit
    // ONNX's page on float4 says 6, its test data and the ml_dtypes package, which makes them, negative zero.
    case .none: signBit
    }
  }

  private func overflow(_ sign: UInt16) -> UInt16 {
    switch specials {
    case .infinitiesAndNaN: sign | infinity
    case .allOnesIsNaN, .negativeZeroIsNaN: notANumber(sign)
    case .none: sign | greatest
    }
  }
}
