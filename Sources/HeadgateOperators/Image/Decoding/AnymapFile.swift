import HeadgateTensors

/// Portable bitmaps, greymaps and pixmaps, as text (P1 to P3) and as bytes (P4 to P6).
struct AnymapFile: ImageDecoding.Decoder {
  /// Three bytes.
  static let workingBytes = 4
  let width: Int
  let height: Int
  private let file: FileBytes
  private let kind: Int
  private let greatest: Int
  private let start: Int

  init(_ file: FileBytes) throws(TensorError) {
    self.file = file
    kind = try file.byte(1) - 0x30
    guard (1...6).contains(kind) else { throw FileBytes.damaged("no known format") }
    var position = 2
    width = try Self.number(file, &position)
    height = try Self.number(file, &position)
    greatest = kind == 1 || kind == 4 ? 1 : try Self.number(file, &position)
    // Exactly one blank stands between the header and bytes.
    start = position + 1
    guard (1...65535).contains(greatest) else { throw FileBytes.damaged("samples up to \(greatest)") }
    _ = try ImageDecoding.checkedCount(width, height, byteCount: file.count, pixelsPerByte: 8)
  }

  func pixels() throws(TensorError) -> ImageDecoding.Pixels {
    let channels = kind % 3 == 0 ? 3 : 1
    let perRow = width * channels
    var samples: [UInt8] = []
    samples.reserveCapacity(perRow * height)
    if kind <= 3 {
      var position = start - 1
      for _ in 0..<perRow * height {
        samples.append(scaled(try Self.number(file, &position, isBit: kind == 1)))
      }
    } else if kind == 4 {
      let packing = PackedSamples(bits: 1)
      let rowBytes = packing.rowByteCount(width)
      for line in 0..<height {
        let row = try file.range(start + line * rowBytes, rowBytes)
        for x in 0..<width { samples.append(scaled(packing.sample(row, x))) }
      }
    } else {
      for index in 0..<perRow * height {
        samples.append(scaled(greatest < 256 ? try file.byte(start + index) : try file.big16(start + 2 * index)))
      }
    }
    return ImageDecoding.Pixels(channels: channels, samples: samples)
  }

  private func scaled(_ sample: Int) -> UInt8 {
    // In bitmaps 1 is black.
    if kind == 1 || kind == 4 { return sample == 0 ? 255 : 0 }
    return UInt8(min((2 * sample * 255 + greatest) / (2 * greatest), 255))
  }

  /// The next number after blanks and comments. Bits need no blanks between them.
  private static func number(
    _ file: FileBytes, _ position: inout Int, isBit: Bool = false
  ) throws(TensorError) -> Int {
    var isComment = false
    while true {
      let byte = try file.byte(position)
      if byte == 0x23 { isComment = true }
      if byte == 0x0A || byte == 0x0D { isComment = false }
      if !isComment, (0x30...0x39).contains(byte) { break }
      guard isComment || byte == 0x20 || (0x09...0x0D).contains(byte) else { throw FileBytes.damaged("no number") }
      position += 1
    }
    var value = 0
    while position < file.count, (0x30...0x39).contains(file.bytes[position]) {
      value = min(value * 10 + Int(file.bytes[position]) - 0x30, 1 << 32)
      position += 1
      if isBit { break }
    }
    return value
  }
}
