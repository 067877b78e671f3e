/// A zip archive in memory: its entries by the directory at its end, zip64 too (PKWARE's APPNOTE 6.3).
///
/// SAFETY: the caller keeps the bytes for as long as the archive is used.
package struct ZipArchive {
  /// One file of an archive.
  package struct Entry: Hashable {
    package let name: String
    /// Bytes of the content.
    package let count: Int
    let method: Int
    let packedCount: Int
    let checksum: UInt32
    let headerOffset: Int
  }

  package let entries: [Entry]
  private let bytes: ZipBytes

  /// Reads the directory. Its size bounds what is allocated.
  ///
  /// - Throws: when there is none, or it lies about places and counts.
  package init(_ bytes: UnsafeRawBufferPointer) throws(ArchiveError) {
    self.bytes = ZipBytes(bytes)
    entries = try ZipDirectory(self.bytes).entries()
  }

  /// The content of an entry.
  ///
  /// - Throws: when it is encrypted or packed in a way other than deflate, damaged, or its checksum is wrong.
  package func content(of entry: Entry) throws(ArchiveError) -> [UInt8] {
    let packed = try packed(entry)
    let content: [UInt8]
    switch entry.method {
    case 0:
      guard entry.count == packed.count else { throw ArchiveError("'\(entry.name)' has two sizes") }
      content = Array(packed)
    case 8:
      do {
        content = try Inflate.content(of: packed, count: entry.count)
      } catch {
        throw ArchiveError("'\(entry.name)': \(error.message)")
      }
    default:
      throw ArchiveError("'\(entry.name)' is packed by method \(entry.method); only stored and deflated files are read")
    }
    guard content.withUnsafeBytes({ Checksum.of($0) }) == entry.checksum else {
      throw ArchiveError("'\(entry.name)' is damaged: its checksum is wrong")
    }
    return content
  }

  private func packed(_ entry: Entry) throws(ArchiveError) -> UnsafeRawBufferPointer {
    let start = entry.headerOffset
    guard try bytes.number(start, 4) == 0x0403_4B50 else {
      throw ArchiveError("'\(entry.name)' is not where the directory says")
    }
    guard try bytes.number(start + 6, 2) & 1 == 0 else { throw ArchiveError("'\(entry.name)' is encrypted") }
    let content = start + 30 + (try bytes.number(start + 26, 2)) + (try bytes.number(start + 28, 2))
    return try bytes.slice(content, entry.packedCount)
  }
}

/// The bytes of an archive, every read of which is checked.
struct ZipBytes {
  let bytes: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  /// A little-endian number of at most 8 bytes; those beyond an `Int` are refused.
  func number(_ position: Int, _ width: Int) throws(ArchiveError) -> Int {
    let slice = try slice(position, width)
    var value: UInt64 = 0
    for index in 0..<width { value |= UInt64(slice[index]) << UInt64(8 * index) }
    guard let number = Int(exactly: value) else { throw ArchiveError("the archive holds a senseless size") }
    return number
  }

  func slice(_ start: Int, _ count: Int) throws(ArchiveError) -> UnsafeRawBufferPointer {
    guard start >= 0, count >= 0, start <= bytes.count, count <= bytes.count - start else {
      throw ArchiveError("the archive is cut off, or its directory points outside of it")
    }
    return UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])
  }
}
