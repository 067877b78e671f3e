import HeadgateTensors

/// The header of an array file: a Python dictionary of type, order of axes and shape.
struct NumPyHeader {
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// NumPy's own limit for headers that it does not trust is 10,000.
  private static let maxLength = 1 << 16
  private static let maxRank = 64

  var type = ""
  var isFortranOrder = false
  var shape: Shape = []
  /// Where the elements begin.
  var end = 0

  /// Reads formats 1 to 3.
  init(_ bytes: UnsafeRawBufferPointer) throws(ArrayArchiveError) {
    guard bytes.count >= 12, bytes.prefix(6).elementsEqual(Self.magic) else {
      throw ArrayArchiveError("it is no array of NumPy's")
    }
    guard (1...3).contains(bytes[6]) else { throw ArrayArchiveError("its format \(bytes[6]) is not known") }
    let start = bytes[6] == 1 ? 10 : 12
    let length = (8..<start).reversed().reduce(0) { $0 << 8 | Int(bytes[$1]) }
    guard length <= Self.maxLength, start + length <= bytes.count else {
      throw ArrayArchiveError("its header is cut off")
    }
    end = start + length
    var parser = HeaderParser(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
    try parser.dictionary { (parser, key) throws(ArrayArchiveError) in
      switch key {
      case "descr": type = try parser.type()
      case "fortran_order": isFortranOrder = try parser.boolean()
      case "shape": shape = try parser.tuple(max: Self.maxRank)
      default: throw ArrayArchiveError("its header has an unknown entry")
      }
    }
  }

  /// The bytes of a header in format 1, so that the elements begin at a multiple of 64.
  static func bytes(type: String, shape: Shape) -> [UInt8] {
    let extents = shape.map { "\($0)," }.joined(separator: " ")
    let tuple = shape.count > 1 ? String(extents.dropLast()) : extents
    var text = Array("{'descr': '\(type)', 'fortran_order': False, 'shape': (\(tuple)), }".utf8)
    while (text.count + 11) % 64 != 0 { text.append(UInt8(ascii: " ")) }
    text.append(UInt8(ascii: "\n"))
    return magic + [1, 0, UInt8(truncatingIfNeeded: text.count), UInt8(truncatingIfNeeded: text.count >> 8)] + text
  }
}

/// Reads the few forms of Python's literals that NumPy writes.
private struct HeaderParser {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  mutating func dictionary(
    _ body: (inout HeaderParser, String) throws(ArrayArchiveError) -> Void
  ) throws(ArrayArchiveError) {
    try expect("{")
    while !take("}") {
      let key = try string()
      try expect(":")
      try body(&self, key)
      if !take(",") {
        try expect("}")
        return
      }
    }
  }

  mutating func type() throws(ArrayArchiveError) -> String {
    guard next() != UInt8(ascii: "[") else {
      throw ArrayArchiveError("it is a structured array, with fields of several types; save each field by itself")
    }
    return try string()
  }

  mutating func boolean() throws(ArrayArchiveError) -> Bool {
    for (word, value) in [("True", true), ("False", false)] where take(word) { return value }
    throw damaged
  }

  mutating func tuple(max count: Int) throws(ArrayArchiveError) -> [Int] {
    var numbers: [Int] = []
    try expect("(")
    while !take(")") {
      guard numbers.count < count else { throw ArrayArchiveError("it has more than \(count) dimensions") }
      numbers.append(try number())
      // Python 2 wrote long integers so.
      _ = take("L")
      if !take(",") {
        try expect(")")
        return numbers
      }
    }
    return numbers
  }

  private mutating func number() throws(ArrayArchiveError) -> Int {
    _ = next()
    let start = position
    while position < bytes.count, bytes[position] &- UInt8(ascii: "0") < 10 { position += 1 }
    guard let value = Int(String(decoding: bytes[start..<position], as: UTF8.self)) else { throw damaged }
    return value
  }

  private mutating func string() throws(ArrayArchiveError) -> String {
    guard let quote = next(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { throw damaged }
    let start = position + 1
    guard let end = bytes[start...].firstIndex(of: quote) else { throw damaged }
    position = end + 1
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }

  private mutating func expect(_ word: String) throws(ArrayArchiveError) {
    guard take(word) else { throw damaged }
  }

  private mutating func take(_ word: String) -> Bool {
    guard next() != nil, bytes[position...].starts(with: word.utf8) else { return false }
    position += word.utf8.count
    return true
  }

  /// The next byte that is not white space.
  private mutating func next() -> UInt8? {
    while position < bytes.count, bytes[position] <= 0x20 { position += 1 }
    return position < bytes.count ? bytes[position] : nil
  }

  private var damaged: ArrayArchiveError { ArrayArchiveError("its header is damaged") }
}
