/// Looks through the local headers of a zip archive for pickles, as PyTorch and joblib leave them there.
enum ZipOutline {
  private static let maxEntries = 4096
  /// The most that is unpacked of all entries together.
  private static let packedBudget = 1 << 20

  static func holdsPickle(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var position = 0
    var budget = packedBudget
    for _ in 0..<maxEntries {
      guard position + 30 <= bytes.count, number(bytes, position, 4) == 0x0403_4B50 else { return false }
      let method = number(bytes, position + 8, 2)
      let size = number(bytes, position + 18, 4)
      let nameLength = number(bytes, position + 26, 2)
      let start = position + 30 + nameLength + number(bytes, position + 28, 2)
      guard start <= bytes.count else { return false }
      let name = String(decoding: bytes[position + 30..<position + 30 + nameLength], as: UTF8.self).lowercased()
      if name.hasSuffix(".pkl") || name.hasSuffix(".pickle") || name.hasSuffix(".joblib") { return true }
      let content = bytes[start...]
      switch method {
      case 0: if PickleOutline.matches(UnsafeRawBufferPointer(rebasing: content), isWhole: false) { return true }
      case 8 where budget > 0:
        budget -= min(content.count, FileFormat.packedLimit)
        let first = FileFormat.unpackedStart(of: content)
        if first.withUnsafeBytes({ PickleOutline.matches($0, isWhole: false) }) { return true }
      default: break
      }
      // A streamed entry has its size after its content; the next header is then looked for.
      guard size > 0 || number(bytes, position + 6, 2) & 8 == 0 else {
        guard let next = nextHeader(bytes, from: start) else { return false }
        position = next
        continue
      }
      position = start + size
    }
    return false
  }

  private static func nextHeader(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var index = start
    // Within the first megabytes; what lies beyond blocks as a zip archive all the same.
    let end = min(bytes.count - 4, start + (8 << 20))
    while index < end {
      if bytes[index] == 0x50, bytes[index + 1] == 0x4B, bytes[index + 2] == 0x03, bytes[index + 3] == 0x04 {
        return index
      }
      index += 1
    }
    return nil
  }

  /// A little-endian number; the caller has checked the bounds.
  private static func number(_ bytes: UnsafeRawBufferPointer, _ position: Int, _ width: Int) -> Int {
    var value = 0
    for index in 0..<width { value |= Int(bytes[position + index]) << (8 * index) }
    return value
  }
}
