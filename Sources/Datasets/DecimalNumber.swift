/// Reads decimal numbers as people write them: an optional sign, digits with an optional point, an optional
/// exponent. Hexadecimal, `inf`, `nan`, spaces and digit separators are no numbers here.
enum DecimalNumber {
  /// The nearest double, nil when the text is no such number or too large for one.
  static func parse(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
    var position = 0
    var isNegative = false
    if let sign = text.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
      isNegative = sign == UInt8(ascii: "-")
      position = 1
    }
    var mantissa: UInt64 = 0
    var digits = 0
    var scale = 0
    var sawPoint = false
    while position < text.count {
      let byte = text[position]
      if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
        // Beyond 18 digits the slow path reads the text itself.
        if digits < 18 { mantissa = mantissa * 10 + UInt64(byte - UInt8(ascii: "0")) }
        digits += 1
        if sawPoint { scale += 1 }
      } else if byte == UInt8(ascii: "."), !sawPoint {
        sawPoint = true
      } else {
        break
      }
      position += 1
    }
    guard digits > 0 else { return nil }
    guard position == text.count else {
      return isExponent(text[position...]) ? exact(text) : nil
    }
    // Both numbers are exact doubles, so one division rounds once (Clinger, 1990).
    guard digits <= 18, mantissa <= 1 << 53, scale < powersOfTen.count else { return exact(text) }
    let value = Double(mantissa) / powersOfTen[scale]
    return isNegative ? -value : value
  }

  private static let powersOfTen: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
  ]

  private static func isExponent(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    guard let letter = text.first, letter == UInt8(ascii: "e") || letter == UInt8(ascii: "E") else { return false }
    var rest = text.dropFirst()
    if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest = rest.dropFirst() }
    return !rest.isEmpty && rest.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
  }

  private static func exact(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
    guard let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite else { return nil }
    return value
  }
}
