/// A strict, bounded reader of JSON text (RFC 8259) that never builds a tree.
///
/// Callers ask for what they expect at the place they are: tensors are read straight into their storage. Foundation's
/// decoder needs 25 times as long for a request of 64 x 30 numbers.
///
/// SAFETY: the buffer must outlive the scanner; every read checks `position` against its count.
struct JSONScanner {
  /// How deep arrays and objects may be nested.
  static let maxDepth = 64

  private let bytes: UnsafeBufferPointer<UInt8>
  /// The offset of the next byte.
  private(set) var position = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
  }

  /// How many bytes are left.
  var remaining: Int { bytes.count - position }

  /// Goes back to a place that was read before.
  mutating func rewind(to position: Int) {
    self.position = min(max(position, 0), bytes.count)
  }

  /// The next byte that is not white space, which stays unread; `nil` at the end.
  @inline(__always)
  mutating func peek() -> UInt8? {
    while position < bytes.count {
      let byte = bytes[position]
      if byte > 0x20 { return byte }
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
      position += 1
    }
    return nil
  }

  /// The byte after the next one.
  var second: UInt8? { position + 1 < bytes.count ? bytes[position + 1] : nil }

  /// Reads one punctuation byte after white space.
  @inline(__always)
  mutating func expect(_ byte: UInt8) throws(JSONError) {
    guard peek() == byte else { throw unexpected("'\(Unicode.Scalar(byte))'") }
    position += 1
  }

  /// Reads one punctuation byte if it is next.
  @inline(__always)
  mutating func take(_ byte: UInt8) -> Bool {
    guard peek() == byte else { return false }
    position += 1
    return true
  }

  /// Checks that nothing but white space is left.
  mutating func expectEnd() throws(JSONError) {
    guard peek() == nil else { throw unexpected("the end of the text") }
  }

  /// Reads an object and calls `body` after each name; it must read the value.
  mutating func object(
    _ body: (inout JSONScanner, String) throws(JSONError) -> Void
  ) throws(JSONError) {
    try expect(UInt8(ascii: "{"))
    if take(UInt8(ascii: "}")) { return }
    repeat {
      guard peek() == UInt8(ascii: "\"") else { throw unexpected("a name in quotes") }
      let name = try string()
      try expect(UInt8(ascii: ":"))
      try body(&self, name)
    } while take(UInt8(ascii: ","))
    try expect(UInt8(ascii: "}"))
  }

  /// Reads an array and calls `body` at each element; it must read the element.
  mutating func array(_ body: (inout JSONScanner) throws(JSONError) -> Void) throws(JSONError) {
    try expect(UInt8(ascii: "["))
    if take(UInt8(ascii: "]")) { return }
    repeat { try body(&self) } while take(UInt8(ascii: ","))
    try expect(UInt8(ascii: "]"))
  }

  /// Reads a value of any kind and forgets it.
  mutating func skipValue(depth: Int = 0) throws(JSONError) {
    guard depth < Self.maxDepth else {
      throw JSONError("nested deeper than \(Self.maxDepth) levels", at: position)
    }
    switch peek() {
    case UInt8(ascii: "{"):
      try object { (scanner, _) throws(JSONError) in try scanner.skipValue(depth: depth + 1) }
    case UInt8(ascii: "["):
      try array { (scanner) throws(JSONError) in try scanner.skipValue(depth: depth + 1) }
    case UInt8(ascii: "\""): try skipString()
    case UInt8(ascii: "t"): try literal("true")
    case UInt8(ascii: "f"): try literal("false")
    case UInt8(ascii: "n"): try literal("null")
    default: _ = try number()
    }
  }

  /// Reads `true` or `false`.
  mutating func boolean() throws(JSONError) -> Bool {
    switch peek() {
    case UInt8(ascii: "t"):
      try literal("true")
      return true
    case UInt8(ascii: "f"):
      try literal("false")
      return false
    default: throw unexpected("true or false")
    }
  }

  /// Reads a fixed word.
  mutating func literal(_ word: StaticString) throws(JSONError) {
    _ = peek()
    let length = word.utf8CodeUnitCount
    guard remaining >= length else { throw unexpected("\(word)") }
    for offset in 0..<length where bytes[position + offset] != word.utf8Start[offset] {
      throw unexpected("\(word)")
    }
    position += length
  }

  /// Reads a number by JSON's grammar, which is stricter than that of `Double.init`: no leading zeros, no bare point.
  mutating func number() throws(JSONError) -> JSONNumber {
    _ = peek()
    let start = position
    var number = JSONNumber()
    if position < bytes.count, bytes[position] == UInt8(ascii: "-") {
      number.isNegative = true
      position += 1
    }
    guard position < bytes.count, isDigit(bytes[position]) else {
      position = start
      throw unexpected("a number")
    }
    if bytes[position] == UInt8(ascii: "0") {
      position += 1
      if position < bytes.count, isDigit(bytes[position]) {
        throw JSONError("a number may not begin with 0", at: position - 1)
      }
    } else {
      digits(into: &number, fraction: false)
    }
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      position += 1
      guard position < bytes.count, isDigit(bytes[position]) else { throw unexpected("a digit") }
      digits(into: &number, fraction: true)
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      position += 1
      try exponent(into: &number)
    }
    number.text = UnsafeBufferPointer(rebasing: bytes[start..<position])
    return number
  }

  @inline(__always)
  private mutating func digits(into number: inout JSONNumber, fraction: Bool) {
    while position < bytes.count, isDigit(bytes[position]) {
      let digit = UInt64(bytes[position] - UInt8(ascii: "0"))
      if number.mantissa < 1_000_000_000_000_000_000 {
        number.mantissa = number.mantissa * 10 + digit
        if fraction { number.exponent -= 1 }
      } else {
        let (product, overflow) = number.mantissa.multipliedReportingOverflow(by: 10)
        let (sum, carry) = product.addingReportingOverflow(digit)
        if overflow || carry || !number.isExact {
          number.isExact = false
        } else {
          number.mantissa = sum
          if fraction { number.exponent -= 1 }
        }
      }
      position += 1
    }
  }

  private mutating func exponent(into number: inout JSONNumber) throws(JSONError) {
    var isNegative = false
    if position < bytes.count, bytes[position] == UInt8(ascii: "-") || bytes[position] == UInt8(ascii: "+") {
      isNegative = bytes[position] == UInt8(ascii: "-")
      position += 1
    }
    guard position < bytes.count, isDigit(bytes[position]) else { throw unexpected("a digit") }
    var value = 0
    while position < bytes.count, isDigit(bytes[position]) {
      // What is larger overflows or vanishes whatever the mantissa; the slow path then decides.
      if value < 100_000 { value = value * 10 + Int(bytes[position] - UInt8(ascii: "0")) }
      position += 1
    }
    number.exponent += isNegative ? -value : value
  }

  @inline(__always)
  private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  /// Reads a string, its escapes resolved and its UTF-8 checked.
  mutating func string() throws(JSONError) -> String {
    guard peek() == UInt8(ascii: "\"") else { throw unexpected("a string") }
    let start = position + 1
    var hasEscapes = false
    var end = start
    while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
      guard bytes[end] >= 0x20 else { throw JSONError("a control character in a string must be escaped", at: end) }
      if bytes[end] == UInt8(ascii: "\\") {
        hasEscapes = true
        end += 1
      }
      end += 1
    }
    guard end < bytes.count else { throw JSONError("a string without an end", at: start - 1) }
    let raw = UnsafeBufferPointer(rebasing: bytes[start..<end])
    let content =
      hasEscapes
      ? String(validating: try unescape(raw, at: start), as: UTF8.self) : String(validating: raw, as: UTF8.self)
    guard let content else { throw JSONError("a string that is not UTF-8", at: start) }
    position = end + 1
    return content
  }

  private mutating func skipString() throws(JSONError) {
    // Names and values that nobody asked for are rare and short: no faster way is worth its code.
    _ = try string()
  }

  private func unescape(_ raw: UnsafeBufferPointer<UInt8>, at start: Int) throws(JSONError) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(raw.count)
    var index = 0
    while index < raw.count {
      let byte = raw[index]
      index += 1
      guard byte == UInt8(ascii: "\\") else {
        result.append(byte)
        continue
      }
      guard index < raw.count else { throw JSONError("an escape without an end", at: start + index) }
      let escape = raw[index]
      index += 1
      switch escape {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(escape)
      case UInt8(ascii: "b"): result.append(0x08)
      case UInt8(ascii: "f"): result.append(0x0C)
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "r"): result.append(0x0D)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "u"):
        var unit = try hexadecimal(raw, &index, at: start)
        if unit & 0xFC00 == 0xD800 {
          guard index + 1 < raw.count, raw[index] == UInt8(ascii: "\\"), raw[index + 1] == UInt8(ascii: "u") else {
            throw JSONError("half of a surrogate pair", at: start + index)
          }
          index += 2
          let low = try hexadecimal(raw, &index, at: start)
          guard low & 0xFC00 == 0xDC00 else { throw JSONError("half of a surrogate pair", at: start + index) }
          unit = 0x10000 + (unit & 0x3FF) << 10 + (low & 0x3FF)
        }
        guard let scalar = Unicode.Scalar(unit) else {
          throw JSONError("half of a surrogate pair", at: start + index)
        }
        result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
      default: throw JSONError("an unknown escape", at: start + index - 1)
      }
    }
    return result
  }

  private func hexadecimal(
    _ raw: UnsafeBufferPointer<UInt8>, _ index: inout Int, at start: Int
  ) throws(JSONError) -> UInt32 {
    guard index + 4 <= raw.count else { throw JSONError("an escape without an end", at: start + index) }
    var value: UInt32 = 0
    for _ in 0..<4 {
      let byte = raw[index]
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      default: throw JSONError("not a hexadecimal digit", at: start + index)
      }
      value = value << 4 | UInt32(digit)
      index += 1
    }
    return value
  }

  /// The error for a place where something else was wanted.
  mutating func unexpected(_ wanted: String) -> JSONError {
    guard let byte = peek() else { return JSONError("\(wanted) is wanted, but the text ends", at: position) }
    let shown = byte >= 0x20 && byte < 0x7F ? "'\(Unicode.Scalar(byte))'" : "byte \(byte)"
    return JSONError("\(wanted) is wanted, not \(shown)", at: position)
  }
}

/// Text that is not the JSON it should be.
struct JSONError: Error, Hashable {
  let message: String
  let offset: Int

  init(_ message: String, at offset: Int) {
    self.message = message
    self.offset = offset
  }
}
