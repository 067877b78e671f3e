import HeadgateTensors

/// WebP files that hold one lossy picture (VP8, RFC 6386). Transparency is left out.
struct WebPFile: ImageDecoding.Decoder {
  /// Planes and pixels.
  static let workingBytes = 8
  let width: Int
  let height: Int
  private let file: FileBytes
  private let start: Int
  private let length: Int

  init(_ file: FileBytes) throws(TensorError) {
    self.file = file
    var position = 12
    while true {
      let (kind, length) = (try file.big32(position), try file.little32(position + 4))
      if kind == 0x5650_3820 {
        (start, self.length) = (position + 8, length)
        _ = try file.range(start, length)
        break
      }
      if kind == 0x5650_384C || kind == 0x414E_4D46 {
        throw TensorError(.unsupported, "lossless and animated WebP files are not decoded by this version")
      }
      // Chunks are padded to whole pairs of bytes.
      position += 8 + length + length % 2
    }
    guard length >= 10, try file.byte(start) & 1 == 0, try file.big16(start + 3) == 0x9D01,
      try file.byte(start + 5) == 0x2A
    else { throw FileBytes.damaged("it begins with no key frame") }
    width = try file.little16(start + 6) & 0x3FFF
    height = try file.little16(start + 8) & 0x3FFF
    // The modes of a block of 16 by 16 pixels take more than 1.6 bits, even where it has nothing else.
    _ = try ImageDecoding.checkedCount(width, height, byteCount: file.count, pixelsPerByte: 2048)
  }

  func pixels() throws(TensorError) -> ImageDecoding.Pixels {
    let header = try VP8Header(file, start, length)
    var picture = VP8Picture(width: width, height: height)
    var blocks = VP8Blocks(header, picture)
    let facts = try blocks.decode(into: &picture)
    if header.level > 0 { VP8LoopFilter(header).run(facts, &picture) }
    return ImageDecoding.Pixels(channels: 3, samples: VP8Colours.pixels(of: picture))
  }
}

/// The planes of a picture in whole blocks of 16 by 16 pixels: brightness, and two colours of half the size.
struct VP8Picture {
  struct Plane {
    let stride: Int
    var samples: [UInt8]
  }

  let (width, height): (Int, Int)
  let (blocksWide, blocksHigh): (Int, Int)
  var planes: [Plane]

  init(width: Int, height: Int) {
    (self.width, self.height) = (width, height)
    (blocksWide, blocksHigh) = ((width + 15) / 16, (height + 15) / 16)
    let (wide, high) = (blocksWide, blocksHigh)
    planes = [16, 8, 8].map { size in
      Plane(stride: wide * size, samples: [UInt8](repeating: 0, count: wide * high * size * size))
    }
  }
}
