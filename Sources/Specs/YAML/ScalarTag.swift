/// The type a scalar resolves to (YAML 1.2.2, section 10.3.2, with `true` and `false` as the only booleans).
enum ScalarTag: Sendable {
  case null, boolean, integer, float, string

  /// Resolves a plain scalar.
  init(plain text: String) {
    switch text {
    case "", "~", "null", "Null", "NULL": self = .null
    case "true", "false": self = .boolean
    case ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "-.inf", "+.Inf", "-.Inf", "+.INF", "-.INF":
      self = .float
    default: self = Self.number(Array(text.utf8)) ?? .string
    }
  }

  private static func number(_ bytes: [UInt8]) -> ScalarTag? {
    if bytes.count > 2, bytes[0] == UInt8(ascii: "0"), bytes[1] == UInt8(ascii: "o") || bytes[1] == UInt8(ascii: "x") {
      let isOctal = bytes[1] == UInt8(ascii: "o")
      return bytes.dropFirst(2).allSatisfy { isOctal ? isOctalDigit($0) : isHexDigit($0) } ? .integer : nil
    }
    var rest = bytes[...]
    if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { rest.removeFirst() }
    let whole = rest.prefix(while: isDigit).count
    rest.removeFirst(whole)
    if rest.isEmpty { return whole > 0 ? .integer : nil }
    var fraction = 0
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      fraction = rest.prefix(while: isDigit).count
      rest.removeFirst(fraction)
    }
    guard whole + fraction > 0 else { return nil }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest.removeFirst()
      if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { rest.removeFirst() }
      let exponent = rest.prefix(while: isDigit).count
      guard exponent > 0 else { return nil }
      rest.removeFirst(exponent)
    }
    return rest.isEmpty ? .float : nil
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
  private static func isOctalDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte) }
  private static func isHexDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
      || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte)
  }
}

extension Scalar {
  /// The integer this scalar means; `nil` when it is none or does not fit.
  var integer: Int? {
    guard tag == .integer else { return nil }
    if text.hasPrefix("0o") { return Int(text.dropFirst(2), radix: 8) }
    if text.hasPrefix("0x") { return Int(text.dropFirst(2), radix: 16) }
    return Int(text)
  }

  /// The finite number this scalar means, integers included.
  var number: Double? {
    switch tag {
    case .integer where text.hasPrefix("0o") || text.hasPrefix("0x"): return integer.map(Double.init)
    case .integer, .float:
      guard let value = Double(text), value.isFinite else { return nil }
      return value
    default: return nil
    }
  }
}
