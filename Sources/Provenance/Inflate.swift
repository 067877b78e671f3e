/// Unpacks the first bytes of a deflate stream (RFC 1951), to see what is inside. It stops at the limit, at the end, or at
/// the first thing that is not deflate, and returns what it has until then.
struct Inflate {
  private let input: UnsafeRawBufferPointer
  private let limit: Int
  private var position = 0
  private var bitBuffer: UInt32 = 0
  private var bitCount = 0
  private var output: [UInt8] = []

  private struct NotDeflate: Error {}

  /// At most `limit` bytes of the content.
  static func prefix(of input: UnsafeRawBufferPointer, limit: Int) -> [UInt8] {
    var inflate = Inflate(input: input, limit: limit)
    try? inflate.run()
    return Array(inflate.output.prefix(limit))
  }

  /// Where the deflate stream of a gzip file begins (RFC 1952); `nil` when the header is not whole.
  static func gzipContentStart(_ bytes: UnsafeRawBufferPointer) -> Int? {
    guard bytes.count > 18 else { return nil }
    let flags = bytes[3]
    var position = 10
    if flags & 4 != 0 {
      guard position + 2 <= bytes.count else { return nil }
      position += 2 + Int(bytes[position]) + Int(bytes[position + 1]) << 8
    }
    for flag: UInt8 in [8, 16] where flags & flag != 0 {
      while position < bytes.count, bytes[position] != 0 { position += 1 }
      position += 1
    }
    if flags & 2 != 0 { position += 2 }
    return position < bytes.count ? position : nil
  }

  private init(input: UnsafeRawBufferPointer, limit: Int) {
    self.input = input
    self.limit = limit
  }

  private mutating func run() throws {
    var isLast = false
    while !isLast, output.count < limit {
      isLast = try bits(1) == 1
      switch try bits(2) {
      case 0: try stored()
      case 1:
        let lengths = (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }
        try block(Codes(lengths), Codes([Int](repeating: 5, count: 30)))
      case 2: try dynamicBlock()
      default: throw NotDeflate()
      }
    }
  }

  private mutating func bits(_ count: Int) throws -> Int {
    while bitCount < count {
      guard position < input.count else { throw NotDeflate() }
      bitBuffer |= UInt32(input[position]) << UInt32(bitCount)
      position += 1
      bitCount += 8
    }
    let value = bitBuffer & ((1 << UInt32(count)) - 1)
    bitBuffer >>= UInt32(count)
    bitCount -= count
    return Int(value)
  }

  private mutating func stored() throws {
    bitBuffer = 0
    bitCount = 0
    guard position + 4 <= input.count else { throw NotDeflate() }
    let length = Int(input[position]) | Int(input[position + 1]) << 8
    position += 4
    guard position + length <= input.count else { throw NotDeflate() }
    output.append(contentsOf: input[position..<position + min(length, limit)])
    position += length
  }

  /// Canonical Huffman codes: how many there are of each length, and their symbols in order.
  private struct Codes {
    var counts = [Int](repeating: 0, count: 16)
    var symbols: [Int] = []

    init(_ lengths: [Int]) {
      for length in lengths { counts[length] += 1 }
      counts[0] = 0
      for length in 1..<16 {
        for (symbol, other) in lengths.enumerated() where other == length { symbols.append(symbol) }
      }
    }
  }

  private mutating func symbol(_ codes: Codes) throws -> Int {
    var code = 0
    var first = 0
    var index = 0
    for length in 1..<16 {
      code |= try bits(1)
      let count = codes.counts[length]
      if code - first < count, index + code - first < codes.symbols.count { return codes.symbols[index + code - first] }
      index += count
      first = (first + count) << 1
      code <<= 1
    }
    throw NotDeflate()
  }

  private mutating func dynamicBlock() throws {
    let literalCount = try bits(5) + 257
    let distanceCount = try bits(5) + 1
    let codeCount = try bits(4) + 4
    let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    var codeLengths = [Int](repeating: 0, count: 19)
    for index in 0..<codeCount { codeLengths[order[index]] = try bits(3) }
    let codes = Codes(codeLengths)
    var lengths: [Int] = []
    while lengths.count < literalCount + distanceCount {
      switch try symbol(codes) {
      case 16:
        guard let last = lengths.last else { throw NotDeflate() }
        lengths += [Int](repeating: last, count: 3 + (try bits(2)))
      case 17: lengths += [Int](repeating: 0, count: 3 + (try bits(3)))
      case 18: lengths += [Int](repeating: 0, count: 11 + (try bits(7)))
      case let length: lengths.append(length)
      }
    }
    guard lengths.count == literalCount + distanceCount else { throw NotDeflate() }
    try block(Codes(Array(lengths[..<literalCount])), Codes(Array(lengths[literalCount...])))
  }

  private mutating func block(_ literals: Codes, _ distances: Codes) throws {
    while output.count < limit {
      let symbol = try symbol(literals)
      if symbol < 256 {
        output.append(UInt8(symbol))
        continue
      }
      if symbol == 256 { return }
      guard symbol < 286 else { throw NotDeflate() }
      let length = Self.lengthBases[symbol - 257] + (try bits(Self.lengthBits[symbol - 257]))
      let distanceSymbol = try self.symbol(distances)
      guard distanceSymbol < 30 else { throw NotDeflate() }
      let extra = distanceSymbol < 2 ? 0 : distanceSymbol / 2 - 1
      let base = distanceSymbol < 4 ? distanceSymbol + 1 : ((2 + distanceSymbol % 2) << extra) + 1
      let distance = base + (try bits(extra))
      guard distance <= output.count else { throw NotDeflate() }
      for _ in 0..<length { output.append(output[output.count - distance]) }
    }
  }

  private static let lengthBases = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
  ]
  private static let lengthBits = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
  ]
}
