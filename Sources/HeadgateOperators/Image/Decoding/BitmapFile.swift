import HeadgateTensors

/// Windows bitmaps without compression: 1, 4, 8, 16, 24 and 32 bits a pixel.
struct BitmapFile: ImageDecoding.Decoder {
  /// Three bytes.
  static let workingBytes = 4
  let width: Int
  let height: Int
  private let file: FileBytes
  private let isTopDown: Bool
  private let bits: Int
  private let start: Int
  /// Where the palette lies, and the bytes of an entry.
  private let palette: (start: Int, stride: Int)
  /// Red, green and blue of pixels of 16 and 32 bits.
  private let masks: [Int]

  init(_ file: FileBytes) throws(TensorError) {
    self.file = file
    start = try file.little32(10)
    let header = try file.little32(14)
    let isOld = header == 12
    guard isOld || (40...124).contains(header) else { throw FileBytes.damaged("a header of \(header) bytes") }
    width = isOld ? try file.little16(18) : try file.little32(18)
    let signed = isOld ? try file.little16(20) : Int(Int32(truncatingIfNeeded: try file.little32(22)))
    isTopDown = signed < 0
    height = abs(signed)
    bits = try file.little16(isOld ? 24 : 28)
    let compression = isOld ? 0 : try file.little32(30)
    guard [1, 4, 8, 16, 24, 32].contains(bits) else { throw FileBytes.damaged("\(bits) bits a pixel") }
    guard compression == 0 || compression == 3 else {
      throw TensorError(.unsupported, "compressed bitmaps are not decoded by this version")
    }
    palette = (14 + header, isOld ? 3 : 4)
    if compression == 3 {
      masks = [try file.little32(54), try file.little32(58), try file.little32(62)]
    } else {
      masks = bits == 16 ? [0x7C00, 0x3E0, 0x1F] : [0xFF0000, 0xFF00, 0xFF]
    }
    _ = try ImageDecoding.checkedCount(width, height, byteCount: file.count, pixelsPerByte: 8)
  }

  func pixels() throws(TensorError) -> ImageDecoding.Pixels {
    let packing = PackedSamples(bits: min(bits, 8))
    let stride = (width * bits + 31) / 32 * 4
    var samples: [UInt8] = []
    samples.reserveCapacity(width * height * 3)
    for line in 0..<height {
      let row = try file.range(start + (isTopDown ? line : height - 1 - line) * stride, (width * bits + 7) / 8)
      let first = row.startIndex
      for x in 0..<width {
        switch bits {
        case 24: for channel in [2, 1, 0] { samples.append(row[first + 3 * x + channel]) }
        case 16, 32:
          var value = 0
          for byte in (0..<bits / 8).reversed() { value = value << 8 | Int(row[first + x * bits / 8 + byte]) }
          for mask in masks { samples.append(channel(value, mask)) }
        default:
          let entry = palette.start + packing.sample(row, x) * palette.stride
          for offset in [2, 1, 0] { samples.append(UInt8(truncatingIfNeeded: try file.byte(entry + offset))) }
        }
      }
    }
    return ImageDecoding.Pixels(channels: 3, samples: samples)
  }

  /// The bits under a mask, stretched to 0...255.
  private func channel(_ value: Int, _ mask: Int) -> UInt8 {
    guard mask > 0 else { return 0 }
    let shift = mask.trailingZeroBitCount
    return UInt8(truncatingIfNeeded: (value & mask) >> shift * 255 / (mask >> shift))
  }
}
