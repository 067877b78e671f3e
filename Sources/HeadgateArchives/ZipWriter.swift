/// Writes a zip archive of stored files, entry by entry. The same entries always give the same bytes.
package struct ZipWriter<Failure: Error> {
  /// Takes the next bytes of the archive.
  package typealias Sink = ([UInt8]) throws(Failure) -> Void

  private let sink: Sink
  private var offset = 0
  private var directory: [UInt8] = []
  private var count = 0

  package init(to sink: @escaping Sink) {
    self.sink = sink
  }

  /// Adds a file.
  package mutating func add(_ name: String, _ content: [UInt8]) throws(Failure) {
    let name = Array(name.utf8.prefix(0xFFFF))
    let isWide = content.count >= 0xFFFF_FFFF
    var common = number(isWide ? 45 : 20, 2)
    // The names are UTF-8. All files are of the first day that the format knows.
    common += number(0x800, 2) + number(0, 2) + number(0, 2) + number(0x21, 2)
    common += number(Int(content.withUnsafeBytes { Checksum.of($0) }), 4)
    let size = isWide ? 0xFFFF_FFFF : content.count
    common += number(size, 4) + number(size, 4) + number(name.count, 2)
    let sizes = isWide ? number(content.count, 8) + number(content.count, 8) : []
    let localExtra = isWide ? number(1, 2) + number(16, 2) + sizes : []
    let isFar = offset >= 0xFFFF_FFFF
    let places = sizes + (isFar ? number(offset, 8) : [])
    let extra = places.isEmpty ? [] : number(1, 2) + number(places.count, 2) + places
    directory += number(0x0201_4B50, 4) + number(45, 2) + common + number(extra.count, 2) + number(0, 2)
    directory += number(0, 2) + number(0, 2) + number(0, 4) + number(isFar ? 0xFFFF_FFFF : offset, 4) + name + extra
    count += 1
    try write(number(0x0403_4B50, 4) + common + number(localExtra.count, 2) + name + localExtra)
    try write(content)
  }

  /// Writes the directory, after which the archive is whole.
  package mutating func finish() throws(Failure) {
    let start = offset
    let size = directory.count
    try write(directory)
    let isWide = count >= 0xFFFF || start >= 0xFFFF_FFFF
    if isWide {
      let end = offset
      try write(
        number(0x0606_4B50, 4) + number(44, 8) + number(45, 2) + number(45, 2) + number(0, 4) + number(0, 4)
          + number(count, 8) + number(count, 8) + number(size, 8) + number(start, 8))
      try write(number(0x0706_4B50, 4) + number(0, 4) + number(end, 8) + number(1, 4))
    }
    let shown = isWide ? 0xFFFF : count
    try write(
      number(0x0605_4B50, 4) + number(0, 4) + number(shown, 2) + number(shown, 2) + number(size, 4)
        + number(isWide ? 0xFFFF_FFFF : start, 4) + number(0, 2))
  }

  private mutating func write(_ bytes: [UInt8]) throws(Failure) {
    try sink(bytes)
    offset += bytes.count
  }

  private func number(_ value: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
