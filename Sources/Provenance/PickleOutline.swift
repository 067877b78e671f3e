/// Recognises Python pickles of all protocols by walking their opcodes; nothing is built or called.
enum PickleOutline {
  /// How many opcodes are looked at: a file that is text or another format stops being a pickle long before.
  private static let maxOpcodes = 200

  /// - Parameter isWhole: whether the bytes are the whole file, so that the walk must not run past their end.
  static func matches(_ bytes: UnsafeRawBufferPointer, isWhole: Bool = true) -> Bool {
    guard let first = bytes.first else { return false }
    // Protocols 2 to 5 say so in their first two bytes.
    if first == 0x80, bytes.count > 2, (2...5).contains(bytes[1]) { return true }
    // The first opcode finds an empty stack, so it must push: plain text rarely begins so.
    guard "(])}NIFLSVPcUXTKMJG".utf8.contains(first) else { return false }
    var position = 0
    for count in 0..<maxOpcodes {
      guard position < bytes.count else { return !isWhole && count > 4 }
      let opcode = bytes[position]
      position += 1
      // STOP: a pickle has pushed at least one object.
      if opcode == UInt8(ascii: ".") { return count > 0 }
      guard let argument = arguments[opcode] else { return false }
      switch argument {
      case .bytes(let length): position += length
      case .lines(let lines):
        for _ in 0..<lines {
          guard let end = lineEnd(bytes, from: position) else { return false }
          position = end
        }
      case .counted(let width):
        guard position + width <= bytes.count else { return !isWhole && count > 4 }
        var length = 0
        for index in 0..<width { length |= Int(bytes[position + index]) << (8 * index) }
        position += width + length
      }
    }
    return true
  }

  private enum Argument {
    case bytes(Int)
    /// Texts that end with a line feed.
    case lines(Int)
    /// A little-endian length of so many bytes, then as many bytes.
    case counted(Int)
  }

  /// The opcodes of protocols 0 and 1, which may begin a file without a header, by CPython's `pickletools`.
  private static let arguments: [UInt8: Argument] = {
    var table: [UInt8: Argument] = [:]
    for opcode in "(012NQRabdelostu)]}".utf8 { table[opcode] = .bytes(0) }
    for opcode in "FILSVPgp".utf8 { table[opcode] = .lines(1) }
    for opcode in "ci".utf8 { table[opcode] = .lines(2) }
    for opcode in "KhqUX".utf8 { table[opcode] = .bytes(1) }
    table[UInt8(ascii: "U")] = .counted(1)
    table[UInt8(ascii: "X")] = .counted(4)
    table[UInt8(ascii: "T")] = .counted(4)
    table[UInt8(ascii: "M")] = .bytes(2)
    table[UInt8(ascii: "J")] = .bytes(4)
    table[UInt8(ascii: "j")] = .bytes(4)
    table[UInt8(ascii: "r")] = .bytes(4)
    table[UInt8(ascii: "G")] = .bytes(8)
    return table
  }()

  private static func lineEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var index = start
    while index < min(bytes.count, start + 1024) {
      if bytes[index] == UInt8(ascii: "\n") { return index + 1 }
      index += 1
    }
    return nil
  }
}
