/// A canonical Huffman code of deflate (RFC 1951, section 3.2.2).
struct HuffmanCode {
  /// Bits that one look into the table decodes; longer codes are rare and walked bit by bit.
  static let tableBits = 10
  static let longestCode = 15

  /// For each next `tableBits` bits `symbol << 4 | length`; 0 where the code is longer, or there is none.
  let table: [UInt16]
  /// How many codes there are of each length.
  let counts: [Int]
  /// The symbols in the order of their codes.
  let symbols: [UInt16]

  /// - Parameter lengths: the length of each symbol's code, 0 for symbols without one, at most 15.
  /// - Returns: nil when there are more codes than bits can tell apart.
  init?(lengths: [Int]) {
    var counts = [Int](repeating: 0, count: Self.longestCode + 1)
    for length in lengths { counts[length] += 1 }
    counts[0] = 0
    var room = 1
    for length in 1...Self.longestCode {
      room = room << 1 - counts[length]
      guard room >= 0 else { return nil }
    }
    var starts = [Int](repeating: 0, count: Self.longestCode + 2)
    for length in 1...Self.longestCode { starts[length + 1] = starts[length] + counts[length] }
    var codes = [Int](repeating: 0, count: Self.longestCode + 1)
    for length in 2...Self.longestCode { codes[length] = (codes[length - 1] + counts[length - 1]) << 1 }
    var symbols = [UInt16](repeating: 0, count: starts[Self.longestCode + 1])
    var table = [UInt16](repeating: 0, count: 1 << Self.tableBits)
    for (symbol, length) in lengths.enumerated() where length > 0 {
      symbols[starts[length]] = UInt16(symbol)
      starts[length] += 1
      let code = codes[length]
      codes[length] += 1
      guard length <= Self.tableBits else { continue }
      // Codes arrive with their first bit lowest.
      var index = 0
      for bit in 0..<length where code >> bit & 1 == 1 { index |= 1 << (length - 1 - bit) }
      while index < table.count {
        table[index] = UInt16(symbol << 4 | length)
        index += 1 << length
      }
    }
    self.table = table
    self.counts = counts
    self.symbols = symbols
  }
}
