import HeadgateTensors

/// The tables that segments between scans set.
struct JPEGTables {
  /// The place in a block of each coefficient as files order them.
  static let zigzag = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47,
    55, 62, 63,
  ]

  /// 64 steps each, in the order of a block.
  private(set) var quantizers = [[Int]?](repeating: nil, count: 4)
  private(set) var directCodes = [JPEGCodes?](repeating: nil, count: 4)
  private(set) var alternatingCodes = [JPEGCodes?](repeating: nil, count: 4)
  var restartInterval = 0

  mutating func readQuantizers(_ file: FileBytes, _ start: Int, _ length: Int) throws(TensorError) {
    var position = start
    while position < start + length {
      let head = try file.byte(position)
      guard head & 15 < 4, head >> 4 < 2 else { throw FileBytes.damaged("quantizer \(head)") }
      position += 1
      var steps = [Int](repeating: 0, count: 64)
      for place in Self.zigzag {
        steps[place] = head >> 4 == 0 ? try file.byte(position) : try file.big16(position)
        position += 1 + head >> 4
      }
      quantizers[head & 15] = steps
    }
  }

  mutating func readCodes(_ file: FileBytes, _ start: Int, _ length: Int) throws(TensorError) {
    var position = start
    while position < start + length {
      let head = try file.byte(position)
      guard head & 15 < 4, head >> 4 < 2 else { throw FileBytes.damaged("code table \(head)") }
      let counts = try file.range(position + 1, 16).map { Int($0) }
      let symbols = try file.range(position + 17, counts.reduce(0, +)).map { Int($0) }
      position += 17 + symbols.count
      let codes = try JPEGCodes(counts, symbols)
      if head >> 4 == 0 { directCodes[head & 15] = codes } else { alternatingCodes[head & 15] = codes }
    }
  }
}

/// Canonical Huffman codes of up to 16 bits.
struct JPEGCodes {
  /// For each pattern of 8 bits the symbol and length of the code it begins with; length 0 for longer codes.
  private var lookup = [(symbol: UInt8, length: UInt8)](repeating: (0, 0), count: 256)
  private let counts: [Int]
  private let symbols: [Int]

  init(_ counts: [Int], _ symbols: [Int]) throws(TensorError) {
    self.counts = counts
    self.symbols = symbols
    var code = 0
    var index = 0
    for length in 1...16 {
      guard code + counts[length - 1] <= 1 << length else { throw FileBytes.damaged("too many codes") }
      for _ in 0..<counts[length - 1] {
        if length <= 8 {
          for pattern in code << (8 - length)..<(code + 1) << (8 - length) {
            lookup[pattern] = (UInt8(symbols[index]), UInt8(length))
          }
        }
        code += 1
        index += 1
      }
      code <<= 1
    }
  }

  /// The next symbol of a stream.
  func next(_ bits: inout JPEGBits) throws(TensorError) -> Int {
    let found = lookup[bits.peek8()]
    if found.length > 0 {
      try bits.skip(Int(found.length))
      return Int(found.symbol)
    }
    var code = 0
    var first = 0
    var index = 0
    for length in 0..<16 {
      code |= try bits.take(1)
      if code - first < counts[length] { return symbols[index + code - first] }
      index += counts[length]
      first = (first + counts[length]) << 1
      code <<= 1
    }
    throw FileBytes.damaged("an unknown code")
  }
}

/// The bits of a scan, without the zeros that follow bytes of ones.
struct JPEGBits {
  private let bytes: [UInt8]
  private(set) var position: Int
  private var buffer: UInt64 = 0
  private var count = 0

  init(_ file: FileBytes, _ position: Int) {
    bytes = file.bytes
    self.position = position
  }

  private mutating func refill() {
    while count <= 48, position < bytes.count {
      let byte = bytes[position]
      if byte == 0xFF {
        // Anything but a zero is a marker, before which the bits end.
        guard position + 1 < bytes.count, bytes[position + 1] == 0 else { return }
        position += 1
      }
      buffer = buffer << 8 | UInt64(byte)
      position += 1
      count += 8
    }
  }

  /// The next 8 bits, zeros after the last.
  mutating func peek8() -> Int {
    if count < 16 { refill() }
    return Int((count >= 8 ? buffer >> UInt64(count - 8) : buffer << UInt64(8 - count)) & 255)
  }

  mutating func skip(_ length: Int) throws(TensorError) {
    guard length <= count else { throw FileBytes.damaged("a scan ends too early") }
    count -= length
  }

  mutating func take(_ length: Int) throws(TensorError) -> Int {
    if count < length { refill() }
    guard length <= count else { throw FileBytes.damaged("a scan ends too early") }
    count -= length
    return Int(buffer >> UInt64(count) & (1 << UInt64(length) - 1))
  }

  /// A difference or coefficient of so many bits: those that begin with 0 are negative.
  mutating func takeSigned(_ length: Int) throws(TensorError) -> Int {
    guard length > 0 else { return 0 }
    let value = try take(length)
    return value < 1 << (length - 1) ? value - 1 << length + 1 : value
  }

  /// Drops the bits until the next restart marker, and passes it.
  mutating func restart() throws(TensorError) {
    count = 0
    buffer = 0
    guard position + 1 < bytes.count, bytes[position] == 0xFF, (0xD0...0xD7).contains(bytes[position + 1]) else {
      throw FileBytes.damaged("a restart is missing")
    }
    position += 2
  }
}
