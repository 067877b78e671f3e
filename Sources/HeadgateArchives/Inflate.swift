/// Unpacks deflate streams (RFC 1951). What it takes of memory is bounded by the caller.
package struct Inflate {
  private let input: UnsafeRawBufferPointer
  private let limit: Int
  private var position = 0
  private var bitBuffer: UInt64 = 0
  private var bitCount = 0
  private var output: [UInt8] = []
  private var isComplete = false

  private struct NotDeflate: Error {}

  /// At most `limit` bytes of the content, to see what is inside. It stops at the limit, at the end, or at the first
  /// thing that is not deflate, and returns what it has until then.
  package static func prefix(of input: UnsafeRawBufferPointer, limit: Int) -> [UInt8] {
    var inflate = Inflate(input: input, limit: limit)
    try? inflate.run()
    return Array(inflate.output.prefix(limit))
  }

  /// The whole content, whose size is known beforehand.
  ///
  /// - Throws: when the stream is damaged, or holds more or fewer bytes.
  package static func content(of input: UnsafeRawBufferPointer, count: Int) throws(ArchiveError) -> [UInt8] {
    // One byte more shows that there are too many, whatever the stream would go on to.
    var inflate = Inflate(input: input, limit: count == .max ? count : count + 1)
    // Deflate makes at most 1032 bytes of one: a lie about the size takes no memory.
    let most = input.count.multipliedReportingOverflow(by: 1032)
    inflate.output.reserveCapacity(min(count, most.overflow ? count : most.partialValue))
    do {
      try inflate.run()
    } catch {
      throw ArchiveError("the compressed bytes are damaged")
    }
    guard inflate.isComplete, inflate.output.count == count else {
      throw ArchiveError("the compressed bytes do not unpack to \(count) bytes")
    }
    return inflate.output
  }

  /// Where the deflate stream of a gzip file begins (RFC 1952); `nil` when the header is not whole.
  package static func gzipContentStart(_ bytes: UnsafeRawBufferPointer) -> Int? {
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

  private mutating func run() throws(NotDeflate) {
    var isLast = false
    while !isLast {
      guard output.count < limit else { return }
      isLast = try bits(1) == 1
      switch try bits(2) {
      case 0: try stored()
      case 1:
        let lengths = (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }
        try block(try code(lengths), try code([Int](repeating: 5, count: 30)))
      case 2: try dynamicBlock()
      default: throw NotDeflate()
      }
    }
    isComplete = output.count < limit
  }

  private func code(_ lengths: [Int]) throws(NotDeflate) -> HuffmanCode {
    guard let code = HuffmanCode(lengths: lengths) else { throw NotDeflate() }
    return code
  }

  /// Fills the buffer to more than any code and its extra bits need, as far as there are bytes.
  @inline(__always)
  private mutating func refill() {
    while bitCount <= 48, position < input.count {
      bitBuffer |= UInt64(input[position]) << UInt64(bitCount)
      position += 1
      bitCount += 8
    }
  }

  @inline(__always)
  private mutating func bits(_ count: Int) throws(NotDeflate) -> Int {
    refill()
    guard bitCount >= count else { throw NotDeflate() }
    let value = bitBuffer & (1 << UInt64(count) - 1)
    bitBuffer >>= UInt64(count)
    bitCount -= count
    return Int(value)
  }

  @inline(__always)
  private mutating func symbol(_ code: HuffmanCode) throws(NotDeflate) -> Int {
    refill()
    let entry = Int(code.table[Int(bitBuffer & (1 << UInt64(HuffmanCode.tableBits) - 1))])
    let length = entry & 15
    guard length > 0 else { return try longSymbol(code) }
    guard length <= bitCount else { throw NotDeflate() }
    bitBuffer >>= UInt64(length)
    bitCount -= length
    return entry >> 4
  }

  private mutating func longSymbol(_ huffman: HuffmanCode) throws(NotDeflate) -> Int {
    var code = 0
    var first = 0
    var index = 0
    for length in 1...HuffmanCode.longestCode {
      code |= try bits(1)
      let count = huffman.counts[length]
      if code - first < count { return Int(huffman.symbols[index + code - first]) }
      index += count
      first = (first + count) << 1
      code <<= 1
    }
    throw NotDeflate()
  }

  private mutating func stored() throws(NotDeflate) {
    // Whole bytes that were read ahead go back.
    position -= bitCount / 8
    bitBuffer = 0
    bitCount = 0
    guard position + 4 <= input.count else { throw NotDeflate() }
    let length = Int(input[position]) | Int(input[position + 1]) << 8
    position += 4
    guard position + length <= input.count else { throw NotDeflate() }
    output.append(contentsOf: input[position..<position + min(length, limit - output.count)])
    position += length
  }

  private mutating func dynamicBlock() throws(NotDeflate) {
    let literalCount = try bits(5) + 257
    let distanceCount = try bits(5) + 1
    let codeCount = try bits(4) + 4
    let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    var codeLengths = [Int](repeating: 0, count: 19)
    for index in 0..<codeCount { codeLengths[order[index]] = try bits(3) }
    let lengthCode = try code(codeLengths)
    var lengths: [Int] = []
    while lengths.count < literalCount + distanceCount {
      switch try symbol(lengthCode) {
      case 16:
        guard let last = lengths.last else { throw NotDeflate() }
        lengths += [Int](repeating: last, count: 3 + (try bits(2)))
      case 17: lengths += [Int](repeating: 0, count: 3 + (try bits(3)))
      case 18: lengths += [Int](repeating: 0, count: 11 + (try bits(7)))
      case let length: lengths.append(length)
      }
    }
    guard lengths.count == literalCount + distanceCount else { throw NotDeflate() }
    try block(try code(Array(lengths[..<literalCount])), try code(Array(lengths[literalCount...])))
  }

  private mutating func block(_ literals: HuffmanCode, _ distances: HuffmanCode) throws(NotDeflate) {
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
