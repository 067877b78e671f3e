import Glibc

/// The name of a value, compared where it stands: documents of trees have tens of thousands of them.
///
/// SAFETY: valid as long as the document's bytes are.
struct DocumentKey {
  private let bytes: UnsafeRawBufferPointer
  /// The name when it stands there in another spelling.
  private let other: String?

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    other = nil
  }

  init(_ name: String) {
    bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    other = name
  }

  var isEmpty: Bool { other?.isEmpty ?? bytes.isEmpty }

  /// The name, with a sign in place of what is no text.
  var text: String { other ?? String(decoding: bytes, as: UTF8.self) }

  static func == (key: DocumentKey, name: StaticString) -> Bool {
    if let other = key.other { return other == "\(name)" }
    guard key.bytes.count == name.utf8CodeUnitCount else { return false }
    guard let start = key.bytes.baseAddress else { return true }
    return memcmp(start, name.utf8Start, key.bytes.count) == 0
  }

  /// Lets names stand in a switch.
  static func ~= (name: StaticString, key: DocumentKey) -> Bool { key == name }
}
