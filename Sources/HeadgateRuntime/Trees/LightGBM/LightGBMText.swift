import Glibc

/// Goes through a LightGBM text model line by line: `key=value`.
///
/// SAFETY: `bytes` must stay valid while it is used.
struct LightGBMText {
  struct Line {
    /// Where the line begins.
    let offset: Int
    let key: String
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
    let key = text(start..<min(equals ?? stop, stop, start + 64))
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

  /// The numbers of a value, between blanks.
  func numbers<Element: DocumentNumber>(_ line: Line, _ type: Element.Type) throws(ModelFileError) -> [Element] {
    guard let range = line.value else { throw malformed("'\(line.key)' has no value", at: line.offset) }
    var values: [Element] = []
    var index = range.lowerBound
    while true {
      while index < range.upperBound, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
      guard index < range.upperBound else { return values }
      let start = index
      var value: Element?
      if let number = DecimalText(bytes, from: index, to: range.upperBound) {
        index = number.range.upperBound
        value = Element(number)
      } else {
        while index < range.upperBound, bytes[index] != 0x20, index - start < 16 { index += 1 }
        value = Self.word(text(start..<index)).flatMap { Element(real: $0) }
      }
      guard let value, index == range.upperBound || bytes[index] == 0x20 || bytes[index] == 0x09 else {
        throw malformed("a number of '\(line.key)' is not readable or does not fit", at: start)
      }
      values.append(value)
    }
  }

  /// The only number of a value.
  func number(_ line: Line) throws(ModelFileError) -> Int {
    let numbers = try numbers(line, Int64.self)
    guard numbers.count == 1 else { throw malformed("'\(line.key)' is no number", at: line.offset) }
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
