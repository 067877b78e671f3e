import HeadgateTensors

/// JPEG 2000 files and codestreams (ITU-T T.800), whole and lossy, of samples up to 16 bits. Colours that follow the
/// first three are left out.
struct JPEG2000File: ImageDecoding.Decoder {
  /// Three components of floats, twice, and the blocks they come in.
  static let workingBytes = 48
  let width: Int
  let height: Int
  private let file: FileBytes
  private let start: Int

  init(_ file: FileBytes) throws(TensorError) {
    self.file = file
    var position = 0
    if !file.starts(with: [0xFF, 0x4F]) {
      // The codestream is one of the boxes of the file.
      while true {
        let (length, kind) = (try file.big32(position), try file.big32(position + 4))
        if kind == 0x6A70_3263 {
          position += length == 1 ? 16 : 8
          break
        }
        guard length >= 8 else { throw FileBytes.damaged("a box of \(length) bytes") }
        position += length
      }
    }
    start = position
    guard try file.big16(start) == 0xFF4F, try file.big16(start + 2) == 0xFF51 else {
      throw FileBytes.damaged("it has no codestream")
    }
    (width, height) = (try file.big32(start + 8), try file.big32(start + 12))
    _ = try ImageDecoding.checkedCount(width, height, byteCount: file.count, pixelsPerByte: 1 << 13)
  }

  func pixels() throws(TensorError) -> ImageDecoding.Pixels {
    let stream = try J2KCodestream(file, start)
    let channels = stream.depths.count < 3 ? 1 : 3
    var samples = [UInt8](repeating: 0, count: width * height * channels)
    for (index, data) in stream.tiles.sorted(by: { $0.key < $1.key }) {
      var tile = try J2KTile(stream, index)
      try tile.readPackets(file, data)
      tile.write(channels, into: &samples, width: width)
    }
    return ImageDecoding.Pixels(channels: channels, samples: samples)
  }
}

/// The headers of a codestream (annex A), and where the data of its tiles lie.
struct J2KCodestream {
  let (width, height): (Int, Int)
  let (tileWidth, tileHeight): (Int, Int)
  private(set) var depths: [Int] = []
  /// The pieces of each tile.
  private(set) var tiles: [Int: [Range<Int>]] = [:]

  private(set) var progression = 0
  private(set) var layers = 0
  private(set) var mixesColours = false
  private(set) var levels = 0
  private(set) var (blockWidthBits, blockHeightBits) = (0, 0)
  private(set) var hasSegmentSymbols = false
  private(set) var isReversible = false
  /// For each resolution.
  private(set) var precinctBits: [(x: Int, y: Int)] = []
  private(set) var guardBits = 0
  /// For each band: of the lowest resolution one, of the others three each.
  private(set) var exponents: [Int] = []
  private(set) var mantissas: [Int] = []

  init(_ file: FileBytes, _ start: Int) throws(TensorError) {
    let size = start + 4
    (width, height) = (try file.big32(size + 4), try file.big32(size + 8))
    (tileWidth, tileHeight) = (try file.big32(size + 20), try file.big32(size + 24))
    for offset in [12, 16, 28, 32] {
      guard try file.big32(size + offset) == 0 else { throw Self.unsupported("an offset") }
    }
    let count = try file.big16(size + 36)
    guard (1...4).contains(count), tileWidth > 0, tileHeight > 0 else {
      throw FileBytes.damaged("\(count) components in tiles of \(tileWidth) by \(tileHeight)")
    }
    for component in 0..<count {
      let entry = size + 38 + 3 * component
      let depth = try file.byte(entry) + 1
      guard depth <= 16, try file.big16(entry + 1) == 0x0101 else {
        throw Self.unsupported("components of their own kind")
      }
      depths.append(depth)
    }
    var position = start + 2
    var (hasStyle, hasSteps) = (false, false)
    while try file.big16(position) != 0xFFD9 {
      let (marker, length) = (try file.big16(position), try file.big16(position + 2))
      let content = position + 4
      guard length >= 2 else { throw FileBytes.damaged("a segment of \(length) bytes") }
      switch marker {
      case 0xFF52:
        try readStyle(file, content)
        hasStyle = true
      case 0xFF5C:
        try readSteps(file, content, length - 2)
        hasSteps = true
      case 0xFF90:
        guard hasStyle, hasSteps else { throw FileBytes.damaged("a tile before its style") }
        position = try readTile(file, position)
        continue
      case 0xFF53, 0xFF5D, 0xFF5E, 0xFF5F, 0xFF60:
        throw Self.unsupported("marker \(marker)")
      default: break
      }
      position += 2 + length
    }
    guard exponents.count >= 3 * levels + 1 else { throw FileBytes.damaged("its bands lack quantizers") }
  }

  private static func unsupported(_ what: String) -> TensorError {
    TensorError(.unsupported, "JPEG 2000 with \(what) is not decoded by this version")
  }

  private mutating func readStyle(_ file: FileBytes, _ start: Int) throws(TensorError) {
    let style = try file.byte(start)
    progression = try file.byte(start + 1)
    layers = try file.big16(start + 2)
    mixesColours = try file.byte(start + 4) == 1
    levels = try file.byte(start + 5)
    (blockWidthBits, blockHeightBits) = (try file.byte(start + 6) + 2, try file.byte(start + 7) + 2)
    let blockStyle = try file.byte(start + 8)
    isReversible = try file.byte(start + 9) == 1
    guard levels <= 32, blockWidthBits <= 10, blockHeightBits <= 10, blockWidthBits + blockHeightBits <= 12,
      progression < 5
    else { throw FileBytes.damaged("\(levels) levels") }
    guard blockStyle & ~0x20 == 0 else { throw Self.unsupported("blocks of style \(blockStyle)") }
    hasSegmentSymbols = blockStyle == 0x20
    precinctBits = []
    for resolution in 0...levels {
      let bits = style & 1 == 1 ? try file.byte(start + 10 + resolution) : 0xFF
      guard resolution == 0 || (bits & 15 > 0 && bits >> 4 > 0) else { throw FileBytes.damaged("precincts of no size") }
      precinctBits.append((bits & 15, bits >> 4))
    }
  }

  private mutating func readSteps(_ file: FileBytes, _ start: Int, _ length: Int) throws(TensorError) {
    guard length > 0 else { throw FileBytes.damaged("its quantizers are missing") }
    let style = try file.byte(start)
    guardBits = style >> 5
    (exponents, mantissas) = ([], [])
    if style & 31 == 0 {
      for index in 0..<length - 1 {
        exponents.append(try file.byte(start + 1 + index) >> 3)
        mantissas.append(0)
      }
      return
    }
    for index in stride(from: 0, to: length - 1, by: 2) {
      let value = try file.big16(start + 1 + index)
      exponents.append(value >> 11)
      mantissas.append(value & 0x7FF)
    }
    // One step for the lowest band can stand for all.
    if style & 31 == 1, let exponent = exponents.first, let mantissa = mantissas.first {
      exponents = [exponent]
      for level in 0..<32 { exponents += [Int](repeating: max(exponent - level, 0), count: 3) }
      mantissas = [Int](repeating: mantissa, count: exponents.count)
    }
  }

  /// Notes where a part of a tile lies; returns the place behind it.
  private mutating func readTile(_ file: FileBytes, _ start: Int) throws(TensorError) -> Int {
    let index = try file.big16(start + 4)
    let length = try file.big32(start + 6)
    let end = length == 0 ? file.count : start + length
    guard end <= file.count, end >= start + 14 else { throw FileBytes.damaged("a tile is cut") }
    let across = (width + tileWidth - 1) / tileWidth
    guard index < across * ((height + tileHeight - 1) / tileHeight) else { throw FileBytes.damaged("tile \(index)") }
    var position = start + 12
    while try file.big16(position) != 0xFF93 {
      let marker = try file.big16(position)
      // Lengths of packets and comments may stand here.
      guard marker == 0xFF58 || marker == 0xFF64 else { throw Self.unsupported("tiles of their own kind") }
      position += 2 + (try file.big16(position + 2))
    }
    guard position + 2 <= end else { throw FileBytes.damaged("a tile is cut") }
    tiles[index, default: []].append(position + 2..<end)
    return end == file.count ? try trailingEnd(file) : end
  }

  /// The place of the end marker, which files that are cut lack.
  private func trailingEnd(_ file: FileBytes) throws(TensorError) -> Int {
    guard try file.big16(file.count - 2) == 0xFFD9 else { throw FileBytes.damaged("it has no end") }
    return file.count - 2
  }
}
