/// Recognises the own model files of XGBoost and LightGBM by how they begin.
///
/// They hold numbers and names, and nothing in them is ever called. Whether the rest of a file makes a model is for the
/// runtime to say, which reads them as it reads ONNX.
enum TreeOutline: Hashable {
  case xgboostJSON, xgboostUBJSON, lightGBM

  init?(of bytes: UnsafeRawBufferPointer) {
    if Self.begins(bytes, with: Self.lightGBMHeads) {
      self = .lightGBM
      return
    }
    let brace = Self.skipBlanks(bytes, from: 0)
    guard brace + 1 < bytes.count, bytes[brace] == UInt8(ascii: "{") else { return nil }
    // In the binary notation the length of the first key follows, with its type, and no blank stands anywhere.
    if brace == 0, let width = Self.lengthWidths[bytes[1]] {
      let start = 2 + width
      guard start <= bytes.count, bytes[2..<start - 1].allSatisfy({ $0 == 0 }), bytes[start - 1] == 7,
        Self.begins(bytes, with: Self.keys, at: start)
      else { return nil }
      self = .xgboostUBJSON
      return
    }
    let quote = Self.skipBlanks(bytes, from: brace + 1)
    guard quote < bytes.count, bytes[quote] == UInt8(ascii: "\""),
      Self.begins(bytes, with: Self.keys.map { $0 + [UInt8(ascii: "\"")] }, at: quote + 1)
    else { return nil }
    self = .xgboostJSON
  }

  private static let lightGBMHeads = [Array("tree\n".utf8), Array("tree\r\n".utf8)]
  /// What the outermost object of XGBoost holds, in either order.
  private static let keys = [Array("learner".utf8), Array("version".utf8)]
  /// The types of UBJSON's lengths.
  private static let lengthWidths: [UInt8: Int] = [
    UInt8(ascii: "i"): 1, UInt8(ascii: "U"): 1, UInt8(ascii: "I"): 2, UInt8(ascii: "l"): 4, UInt8(ascii: "L"): 8,
  ]

  private static func begins(_ bytes: UnsafeRawBufferPointer, with heads: [[UInt8]], at offset: Int = 0) -> Bool {
    heads.contains { head in
      bytes.count >= offset + head.count && bytes[offset..<offset + head.count].elementsEqual(head)
    }
  }

  /// The place of the next byte that is no blank; a file of more blanks than a person writes is none of these.
  private static func skipBlanks(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    let blanks: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
    var index = start
    while index < min(bytes.count, start + 1024), blanks.contains(bytes[index]) { index += 1 }
    return index
  }
}
