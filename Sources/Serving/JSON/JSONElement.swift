import HeadgateTensors

/// A tensor element that can be read from JSON.
protocol JSONElement: TensorElement {
  /// Reads one element at the scanner's place.
  static func scan(_ scanner: inout JSONScanner) throws(JSONError) -> Self
}

extension JSONElement where Self: FixedWidthInteger {
  @inline(__always)
  static func scan(_ scanner: inout JSONScanner) throws(JSONError) -> Self {
    let start = scanner.position
    let number = try scanner.number()
    guard let value = number.integer(Self.self) else {
      let text = String(decoding: number.text.prefix(40), as: UTF8.self)
      throw JSONError("\(text) is not an integer from \(Self.min) to \(Self.max)", at: start)
    }
    return value
  }
}

extension Int8: JSONElement {}
extension Int16: JSONElement {}
extension Int32: JSONElement {}
extension Int64: JSONElement {}
extension UInt8: JSONElement {}
extension UInt16: JSONElement {}
extension UInt32: JSONElement {}
extension UInt64: JSONElement {}

extension JSONScanner {
  /// Reads what JSON has no number for: `null` for a missing value, and the names of the three special values, with or
  /// without quotes. Python's encoder writes them bare; protocol buffers' JSON mapping writes them in quotes.
  ///
  /// - Returns: `nil` when a plain number is next.
  @inline(__always)
  fileprivate mutating func specialNumber() throws(JSONError) -> Double? {
    guard let byte = peek(), byte &- UInt8(ascii: "0") >= 10 else { return nil }
    let start = position
    switch byte {
    case UInt8(ascii: "n"):
      try literal("null")
      return .nan
    case UInt8(ascii: "N"):
      try literal("NaN")
      return .nan
    case UInt8(ascii: "I"):
      try literal("Infinity")
      return .infinity
    case UInt8(ascii: "-"):
      guard second == UInt8(ascii: "I") else { return nil }
      try literal("-Infinity")
      return -.infinity
    case UInt8(ascii: "\""):
      switch try string() {
      case "NaN": return .nan
      case "Infinity": return .infinity
      case "-Infinity": return -.infinity
      default: throw JSONError("a string where a number is wanted", at: start)
      }
    default: return nil
    }
  }

  @inline(__always)
  fileprivate mutating func floatingPoint() throws(JSONError) -> (value: Double, isPlain: Bool, start: Int) {
    if let special = try specialNumber() { return (special, false, position) }
    let start = position
    return (try number().double, true, start)
  }
}

extension Double: JSONElement {
  @inline(__always)
  static func scan(_ scanner: inout JSONScanner) throws(JSONError) -> Double {
    let (value, isPlain, start) = try scanner.floatingPoint()
    guard !isPlain || value.isFinite else { throw JSONError("a number beyond the range of FP64", at: start) }
    return value
  }
}

extension Float: JSONElement {
  /// Rounds twice, by way of FP64, as NumPy does when it reads a list of numbers into float32.
  @inline(__always)
  static func scan(_ scanner: inout JSONScanner) throws(JSONError) -> Float {
    let (double, isPlain, start) = try scanner.floatingPoint()
    let value = Float(double)
    guard !isPlain || value.isFinite else { throw JSONError("a number beyond the range of FP32", at: start) }
    return value
  }
}

extension Bool: JSONElement {
  /// Reads `true`, `false`, `1` or `0`.
  static func scan(_ scanner: inout JSONScanner) throws(JSONError) -> Bool {
    switch scanner.peek() {
    case UInt8(ascii: "1"), UInt8(ascii: "0"):
      let start = scanner.position
      guard let value: UInt8 = try scanner.number().integer(), value <= 1 else {
        throw JSONError("a BOOL is true, false, 1 or 0", at: start)
      }
      return value == 1
    default: return try scanner.boolean()
    }
  }
}

extension String: JSONElement {
  static func scan(_ scanner: inout JSONScanner) throws(JSONError) -> String {
    try scanner.string()
  }
}
