import Foundation
import HeadgateArchives
import Testing

@Suite struct `A deflate stream` {
  // Made by CPython 3.11's zlib: `compressobj(level, DEFLATED, -15, 9, strategy)`.
  private static let numbers = (0..<120).map { "\($0) is a number; " }.joined()
  static let streams: [Stream] = [
    Stream("AQYA+f9zdG9yZWQ=", "stored"),
    Stream("y0jNyclXyEAnAQ==", "hello hello hello hello"),
    Stream(
      "ZdU5TkUxEATAq7wjjNexxWlAIvgBBCDuT+xy2FnJS3c8r9/n/fn++/r4/Hl7yhnrGdsZ+xnHGecZ84zrjBtGkHEVYAVZgVawFXAFXYFX8FV8"
        + "1XPDV/FVfBVfxVfxVXwVX8PX8DUvFl/D1/A1fA1fw9fwdXwdX8fXfXn4Or6Or+Pr+Dq+gW/gG/gGvuHXwDfwDXwD38A38U18E9/EN/FN/y6+"
        + "iW/im/gSX+JLfIkv8SW+tFzwJb7Et/AtfAvfwrfwLXwL37L98C18G9/Gt/FtfBvfxrfxbXzber762YIOGzqs6LCjw5IOWzqs6bCnw6IOpfeU"
        + "KL3G5FqTa06uPbkG5VqUa1LclH8=", numbers
    ),
  ]

  /// What a stream unpacks to.
  struct Stream: CustomTestStringConvertible {
    let packed: String
    let content: String

    init(_ packed: String, _ content: String) {
      self.packed = packed
      self.content = content
    }

    var testDescription: String { "\(content.utf8.count) bytes" }
  }

  @Test(arguments: streams)
  func `unpacks to its content`(stream: Stream) throws {
    let content = stream.content
    let packed = try #require(Data(base64Encoded: stream.packed))
    let unpacked = try packed.withUnsafeBytes { try Inflate.content(of: $0, count: content.utf8.count) }
    #expect(String(decoding: unpacked, as: UTF8.self) == content)
    for limit in [0, 1, 5, 100_000] {
      let prefix = packed.withUnsafeBytes { Inflate.prefix(of: $0, limit: limit) }
      #expect(String(decoding: prefix, as: UTF8.self) == content.prefix(limit))
    }
  }

  @Test(arguments: streams)
  func `is refused with another size, cut short, or damaged`(stream: Stream) throws {
    let content = stream.content
    let packed = Array(try #require(Data(base64Encoded: stream.packed)))
    func unpack(_ bytes: [UInt8], _ count: Int) throws -> [UInt8] {
      try bytes.withUnsafeBytes { try Inflate.content(of: $0, count: count) }
    }
    let count = content.utf8.count
    for wrong in [0, count - 1, count + 1, .max] {
      #expect(throws: ArchiveError.self) { try unpack(packed, wrong) }
    }
    for length in 0..<packed.count {
      #expect(throws: ArchiveError.self) { try unpack(Array(packed.prefix(length)), count) }
    }
    // Any byte may be anything: it ends in bytes or an error, never in a trap.
    for index in packed.indices {
      for bit in 0..<8 {
        var damaged = packed
        damaged[index] ^= 1 << bit
        if let bytes = try? unpack(damaged, count) { #expect(bytes.count == count) }
      }
    }
  }
}
