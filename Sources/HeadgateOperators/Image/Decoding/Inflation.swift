import HeadgateTensors

/// Unpacks a zlib stream (RFC 1950 and 1951) whose content has a known length.
struct Inflation {
  private let input: [UInt8]
  private let length: Int
  private var position = 2
  private var bitBuffer: UInt64 = 0
  private var bitCount = 0
  private var output: [UInt8] = []

  /// The content, of exactly `length` bytes: what follows is not unpacked.
  ///
  /// - Throws: `TensorError.invalidValue` when the stream is damaged or too short.
  static func unpack(_ input: [UInt8], length: Int) throws(TensorError) -> [UInt8] {
    guard input.count >= 2, input[0] & 15 == 8, (Int(input[0]) << 8 | Int(input[1])) % 31 == 0, input[1] & 32 == 0
    else { throw FileBytes.damaged("no zlib stream") }
    var inflation = Inflation(input: input, length: length)
    try inflation.run()
    guard inflation.output.count >= length else { throw FileBytes.damaged("its pixels end too early") }
    return Array(inflation.output.prefix(length))
  }

  private init(input: [UInt8], length: Int) {
    self.input = input
    self.length = length
    output.reserveCapacity(length + 258)
  }

  private mutating func run() throws(TensorError) {
    var isLast = false
    while !isLast, output.count < length {
      isLast = try bits(1) == 1
      switch try bits(2) {
      case 0: try stored()
      case 1:
        let lengths = (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }
        try block(Codes(lengths), Codes([Int](repeating: 5, count: 30)))
      case 2: try dynamicBlock()
      default: throw FileBytes.damaged("an unknown kind of block")
      }
    }
  }

  /// Fills the buffer with as many bits as there are, up to 56.
  private mutating func refill() {
    while bitCount <= 48, position < input.count {
      bitBuffer |= UInt64(input[position]) << UInt64(bitCount)
      position += 1
      bitCount += 8
    }
  }

  private mutating func bits(_ count: Int) throws(TensorError) -> Int {
    if bitCount < count { refill() }
    guard bitCount >= count else { throw FileBytes.damaged("its pixels end too early") }
    let value = bitBuffer & (1 << UInt64(count) - 1)
    bitBuffer >>= UInt64(count)
    bitCount -= count
    return Int(value)
  }

  private mutating func stored() throws(TensorError) {
    position -= bitCount / 8
    bitBuffer = 0
    bitCount = 0
    guard position + 4 <= input.count else { throw FileBytes.damaged("its pixels end too early") }
    let count = Int(input[position]) | Int(input[position + 1]) << 8
    position += 4
    guard position + count <= input.count else { throw FileBytes.damaged("its pixels end too early") }
    output += input[position..<position + count]
    position += count
  }

  /// Canonical Huffman codes. The first 9 bits are looked up; longer codes are walked bit by bit.
  private struct Codes {
    static let lookupBits = 9
    /// Symbol and length of the code that each pattern begins with; length 0 for none and for longer codes.
    private(set) var lookup = [(symbol: UInt16, length: UInt8)](repeating: (0, 0), count: 1 << Codes.lookupBits)
    private(set) var counts = [Int](repeating: 0, count: 16)
    private(set) var symbols: [Int] = []

    init(_ lengths: [Int]) {
      for length in lengths { counts[length] += 1 }
      counts[0] = 0
      var code = 0
      for length in 1..<16 {
        for (symbol, other) in lengths.enumerated() where other == length {
          symbols.append(symbol)
          if length <= Codes.lookupBits, code < 1 << length {
            var reversed = 0
            for bit in 0..<length where code >> bit & 1 == 1 { reversed |= 1 << (length - 1 - bit) }
            for pattern in stride(from: reversed, to: 1 << Codes.lookupBits, by: 1 << length) {
              lookup[pattern] = (UInt16(symbol), UInt8(length))
            }
          }
          code += 1
        }
        code <<= 1
      }
    }
  }

  private mutating func symbol(_ codes: Codes) throws(TensorError) -> Int {
    if bitCount < 15 { refill() }
    let found = codes.lookup[Int(bitBuffer & (1 << UInt64(Codes.lookupBits) - 1))]
    if found.length > 0, Int(found.length) <= bitCount {
      bitBuffer >>= UInt64(found.length)
      bitCount -= Int(found.length)
      return Int(found.symbol)
    }
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
    throw FileBytes.damaged("an unknown code")
  }

  private mutating func dynamicBlock() throws(TensorError) {
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
        guard let last = lengths.last else { throw FileBytes.damaged("nothing to repeat") }
        lengths += [Int](repeating: last, count: 3 + (try bits(2)))
      case 17: lengths += [Int](repeating: 0, count: 3 + (try bits(3)))
      case 18: lengths += [Int](repeating: 0, count: 11 + (try bits(7)))
      case let length: lengths.append(length)
      }
    }
    guard lengths.count == literalCount + distanceCount else { throw FileBytes.damaged("too many codes") }
    try block(Codes(Array(lengths[..<literalCount])), Codes(Array(lengths[literalCount...])))
  }

  private mutating func block(_ literals: Codes, _ distances: Codes) throws(TensorError) {
    while output.count < length {
      let symbol = try symbol(literals)
      if symbol < 256 {
        output.append(UInt8(symbol))
        continue
      }
      if symbol == 256 { return }
      guard symbol < 286 else { throw FileBytes.damaged("an unknown code") }
      let count = Self.lengthBases[symbol - 257] + (try bits(Self.lengthBits[symbol - 257]))
      let distanceSymbol = try self.symbol(distances)
      guard distanceSymbol < 30 else { throw FileBytes.damaged("an unknown code") }
      let extra = distanceSymbol < 2 ? 0 : distanceSymbol / 2 - 1
      let base = distanceSymbol < 4 ? distanceSymbol + 1 : ((2 + distanceSymbol % 2) << extra) + 1
      let distance = base + (try bits(extra))
      guard distance <= output.count else { throw FileBytes.damaged("a copy from before its start") }
      for _ in 0..<count { output.append(output[output.count - distance]) }
    }
  }

  private static let lengthBases = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
  ]
  private static let lengthBits = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
  ]
}
