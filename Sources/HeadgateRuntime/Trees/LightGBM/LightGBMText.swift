import Glibc

/// Goes through a LightGBM text model line by line: `key=value`.
///
/// SAFETY: `bytes` must stay valid while it is used.
struct LightGBMText {
  struct Line {
    /// Where the line begins.
    let offset: Int
    let key: DocumentKey
    /// Where the value lies; nil for a line without an equals sign.
    let value: Range<Int>?
  }

  let bytes: UnsafeRawBufferPointer
  var position = 0
  var end: Int

  init(_ bytes: UnsafeRawBufferPointer, range: Range<Int>? = nil) {
    self.bytes = bytes
    position = range?.lowerBound ?? 0
    end = range?.upperBound ?? bytes.count
  }

  /// The next line, or nil at the end; an empty line has an empty key.
  mutating func next() -> Line? {
    guard position < end else { return nil }
    let start = position
    var stop = find(0x0A, in: start..<end) ?? end
    let equals = find(UInt8(ascii: "="), in: start..<stop)
    position = min(stop + 1, end)
    if stop > start, bytes[stop - 1] == 0x0D { stop -= 1 }
    let key = DocumentKey(UnsafeRawBufferPointer(rebasing: bytes[start..<min(equals ?? stop, stop, start + 64)]))
    return Line(offset: start, key: key, value: equals.map { min($0 + 1, stop)..<stop })
  }

  private func find(_ byte: UInt8, in range: Range<Int>) -> Int? {
    guard let base = bytes.baseAddress, let found = memchr(base + range.lowerBound, Int32(byte), range.count) else {
      return nil
    }
    return found - UnsafeMutableRawPointer(mutating: base)
  }

  func text(_ range: Range<Int>) -> String {
    String(decoding: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
  }

  /// Reads the numbers of a value, between blanks, in place of what the array held.
  func numbers<Element: DocumentNumber>(_ line: Line, into values: inout [Element]) throws(ModelFileError) {
    guard let range = line.value else { throw malformed("'\(line.key.text)' has no value", at: line.offset) }
    values.removeAll(keepingCapacity: true)
    var index = range.lowerBound
    while true {
      while index < range.upperBound, isBlank(index) { index += 1 }
      guard index < range.upperBound else { return }
      let start = index
      var value: Element?
      // Most numbers are whole and short.
      if let whole = shortNumber(&index, range.upperBound) {
        value = Element(whole: whole)
      } else if let number = DecimalText(bytes, from: index, to: range.upperBound) {
        index = number.range.upperBound
        value = Element(number)
      } else {
        while index < range.upperBound, bytes[index] != 0x20, index - start < 16 { index += 1 }
        value = Self.word(text(start..<index)).flatMap { Element(real: $0) }
      }
      guard let value, index == range.upperBound || isBlank(index) else {
        throw malformed("a number of '\(line.key.text)' is not readable or does not fit", at: start)
      }
      values.append(value)
    }
  }

  @inline(__always)
  private func isBlank(_ index: Int) -> Bool { bytes[index] == 0x20 || bytes[index] == 0x09 }

  /// Passes over a whole number of up to seven digits before a blank; nil, without a move, when there is none, or a
  /// negative zero, which is no whole number.
  @inline(__always)
  private func shortNumber(_ index: inout Int, _ end: Int) -> Int64? {
    let isNegative = bytes[index] == UInt8(ascii: "-")
    let start = isNegative ? index + 1 : index
    guard start + 8 <= end else { return nil }
    let digits = DecimalDigits(bytes, at: start)
    guard digits.count > 0, digits.count < 8, bytes[start + digits.count] == 0x20, digits.value > 0 || !isNegative
    else { return nil }
    index = start + digits.count
    let value = Int64(truncatingIfNeeded: digits.value)
    return isNegative ? -value : value
  }

  /// The only number of a value.
  func number(_ line: Line) throws(ModelFileError) -> Int {
    var numbers: [Int64] = []
    try self.numbers(line, into: &numbers)
    guard numbers.count == 1 else { throw malformed("'\(line.key.text)' is no number", at: line.offset) }
    return Int(numbers[0])
  }

  func malformed(_ what: String, at offset: Int) -> ModelFileError {
    ModelFileError(
      .malformed, "not a readable LightGBM model: \(what); the file is damaged, incomplete or of another format",
      byteOffset: offset)
  }

  private static func word(_ text: String) -> Double? {
    switch text.lowercased() {
    case "nan", "-nan": .nan
    case "inf", "infinity": .infinity
    case "-inf", "-infinity": -.infinity
    default: nil
    }
  }
}

extension Double: DocumentNumber {
  init?(_ text: DecimalText) { self = text.double }
}

extension UInt32: DocumentNumber {}
