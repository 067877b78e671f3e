/// The directory at the end of a zip archive.
struct ZipDirectory {
  private static let endSize = 22
  private static let longestComment = 65_535
  /// What stands in a field whose value is in the zip64 part.
  private static let elsewhere = 0xFFFF_FFFF

  private let bytes: ZipBytes
  private var start = 0
  private var count = 0

  init(_ bytes: ZipBytes) throws(ArchiveError) {
    self.bytes = bytes
    let end = try Self.end(bytes)
    count = try bytes.number(end + 10, 2)
    start = try bytes.number(end + 16, 4)
    guard count == 0xFFFF || start == Self.elsewhere else { return }
    let locator = end - 20
    guard locator >= 0, try bytes.number(locator, 4) == 0x0706_4B50 else { return }
    let wide = try bytes.number(locator + 8, 8)
    guard try bytes.number(wide, 4) == 0x0606_4B50 else { throw ArchiveError("the archive's zip64 part is damaged") }
    count = try bytes.number(wide + 32, 8)
    start = try bytes.number(wide + 48, 8)
  }

  private static func end(_ bytes: ZipBytes) throws(ArchiveError) -> Int {
    var place = bytes.bytes.count - endSize
    let first = max(0, place - longestComment)
    while place >= first {
      if try bytes.number(place, 4) == 0x0605_4B50 { return place }
      place -= 1
    }
    throw ArchiveError("it is no zip archive, or its end is missing")
  }

  func entries() throws(ArchiveError) -> [ZipArchive.Entry] {
    // Each takes 46 bytes at least, so that the count of a lying file ends at its last byte.
    var entries: [ZipArchive.Entry] = []
    var names: Set<String> = []
    var place = start
    for _ in 0..<count {
      guard try bytes.number(place, 4) == 0x0201_4B50 else { throw ArchiveError("the archive's directory is damaged") }
      let nameCount = try bytes.number(place + 28, 2)
      let extraCount = try bytes.number(place + 30, 2)
      let name = String(decoding: try bytes.slice(place + 46, nameCount), as: UTF8.self)
      guard names.insert(name).inserted else { throw ArchiveError("the archive holds '\(name)' twice") }
      var sizes = [
        try bytes.number(place + 24, 4), try bytes.number(place + 20, 4), try bytes.number(place + 42, 4),
      ]
      if sizes.contains(Self.elsewhere) {
        try fill(&sizes, from: place + 46 + nameCount, count: extraCount)
      }
      entries.append(
        ZipArchive.Entry(
          name: name, count: sizes[0], method: try bytes.number(place + 10, 2), packedCount: sizes[1],
          checksum: UInt32(truncatingIfNeeded: try bytes.number(place + 16, 4)), headerOffset: sizes[2]))
      place += 46 + nameCount + extraCount + (try bytes.number(place + 32, 2))
    }
    return entries
  }

  /// Replaces the sizes that are elsewhere by those of the zip64 field (APPNOTE 4.5.3), which stand in the same order.
  private func fill(_ sizes: inout [Int], from start: Int, count: Int) throws(ArchiveError) {
    var place = start
    while place + 4 <= start + count {
      let length = try bytes.number(place + 2, 2)
      guard try bytes.number(place, 2) == 1 else {
        place += 4 + length
        continue
      }
      var next = place + 4
      for index in sizes.indices where sizes[index] == Self.elsewhere {
        guard next + 8 <= place + 4 + length else { return }
        sizes[index] = try bytes.number(next, 8)
        next += 8
      }
      return
    }
  }
}
