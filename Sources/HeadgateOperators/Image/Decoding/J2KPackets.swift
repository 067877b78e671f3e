import HeadgateTensors

/// The blocks of one resolution that lie in one rectangle, which packets give layer by layer.
struct J2KPrecinct {
  struct Block {
    let rectangle: J2KTile.Rectangle
    /// How many of the highest bits are zero in the whole block; nil until a packet includes it.
    var zeroBits: Int?
    var lengthBits = 3
    var passes = 0
    var data: [UInt8] = []
  }

  /// The part of a band, its blocks in rows.
  struct Band {
    let (wide, high): (Int, Int)
    var blocks: [Block]
    var inclusion: J2KTagTree
    var zeroBits: J2KTagTree
  }

  var bands: [Band]

  /// The precincts of a resolution in rows.
  static func all(
    _ stream: J2KCodestream, _ level: Int, _ frame: J2KTile.Rectangle, _ areas: [J2KTile.Rectangle]
  ) throws(TensorError) -> [J2KPrecinct] {
    guard frame.width > 0, frame.height > 0 else { return [] }
    let bits = stream.precinctBits[level]
    let (firstColumn, firstRow) = (frame.x0 >> bits.x, frame.y0 >> bits.y)
    let (lastColumn, lastRow) = ((frame.x1 - 1) >> bits.x, (frame.y1 - 1) >> bits.y)
    // Bands have half the size of their resolution, but for the lowest.
    let (bandX, bandY) = level == 0 ? (bits.x, bits.y) : (bits.x - 1, bits.y - 1)
    let (blockX, blockY) = (min(stream.blockWidthBits, bandX), min(stream.blockHeightBits, bandY))
    guard
      (lastColumn - firstColumn + 1) * (lastRow - firstRow + 1)
        <= stream.tiles.values.reduce(
          0,
          { sum, pieces in
            sum + pieces.reduce(0) { $0 + $1.count }
          })
    else { throw FileBytes.damaged("more precincts than bytes") }
    var precincts: [J2KPrecinct] = []
    for row in firstRow...lastRow {
      for column in firstColumn...lastColumn {
        let bands = areas.map { area -> Band in
          let (x0, y0) = (max(column << bandX, area.x0), max(row << bandY, area.y0))
          let (x1, y1) = (min((column + 1) << bandX, area.x1), min((row + 1) << bandY, area.y1))
          var blocks: [Block] = []
          guard x1 > x0, y1 > y0 else {
            return Band(wide: 0, high: 0, blocks: [], inclusion: J2KTagTree(0, 0), zeroBits: J2KTagTree(0, 0))
          }
          let (columns, rows) = (x0 >> blockX...(x1 - 1) >> blockX, y0 >> blockY...(y1 - 1) >> blockY)
          for blockRow in rows {
            for blockColumn in columns {
              blocks.append(
                Block(
                  rectangle: J2KTile.Rectangle(
                    x0: max(blockColumn << blockX, x0), y0: max(blockRow << blockY, y0),
                    x1: min((blockColumn + 1) << blockX, x1), y1: min((blockRow + 1) << blockY, y1))))
            }
          }
          return Band(
            wide: columns.count, high: rows.count, blocks: blocks, inclusion: J2KTagTree(columns.count, rows.count),
            zeroBits: J2KTagTree(columns.count, rows.count))
        }
        precincts.append(J2KPrecinct(bands: bands))
      }
    }
    return precincts
  }
}

/// A tree of least values, of which bits tell more and more (B.10.2).
struct J2KTagTree {
  private var (lows, values): ([Int], [Int]) = ([], [])
  /// Where each level begins and how wide it is, leaves first.
  private var levels: [(start: Int, wide: Int)] = []

  init(_ wide: Int, _ high: Int) {
    var (wide, high) = (wide, high)
    while wide > 0 {
      levels.append((lows.count, wide))
      lows += [Int](repeating: 0, count: wide * high)
      if wide * high == 1 { break }
      (wide, high) = ((wide + 1) / 2, (high + 1) / 2)
    }
    values = [Int](repeating: .max, count: lows.count)
  }

  /// Whether the value of a leaf is known to be below a threshold, after reading what it takes to know.
  mutating func isBelow(_ threshold: Int, _ x: Int, _ y: Int, _ bits: inout J2KPackets) throws(TensorError) -> Bool {
    var low = 0
    var node = 0
    for (depth, level) in levels.enumerated().reversed() {
      node = level.start + (y >> depth) * level.wide + x >> depth
      low = max(low, lows[node])
      while low < threshold, low < values[node] {
        if try bits.bit() { values[node] = low } else { low += 1 }
      }
      lows[node] = low
    }
    return values[node] < threshold
  }
}

/// The packets of a tile, one behind the other.
struct J2KPackets {
  private let bytes: [UInt8]
  private var position = 0
  private var buffer: UInt8 = 0
  private var count = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  var isAtEnd: Bool { position >= bytes.count }

  /// The next bit of a header; after a byte of ones follows one of only 7 bits.
  mutating func bit() throws(TensorError) -> Bool {
    if count == 0 {
      guard position < bytes.count else { throw FileBytes.damaged("a packet is cut") }
      count = buffer == 0xFF ? 7 : 8
      buffer = bytes[position]
      position += 1
    }
    count -= 1
    return buffer >> UInt8(count) & 1 == 1
  }

  private mutating func number(_ bits: Int) throws(TensorError) -> Int {
    var value = 0
    for _ in 0..<bits { value = value << 1 | (try bit() ? 1 : 0) }
    return value
  }

  /// Reads the packet of a layer (B.10).
  mutating func read(_ precinct: inout J2KPrecinct, _ layer: Int) throws(TensorError) {
    if position + 6 <= bytes.count, bytes[position] == 0xFF, bytes[position + 1] == 0x91 { position += 6 }
    (buffer, count) = (0, 0)
    var parts: [(band: Int, block: Int, length: Int)] = []
    if try bit() {
      for band in precinct.bands.indices {
        for index in precinct.bands[band].blocks.indices {
          guard let length = try header(&precinct.bands[band], index, layer) else { continue }
          parts.append((band, index, length))
        }
      }
    }
    // A header never ends with a byte of ones.
    if buffer == 0xFF, position < bytes.count { position += 1 }
    (buffer, count) = (0, 0)
    if position + 2 <= bytes.count, bytes[position] == 0xFF, bytes[position + 1] == 0x92 { position += 2 }
    for part in parts {
      guard part.length <= bytes.count - position else { throw FileBytes.damaged("a packet is cut") }
      precinct.bands[part.band].blocks[part.block].data += bytes[position..<position + part.length]
      position += part.length
    }
  }

  /// What the packet says of one block: the length of its data, nil when there is none.
  private mutating func header(
    _ band: inout J2KPrecinct.Band, _ index: Int, _ layer: Int
  ) throws(TensorError) -> Int? {
    let (x, y) = (index % band.wide, index / band.wide)
    if band.blocks[index].zeroBits == nil {
      guard try band.inclusion.isBelow(layer + 1, x, y, &self) else { return nil }
      var zeros = 0
      while !(try band.zeroBits.isBelow(zeros + 1, x, y, &self)) {
        zeros += 1
        guard zeros < 64 else { throw FileBytes.damaged("a block of no bits") }
      }
      band.blocks[index].zeroBits = zeros
    } else {
      guard try bit() else { return nil }
    }
    let passes = try passCount()
    while try bit() {
      band.blocks[index].lengthBits += 1
      guard band.blocks[index].lengthBits < 32 else { throw FileBytes.damaged("a block of no length") }
    }
    band.blocks[index].passes += passes
    let bits = band.blocks[index].lengthBits + (Int.bitWidth - 1 - passes.leadingZeroBitCount)
    return try number(bits)
  }

  private mutating func passCount() throws(TensorError) -> Int {
    if !(try bit()) { return 1 }
    if !(try bit()) { return 2 }
    let few = try number(2)
    if few < 3 { return 3 + few }
    let more = try number(5)
    if more < 31 { return 6 + more }
    return 37 + (try number(7))
  }
}
