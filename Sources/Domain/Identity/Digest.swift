/// A SHA-256 digest, written `sha256:` and 64 lower-case hexadecimal digits.
///
/// Hashing lives here, with the one outside import of `Domain` (see `SHA256`), because specs, data sets, builds and
/// admission must agree on it to the last byte and none of them may import the others.
package struct Digest: Hashable, Sendable, Comparable {
  /// The 32 bytes of the digest.
  package let bytes: [UInt8]

  init(trusted bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Reads `sha256:<64 hex digits>`; anything else is `nil`.
  package init?(_ text: String) {
    let prefix = "sha256:"
    guard text.hasPrefix(prefix) else { return nil }
    self.init(hex: text.dropFirst(prefix.count))
  }

  /// Reads 64 lower-case hexadecimal digits; anything else is `nil`.
  package init?(hex: some StringProtocol) {
    let digits = Array(hex.utf8)
    guard digits.count == 64 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(32)
    for index in stride(from: 0, to: 64, by: 2) {
      guard let high = Self.value(ofHexDigit: digits[index]), let low = Self.value(ofHexDigit: digits[index + 1])
      else { return nil }
      bytes.append(high << 4 | low)
    }
    self.bytes = bytes
  }

  /// The digest of a sequence of bytes.
  package static func sha256(of data: some Sequence<UInt8>) -> Digest {
    Array(data).withUnsafeBytes { sha256(of: $0) }
  }

  /// The digest of a region of memory, without a copy.
  package static func sha256(of region: UnsafeRawBufferPointer) -> Digest {
    var hash = SHA256()
    hash.update(region)
    return Digest(trusted: hash.finish())
  }

  /// The digest of the UTF-8 bytes of a text.
  package static func sha256(of text: String) -> Digest {
    sha256(of: text.utf8)
  }

  /// The 64 hexadecimal digits, without the algorithm.
  package var hex: String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(64)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The first twelve hexadecimal digits: enough for people, never for a comparison.
  package var short: String { String(hex.prefix(12)) }

  package static func < (left: Digest, right: Digest) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }

  private static func value(ofHexDigit digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}

extension Digest: CustomStringConvertible {
  package var description: String { "sha256:" + hex }
}

extension Digest: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let digest = Digest(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a sha256 digest: \(text.prefix(80))")
    }
    self = digest
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
