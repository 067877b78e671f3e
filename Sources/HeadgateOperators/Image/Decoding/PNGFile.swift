import HeadgateArchives
import HeadgateTensors

/// PNG files (ISO/IEC 15948) of all colour types and depths, also interlaced. Transparency is left out.
struct PNGFile: ImageDecoding.Decoder {
  /// Four samples of 16 bits, and three bytes of them.
  static let workingBytes = 12
  let width: Int
  let height: Int
  private let packing: PackedSamples
  private let samplesPerPixel: Int
  private let isIndexed: Bool
  private let isInterlaced: Bool
  private var palette: [UInt8] = []
  private var packed: [UInt8] = []

  /// One of the images that make up an interlaced one: where its pixels begin and how far they are apart.
  private struct Pass {
    let (x, y): (Int, Int)
    let (stepX, stepY): (Int, Int)
  }

  private static let adam7 = [
    Pass(x: 0, y: 0, stepX: 8, stepY: 8), Pass(x: 4, y: 0, stepX: 8, stepY: 8), Pass(x: 0, y: 4, stepX: 4, stepY: 8),
    Pass(x: 2, y: 0, stepX: 4, stepY: 4), Pass(x: 0, y: 2, stepX: 2, stepY: 4), Pass(x: 1, y: 0, stepX: 2, stepY: 2),
    Pass(x: 0, y: 1, stepX: 1, stepY: 2),
  ]

  init(_ file: FileBytes) throws(TensorError) {
    guard try file.big32(12) == 0x4948_4452 else { throw FileBytes.damaged("it begins with no header") }
    width = try file.big32(16)
    height = try file.big32(20)
    let (depth, colour) = (try file.byte(24), try file.byte(25))
    let depths = [0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]]
    guard depths[colour]?.contains(depth) == true, try file.byte(26) == 0, try file.byte(27) == 0,
      try file.byte(28) < 2
    else { throw FileBytes.damaged("colour type \(colour) of \(depth) bits") }
    packing = PackedSamples(bits: depth)
    samplesPerPixel = [1, 0, 3, 1, 2, 0, 4][colour]
    isIndexed = colour == 3
    isInterlaced = try file.byte(28) == 1
    // Deflate packs at most 1,032 bytes into one.
    _ = try ImageDecoding.checkedCount(width, height, byteCount: file.count, pixelsPerByte: 1032 * 8)
    guard packing.rowByteCount(width * samplesPerPixel) * height <= file.count * 1032 else {
      throw FileBytes.damaged("\(file.count) bytes hold no \(width) by \(height) pixels")
    }
    var position = 8
    while true {
      let length = try file.big32(position)
      let kind = try file.big32(position + 4)
      let content = try file.range(position + 8, length)
      let isCritical = kind & 0x2000_0000 == 0
      let checksum = try file.range(position + 4, length + 4).withUnsafeBytes { Checksum.of($0) }
      if isCritical, try file.big32(position + 8 + length) != Int(checksum) {
        throw FileBytes.damaged("a wrong checksum")
      }
      switch kind {
      case 0x504C_5445: palette = Array(content)
      case 0x4944_4154: packed += content
      case 0x4945_4E44: return
      default: break
      }
      position += 12 + length
    }
  }

  func pixels() throws(TensorError) -> ImageDecoding.Pixels {
    let passes = isInterlaced ? Self.adam7 : [Pass(x: 0, y: 0, stepX: 1, stepY: 1)]
    let sizes = passes.map { pass -> (width: Int, height: Int) in
      let size = ((width - pass.x + pass.stepX - 1) / pass.stepX, (height - pass.y + pass.stepY - 1) / pass.stepY)
      return size.0 > 0 && size.1 > 0 ? size : (0, 0)
    }
    let byteCount = sizes.reduce(0) { $0 + $1.height * (1 + packing.rowByteCount($1.width * samplesPerPixel)) }
    var data = try ZlibStream.content(of: packed[...], length: byteCount)
    let channels = isIndexed || samplesPerPixel > 2 ? 3 : 1
    var samples = [UInt8](repeating: 0, count: width * height * channels)
    var start = 0
    for (pass, size) in zip(passes, sizes) {
      let rowBytes = packing.rowByteCount(size.width * samplesPerPixel)
      for line in 0..<size.height {
        try unfilter(&data, start, rowBytes, isFirst: line == 0)
        let row = data[start + 1..<start + 1 + rowBytes]
        for x in 0..<size.width {
          let target = ((pass.y + line * pass.stepY) * width + pass.x + x * pass.stepX) * channels
          if isIndexed {
            let entry = packing.sample(row, x) * 3
            guard entry + 2 < palette.count else { throw FileBytes.damaged("a colour that is not in its palette") }
            for channel in 0..<3 { samples[target + channel] = palette[entry + channel] }
          } else {
            for channel in 0..<channels {
              samples[target + channel] = UInt8(
                truncatingIfNeeded: packing.sample(row, x * samplesPerPixel + channel) * packing.scale)
            }
          }
        }
        start += 1 + rowBytes
      }
    }
    return ImageDecoding.Pixels(channels: channels, samples: samples)
  }

  /// Undoes the filter of the row at `start`, whose first byte names it (section 9).
  private func unfilter(_ data: inout [UInt8], _ start: Int, _ count: Int, isFirst: Bool) throws(TensorError) {
    let filter = data[start]
    guard filter < 5 else { throw FileBytes.damaged("filter \(filter)") }
    if filter == 0 { return }
    let pixel = max(samplesPerPixel * packing.bits / 8, 1)
    let above = start - count - 1
    for index in 1..<count + 1 {
      let left = index > pixel ? data[start + index - pixel] : 0
      let up = isFirst ? 0 : data[above + index]
      let guess: UInt8
      switch filter {
      case 1: guess = left
      case 2: guess = up
      case 3: guess = UInt8((Int(left) + Int(up)) / 2)
      default: guess = paeth(Int(left), Int(up), isFirst || index <= pixel ? 0 : Int(data[above + index - pixel]))
      }
      data[start + index] &+= guess
    }
  }

  private func paeth(_ left: Int, _ up: Int, _ corner: Int) -> UInt8 {
    let (toLeft, toUp, toCorner) = (abs(up - corner), abs(left - corner), abs(left + up - 2 * corner))
    return UInt8(toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner)
  }
}
