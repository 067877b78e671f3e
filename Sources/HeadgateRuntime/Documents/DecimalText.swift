/// A decimal number as text writes it: `-12.5e-3`.
///
/// Most numbers of a model file have so few digits that the nearest `Float` or `Double` comes out of one exact
/// operation, or of one division of integers; the others go through the standard library.
struct DecimalText {
  let bytes: UnsafeRawBufferPointer
  /// Where the number stands in the bytes.
  let range: Range<Int>
  private(set) var isNegative = false
  private var digits: UInt64 = 0
  /// The power of ten that the digits are multiplied by.
  private var exponent = 0
  /// Whether all digits fit.
  private var isWhole = true

  /// Longer than any number that a program writes.
  static let maxLength = 1100

  /// Reads a number at a position; nil when there is none, or one of senseless length.
  ///
  /// Stricter than `strtod` (no hexadecimal numbers, no words), looser than JSON (leading zeros, `1.`).
  init?(_ bytes: UnsafeRawBufferPointer, from start: Int, to end: Int) {
    var position = start
    let end = min(end, start + Self.maxLength)
    if position < end, bytes[position] == UInt8(ascii: "-") || bytes[position] == UInt8(ascii: "+") {
      isNegative = bytes[position] == UInt8(ascii: "-")
      position += 1
    }
    var count = 0
    var afterPoint = false
    while position < end {
      // Eight digits at once, as long as they are sure to fit.
      if digits < 10_000_000_000, position + 8 <= end {
        let some = DecimalDigits(bytes, at: position)
        digits = digits &* some.scale &+ some.value
        if afterPoint { exponent -= some.count }
        count += some.count
        position += some.count
        if some.count == 8 { continue }
      }
      let byte = bytes[position]
      if byte == UInt8(ascii: "."), !afterPoint {
        afterPoint = true
      } else {
        let digit = byte &- UInt8(ascii: "0")
        guard digit < 10 else { break }
        count += 1
        if digits < 1_000_000_000_000_000_000 {
          digits = digits &* 10 &+ UInt64(digit)
          if afterPoint { exponent -= 1 }
        } else {
          isWhole = isWhole && digit == 0
          if !afterPoint { exponent += 1 }
        }
      }
      position += 1
    }
    guard count > 0 else { return nil }
    if position < end, bytes[position] | 0x20 == UInt8(ascii: "e") {
      position += 1
      var isBelow = false
      if position < end, bytes[position] == UInt8(ascii: "-") || bytes[position] == UInt8(ascii: "+") {
        isBelow = bytes[position] == UInt8(ascii: "-")
        position += 1
      }
      var power = 0
      var length = 0
      while position < end {
        let digit = bytes[position] &- UInt8(ascii: "0")
        guard digit < 10 else { break }
        power = min(power * 10 + Int(digit), 100_000)
        length += 1
        position += 1
      }
      guard length > 0 else { return nil }
      exponent += isBelow ? -power : power
    }
    guard position - start < Self.maxLength else { return nil }
    self.bytes = bytes
    range = start..<position
  }

  /// The nearest number of double precision; infinite beyond its range.
  var double: Double {
    if isWhole, digits <= 1 << 53, (-22...22).contains(exponent) {
      let magnitude =
        exponent < 0 ? Double(digits) / Self.powers[-exponent] : Double(digits) * Self.powers[exponent]
      return isNegative ? -magnitude : magnitude
    }
    if isWhole, (-19 ... -1).contains(exponent), digits > 0 {
      let magnitude = Self.quotient(digits, Self.divisors[-exponent])
      return isNegative ? -magnitude : magnitude
    }
    return Double(text) ?? .nan
  }

  /// The nearest number to a quotient, ties to even. The dividend is above zero.
  ///
  /// Exact: the first 64 bits of the quotient say how to round to 53, and the remainder whether more bits follow.
  private static func quotient(_ dividend: UInt64, _ divisor: WordDivisor) -> Double {
    let (up, down) = (dividend.leadingZeroBitCount, divisor.shift)
    // Half of the dividend is less than the divisor, whose highest bit is set.
    let dividend = dividend << UInt64(up)
    let (first, remainder) = divisor.divide(dividend >> 1, dividend << 63)
    let shift = first.leadingZeroBitCount
    let bits = first << UInt64(shift)
    // The last bit of 64 stands for all that follow it.
    let sticky = bits | (remainder == 0 ? 0 : 1)
    let scale = Double(sign: .plus, exponentBitPattern: UInt(1023 + down - up - 63 - shift), significandBitPattern: 0)
    return Double(sticky) * scale
  }

  /// The nearest number of single precision; infinite beyond its range.
  var float: Float {
    if isWhole, digits <= 1 << 53, (-22...22).contains(exponent) {
      let double = double
      // Rounded twice, a number close to the middle of two floats could go to the wrong side, and below the normal
      // range the middles lie elsewhere.
      let rest = double.bitPattern & 0x1FFF_FFFF
      if digits == 0 || (!(0x0FFF_FFFF...0x1000_0001).contains(rest) && double.magnitude >= 1.2e-38) {
        return Float(double)
      }
    }
    return Float(text) ?? .nan
  }

  /// The number, when it is whole and fits the type.
  func integer<Integer: FixedWidthInteger>(_ type: Integer.Type) -> Integer? {
    guard isWhole, (0...18).contains(exponent) || digits == 0 else {
      // 1.50E1 is as whole as 15, but nobody writes it; 1.0 somebody may.
      return Integer(exactly: double)
    }
    var value = digits
    for _ in 0..<(digits == 0 ? 0 : exponent) {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      guard !overflow else { return nil }
      value = product
    }
    if isNegative { return value <= 1 << 63 ? Integer(exactly: 0 &- Int64(bitPattern: value)) : nil }
    return Integer(exactly: value)
  }

  private var text: String { String(decoding: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self) }

  /// 10^0 to 10^19.
  private static let divisors = (0...19).map { power in
    WordDivisor((0..<power).reduce(1) { number, _ in number * 10 })
  }

  private static let powers: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
  ]
}
