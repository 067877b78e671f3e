import Foundation
import HeadgateArchives
import Testing

@Suite struct `A zip archive` {
  /// Two files of a few bytes, with the places that tests damage.
  private static let small: [UInt8] = {
    var bytes: [UInt8] = []
    var writer = ZipWriter<Never> { bytes += $0 }
    writer.add("a.txt", Array("first".utf8))
    writer.add("é/b", [])
    writer.finish()
    return bytes
  }()

  private func read(_ bytes: [UInt8]) throws -> [String: [UInt8]] {
    try bytes.withUnsafeBytes { raw in
      let archive = try ZipArchive(raw)
      var contents: [String: [UInt8]] = [:]
      for entry in archive.entries { contents[entry.name] = try archive.content(of: entry) }
      return contents
    }
  }

  @Test func `gives back what was written`() throws {
    #expect(try read(Self.small) == ["a.txt": Array("first".utf8), "é/b": []])
  }

  @Test func `is read with a comment at its end`() throws {
    var bytes = Self.small
    bytes[bytes.count - 2] = 7
    #expect(try read(bytes + Array("comment".utf8)).count == 2)
  }

  @Test func `is refused when a byte of a file is another`() throws {
    var bytes = Self.small
    let place = try #require(bytes.firstIndex(of: UInt8(ascii: "f")))
    bytes[place] = UInt8(ascii: "F")
    #expect(throws: ArchiveError("'a.txt' is damaged: its checksum is wrong")) { try read(bytes) }
  }

  @Test func `is refused when it is encrypted or packed otherwise`() throws {
    var encrypted = Self.small
    encrypted[6] |= 1
    #expect(throws: ArchiveError("'a.txt' is encrypted")) { try read(encrypted) }
    var strange = Self.small
    let directory = Self.small.count - 22 - 2 * 46 - 5 - 4
    strange[directory + 10] = 12
    #expect(throws: ArchiveError.self) { try read(strange) }
  }

  @Test func `never traps, whatever its bytes are`() {
    for length in 0..<Self.small.count { _ = try? read(Array(Self.small.prefix(length))) }
    for index in Self.small.indices {
      for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
        var bytes = Self.small
        bytes[index] = value
        _ = try? read(bytes)
      }
    }
    // A zip64 end whose places are beyond all numbers.
    var bytes = Self.small
    bytes.replaceSubrange(bytes.count - 22..<bytes.count, with: [])
    let end = bytes.count
    bytes += [0x50, 0x4B, 6, 6] + [UInt8](repeating: 0xFF, count: 52)
    bytes += [0x50, 0x4B, 6, 7, 0, 0, 0, 0]
    bytes += (0..<8).map { UInt8(truncatingIfNeeded: end >> (8 * $0)) } + [1, 0, 0, 0]
    bytes += [0x50, 0x4B, 5, 6] + [UInt8](repeating: 0xFF, count: 16) + [0, 0]
    #expect(throws: ArchiveError.self) { try read(bytes) }
  }
}
