import Domain

/// The bytes of one spec file with the places diagnostics point at.
struct SourceText: Sendable {
  let path: RepositoryPath
  /// Without a byte order mark.
  let bytes: [UInt8]

  /// A diagnostic carries its line up to this many bytes; a longer one is left out, so that a thousand diagnostics on
  /// one endless line stay small.
  static let longestLine = 4096

  init(path: RepositoryPath, bytes: [UInt8]) {
    self.path = path
    // libyaml skips a byte order mark only where it guesses the encoding itself.
    self.bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
  }

  /// The text of a line counted from 1, without its line break; `nil` when there is none or it is too long.
  func line(_ number: Int) -> String? {
    var start = 0
    for _ in 1..<max(1, number) {
      guard let end = lineEnd(from: start), end.next <= bytes.count else { return nil }
      start = end.next
    }
    let end = lineEnd(from: start)?.end ?? bytes.count
    guard end - start <= Self.longestLine else { return nil }
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }

  /// Line and column, counted from 1, of the character that holds a byte.
  func position(ofByte offset: Int) -> (line: Int, column: Int) {
    let offset = min(max(0, offset), bytes.count)
    var line = 1
    var start = 0
    while let end = lineEnd(from: start), end.next <= offset {
      line += 1
      start = end.next
    }
    // Continuation bytes do not start a character.
    let column = bytes[start..<offset].reduce(1) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
    return (line, column)
  }

  /// The character at a place, `nil` at the end of a line.
  func character(line number: Int, column: Int) -> Unicode.Scalar? {
    guard let scalars = line(number)?.unicodeScalars, column >= 1 else { return nil }
    return scalars.dropFirst(column - 1).first
  }

  /// Whether a word stands anywhere in the bytes.
  func mentions(_ word: String) -> Bool {
    let word = Array(word.utf8)
    guard let first = word.first, bytes.count >= word.count else { return false }
    return (0...bytes.count - word.count).contains {
      bytes[$0] == first && bytes[$0..<$0 + word.count].elementsEqual(word)
    }
  }

  /// The offset of the first byte that is not UTF-8.
  var firstInvalidByte: Int? {
    if String(validating: bytes, as: UTF8.self) != nil { return nil }
    var low = 0
    var index = 0
    while index < bytes.count {
      low = index
      let length =
        switch bytes[index] {
        case 0x00...0x7F: 1
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 0
        }
      guard length > 0, index + length <= bytes.count,
        String(validating: bytes[index..<index + length], as: UTF8.self) != nil
      else { return low }
      index += length
    }
    return low
  }

  /// Where the line that starts at an offset ends and the next one starts. The breaks are libyaml's, so that its marks
  /// and these lines agree: LF, CR, CR LF, NEL, LS and PS.
  private func lineEnd(from start: Int) -> (end: Int, next: Int)? {
    var index = start
    while index < bytes.count {
      switch bytes[index] {
      case 0x0A: return (index, index + 1)
      case 0x0D: return (index, index + (byte(index + 1) == 0x0A ? 2 : 1))
      case 0xC2 where byte(index + 1) == 0x85: return (index, index + 2)
      case 0xE2 where byte(index + 1) == 0x80 && (byte(index + 2) == 0xA8 || byte(index + 2) == 0xA9):
        return (index, index + 3)
      default: index += 1
      }
    }
    return nil
  }

  private func byte(_ index: Int) -> UInt8? {
    index < bytes.count ? bytes[index] : nil
  }
}
