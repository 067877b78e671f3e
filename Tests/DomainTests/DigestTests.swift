import Testing

@testable import Domain

@Suite struct `A digest` {
  /// The examples of FIPS 180-2, appendix B, and the empty message.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      String(repeating: "a", count: 1_000_000),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    ),
  ])
  func `is that of the standard`(text: String, hex: String) {
    #expect(Digest.sha256(of: text).hex == hex)
    #expect(Array(text.utf8).withUnsafeBytes { Digest.sha256(of: $0) }.hex == hex)
  }

  @Test func `of pieces is that of the whole, and goes on after it was asked for`() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
    var stream = DigestStream()
    for start in stride(from: 0, to: 700, by: 7) { bytes[start..<start + 7].withUnsafeBytes { stream.add($0) } }
    #expect(stream.finish() == .sha256(of: bytes[..<700]))
    var other = stream
    bytes[700...].withUnsafeBytes { stream.add($0) }
    #expect(stream.finish() == .sha256(of: bytes))
    #expect(other.finish() == .sha256(of: bytes[..<700]))
    bytes[..<1].withUnsafeBytes { other.add($0) }
    #expect(other.finish() == .sha256(of: bytes[..<700] + bytes[..<1]))
    #expect(stream.finish() == .sha256(of: bytes))
  }
}
