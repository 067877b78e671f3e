/// A number as it stands in the text: sign, digits and a power of ten.
struct JSONNumber {
  var isNegative = false
  var mantissa: UInt64 = 0
  var exponent = 0
  /// Whether the mantissa holds every digit.
  var isExact = true
  /// The whole number, valid while the scanned buffer is.
  var text = UnsafeBufferPointer<UInt8>(start: nil, count: 0)

  /// The nearest double; infinite when the number is beyond the largest.
  var double: Double {
    // Both factors are exact, so one rounding gives the nearest (Clinger 1990).
    if isExact, mantissa <= 1 << 53, exponent >= -22, exponent <= 22 {
      let magnitude =
        exponent < 0 ? Double(mantissa) / Self.powers[-exponent] : Double(mantissa) * Self.powers[exponent]
      return isNegative ? -magnitude : magnitude
    }
    if isExact, mantissa != 0, exponent < 0, exponent >= -19 {
      let magnitude = Self.quotient(mantissa, Self.integerPowers[-exponent])
      return isNegative ? -magnitude : magnitude
    }
    return Double(String(decoding: text, as: UTF8.self)) ?? .nan
  }

  /// The double nearest to a quotient: 64 bits of it are computed exactly, and one bit that tells whether anything was
  /// left takes part in the only rounding. Clients send most numbers with 17 digits, which this reads ten times as fast as
  /// the standard library.
  private static func quotient(_ dividend: UInt64, _ divisor: UInt64) -> Double {
    let dividendShift = dividend.leadingZeroBitCount
    let divisorShift = divisor.leadingZeroBitCount
    let high = dividend << UInt64(dividendShift)
    let normal = divisor << UInt64(divisorShift)
    // The divisor must be larger than the upper half of what is divided.
    let fits = high < normal
    let (quotient, remainder) = normal.dividingFullWidth(fits ? (high, 0) : (high >> 1, high << 63))
    let scale = divisorShift - dividendShift - (fits ? 64 : 63)
    return Double(quotient | (remainder == 0 ? 0 : 1)) * Double(bitPattern: UInt64(1023 + scale) << 52)
  }

  /// The value as an integer type; `nil` when it has a fraction or does not fit.
  func integer<Integer: FixedWidthInteger>(_: Integer.Type = Integer.self) -> Integer? {
    guard isExact else { return nil }
    var magnitude = mantissa
    var exponent = exponent
    while exponent < 0, magnitude != 0 {
      let (quotient, remainder) = magnitude.quotientAndRemainder(dividingBy: 10)
      guard remainder == 0 else { return nil }
      magnitude = quotient
      exponent += 1
    }
    while exponent > 0, magnitude != 0 {
      let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
      guard !overflow else { return nil }
      magnitude = product
      exponent -= 1
    }
    guard isNegative else { return Integer(exactly: magnitude) }
    if magnitude == 1 << 63 { return Integer(exactly: Int64.min) }
    return Int64(exactly: magnitude).flatMap { Integer(exactly: -$0) }
  }

  private static let integerPowers: [UInt64] = (0...19).map { exponent in
    (0..<exponent).reduce(1) { power, _ in power * 10 }
  }

  private static let powers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
  ]
}
