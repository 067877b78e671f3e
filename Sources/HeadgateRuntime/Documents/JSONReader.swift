/// Reads JSON (RFC 8259), with the words NaN and Infinity that XGBoost writes.
///
/// What is passed over with `skip` is only checked as far as is needed to find its end.
///
/// SAFETY: `bytes` must stay valid while the reader is used.
struct JSONReader: DocumentReader {
  let bytes: UnsafeRawBufferPointer
  fileprivate let end: Int
  var position: Int
  private var depth = 0
  /// What the document is, for messages: `XGBoost model`.
  private let subject: String

  init(_ bytes: UnsafeRawBufferPointer, range: Range<Int>? = nil, subject: String) {
    self.bytes = bytes
    position = range?.lowerBound ?? 0
    end = range?.upperBound ?? bytes.count
    self.subject = subject
  }

  mutating func object(
    _ member: (inout JSONReader, DocumentKey) throws(ModelFileError) -> Void
  ) throws(ModelFileError) {
    try open("{")
    if try closes("}") { return }
    repeat {
      try skipBlanks()
      let key = try key()
      try expect(":")
      try member(&self, key)
    } while try goesOn(until: "}")
  }

  mutating func array(_ element: (inout JSONReader) throws(ModelFileError) -> Void) throws(ModelFileError) {
    try open("[")
    if try closes("]") { return }
    repeat { try element(&self) } while try goesOn(until: "]")
  }

  mutating func text() throws(ModelFileError) -> String {
    try skipBlanks()
    if bytes[position] == UInt8(ascii: "\"") { return try string() }
    let start = position
    if let number = DecimalText(bytes, from: position, to: end) {
      position = number.range.upperBound
    } else {
      guard try word() != nil else { throw unexpected("a text or a number") }
    }
    return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
  }

  mutating func numbers<Element: DocumentNumber>(_ type: Element.Type) throws(ModelFileError) -> [Element] {
    var values: [Element] = []
    try open("[")
    if try closes("]") { return values }
    repeat {
      try skipBlanks()
      let start = position
      if let number = DecimalText(bytes, from: position, to: end) {
        position = number.range.upperBound
        guard let value = Element(number) else { throw unfit(start) }
        values.append(value)
      } else {
        guard let word = try word() else { throw unexpected("a number") }
        guard let value = Element(real: word) else { throw unfit(start) }
        values.append(value)
      }
    } while try goesOn(until: "]")
    return values
  }

  mutating func skip() throws(ModelFileError) {
    try skipBlanks()
    let start = position
    var open = 0
    while position < end {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        _ = try stringRange()
        if open == 0 { return }
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        open += 1
        position += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        guard open > 0 else { return try notEmpty(since: start) }
        open -= 1
        position += 1
        if open == 0 { return }
      case UInt8(ascii: ","), 0x20, 0x09, 0x0A, 0x0D:
        guard open > 0 else { return try notEmpty(since: start) }
        position += 1
      default: position += 1
      }
    }
    guard open == 0 else { throw malformed("the file ends within a value", at: end) }
    try notEmpty(since: start)
  }

  mutating func finish() throws(ModelFileError) {
    while position < end, isBlank(bytes[position]) { position += 1 }
    guard position == end else { throw malformed("there is something after its end", at: position) }
  }

  func malformed(_ what: String, at offset: Int) -> ModelFileError {
    ModelFileError(
      .malformed, "not a readable \(subject): \(what); the file is damaged, incomplete or of another format",
      byteOffset: offset)
  }

  /// NaN, Infinity, true and false as numbers; nil, without a move, when none stands here. null is NaN.
  private mutating func word() throws(ModelFileError) -> Double? {
    var start = position
    let isNegative = bytes[start] == UInt8(ascii: "-")
    if isNegative { start += 1 }
    let words: [(StaticString, Double)] = [
      ("NaN", .nan), ("Infinity", .infinity), ("inf", .infinity), ("nan", .nan), ("true", 1), ("false", 0),
      ("null", .nan),
    ]
    for (word, value) in words where end - start >= word.utf8CodeUnitCount {
      let matches = (0..<word.utf8CodeUnitCount).allSatisfy { bytes[start + $0] == word.utf8Start[$0] }
      guard matches else { continue }
      position = start + word.utf8CodeUnitCount
      return isNegative ? -value : value
    }
    return nil
  }

  private func unfit(_ offset: Int) -> ModelFileError {
    malformed("a number does not fit its place", at: offset)
  }

  private func notEmpty(since start: Int) throws(ModelFileError) {
    guard position > start else { throw malformed("a value is absent", at: start) }
  }

  fileprivate func unexpected(_ wanted: String) -> ModelFileError {
    let byte = bytes[position]
    let found = byte > 0x20 && byte < 0x7F ? "'\(Character(UnicodeScalar(byte)))'" : "byte \(byte)"
    return malformed("\(found) instead of \(wanted)", at: position)
  }

  private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

  /// Goes to the next byte that is no blank; there must be one.
  fileprivate mutating func skipBlanks() throws(ModelFileError) {
    while position < end {
      guard isBlank(bytes[position]) else { return }
      position += 1
    }
    throw malformed("the file ends within a value", at: end)
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(ModelFileError) {
    try skipBlanks()
    guard bytes[position] == UInt8(ascii: character) else { throw unexpected("'\(character)'") }
    position += 1
  }

  private mutating func open(_ bracket: Unicode.Scalar) throws(ModelFileError) {
    try expect(bracket)
    depth += 1
    guard depth <= maxDocumentDepth else {
      throw ModelFileError(
        .tooLarge, "the \(subject) nests deeper than \(maxDocumentDepth); this is no ordinary one",
        byteOffset: position - 1)
    }
  }

  private mutating func closes(_ bracket: Unicode.Scalar) throws(ModelFileError) -> Bool {
    try skipBlanks()
    guard bytes[position] == UInt8(ascii: bracket) else { return false }
    position += 1
    depth -= 1
    return true
  }

  /// Passes a comma, or the bracket that ends the container.
  private mutating func goesOn(until bracket: Unicode.Scalar) throws(ModelFileError) -> Bool {
    if try closes(bracket) { return false }
    guard bytes[position] == UInt8(ascii: ",") else { throw unexpected("',' or '\(bracket)'") }
    position += 1
    return true
  }
}

extension JSONReader {
  /// Passes over a string and gives what lies between its quotes.
  fileprivate mutating func stringRange() throws(ModelFileError) -> (Range<Int>, hasEscapes: Bool) {
    guard bytes[position] == UInt8(ascii: "\"") else { throw unexpected("a text in quotes") }
    let start = position + 1
    var hasEscapes = false
    var index = start
    while index < end {
      switch bytes[index] {
      case UInt8(ascii: "\""):
        position = index + 1
        return (start..<index, hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        index += 2
      default: index += 1
      }
    }
    throw malformed("a text without an end", at: position)
  }

  /// Reads a text in quotes.
  mutating func string() throws(ModelFileError) -> String {
    try skipBlanks()
    let (range, hasEscapes) = try stringRange()
    guard hasEscapes else {
      return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
    }
    return try unescaped(range)
  }

  /// Reads the name of a member.
  fileprivate mutating func key() throws(ModelFileError) -> DocumentKey {
    let (range, hasEscapes) = try stringRange()
    return hasEscapes
      ? DocumentKey(try unescaped(range)) : DocumentKey(UnsafeRawBufferPointer(rebasing: bytes[range]))
  }

  private func unescaped(_ range: Range<Int>) throws(ModelFileError) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(range.count)
    var index = range.lowerBound
    while index < range.upperBound {
      let byte = bytes[index]
      guard byte == UInt8(ascii: "\\") else {
        text.append(byte)
        index += 1
        continue
      }
      // Two bytes were passed over for each backslash, so one more byte is there.
      let escape = bytes[index + 1]
      let place = index
      index += 2
      switch escape {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escape)
      case UInt8(ascii: "b"): text.append(0x08)
      case UInt8(ascii: "f"): text.append(0x0C)
      case UInt8(ascii: "n"): text.append(0x0A)
      case UInt8(ascii: "r"): text.append(0x0D)
      case UInt8(ascii: "t"): text.append(0x09)
      case UInt8(ascii: "u"):
        guard var code = hexadecimal(index, range.upperBound) else { throw malformed("a wrong escape", at: place) }
        index += 4
        if code & 0xFC00 == 0xD800, index + 6 <= range.upperBound, bytes[index] == UInt8(ascii: "\\"),
          bytes[index + 1] == UInt8(ascii: "u"), let low = hexadecimal(index + 2, range.upperBound),
          low & 0xFC00 == 0xDC00
        {
          code = 0x10000 + (code & 0x3FF) << 10 + (low & 0x3FF)
          index += 6
        }
        text.append(contentsOf: String(UnicodeScalar(code) ?? "\u{FFFD}").utf8)
      default: throw malformed("a wrong escape", at: place)
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  private func hexadecimal(_ start: Int, _ limit: Int) -> UInt32? {
    guard start + 4 <= limit else { return nil }
    var code: UInt32 = 0
    for index in start..<start + 4 {
      guard let digit = Character(UnicodeScalar(bytes[index])).hexDigitValue else { return nil }
      code = code << 4 | UInt32(digit)
    }
    return code
  }
}
