import HeadgateTensors

/// TIFF files (revision 6.0) in strips: grey, RGB and palette, of 1, 4, 8 or 16 bits, whole or packed by PackBits or
/// deflate.
struct TIFFFile: ImageDecoding.Decoder {
  /// Four samples of 16 bits, and three bytes of them.
  static let workingBytes = 12
  let width: Int
  let height: Int
  private let file: FileBytes
  private let isBig: Bool
  private let compression: Int
  private let photometric: Int
  private let samplesPerPixel: Int
  private let packing: PackedSamples
  private let rowsPerStrip: Int
  private let offsets: [Int]
  private let byteCounts: [Int]
  private let usesDifferences: Bool
  private let palette: [Int]

  init(_ file: FileBytes) throws(TensorError) {
    self.file = file
    isBig = file.starts(with: [0x4D])
    let directory = Directory(file: file, isBig: isBig)
    let fields = try directory.fields()
    func value(_ tag: Int, _ fallback: Int?) throws(TensorError) -> Int {
      guard let value = try directory.values(fields[tag]).first ?? fallback else {
        throw FileBytes.damaged("it lacks field \(tag)")
      }
      return value
    }
    width = try value(256, nil)
    height = try value(257, nil)
    compression = try value(259, 1)
    photometric = try value(262, nil)
    samplesPerPixel = try value(277, 1)
    packing = PackedSamples(bits: try value(258, 1))
    rowsPerStrip = min(try value(278, height), height)
    offsets = try directory.values(fields[273])
    byteCounts = try directory.values(fields[279])
    usesDifferences = try value(317, 1) == 2
    palette = photometric == 3 ? try directory.values(fields[320]) : []
    let planar = try value(284, 1)
    let isKnown = [0, 1, 2, 3].contains(photometric) && [1, 8, 32773, 32946].contains(compression)
    guard isKnown, fields[322] == nil, planar == 1 || samplesPerPixel == 1, !usesDifferences || packing.bits == 8 else {
      throw TensorError(.unsupported, "this kind of TIFF is not decoded by this version")
    }
    guard [1, 4, 8, 16].contains(packing.bits), ((photometric == 2 ? 3 : 1)...8).contains(samplesPerPixel),
      rowsPerStrip > 0, photometric != 3 || palette.count == 3 << packing.bits
    else { throw FileBytes.damaged("\(samplesPerPixel) samples of \(packing.bits) bits a pixel") }
    _ = try ImageDecoding.checkedCount(width, height, byteCount: file.count, pixelsPerByte: 1032 * 8)
    let strips = (height + rowsPerStrip - 1) / rowsPerStrip
    guard offsets.count >= strips, byteCounts.count >= strips else { throw FileBytes.damaged("its strips end early") }
  }

  func pixels() throws(TensorError) -> ImageDecoding.Pixels {
    let rowBytes = packing.rowByteCount(width * samplesPerPixel)
    let channels = photometric < 2 ? 1 : 3
    var samples: [UInt8] = []
    samples.reserveCapacity(width * height * channels)
    for line in stride(from: 0, to: height, by: rowsPerStrip) {
      let strip = line / rowsPerStrip
      let rows = min(rowsPerStrip, height - line)
      var data = try unpacked(try file.range(offsets[strip], byteCounts[strip]), rows * rowBytes)
      for row in 0..<rows {
        let start = row * rowBytes
        if usesDifferences {
          for index in start + samplesPerPixel..<start + max(rowBytes, samplesPerPixel) {
            data[index] &+= data[index - samplesPerPixel]
          }
        }
        append(data[start..<start + rowBytes], channels, to: &samples)
      }
    }
    return ImageDecoding.Pixels(channels: channels, samples: samples)
  }

  private func append(_ row: ArraySlice<UInt8>, _ channels: Int, to samples: inout [UInt8]) {
    for x in 0..<width {
      if photometric == 3 {
        let entry = sample(row, x * samplesPerPixel)
        // The palette has 16 bits a colour, all reds first.
        for channel in 0..<3 { samples.append(UInt8(palette[channel << packing.bits + entry] >> 8 & 255)) }
      } else {
        for channel in 0..<channels {
          let value = UInt8(truncatingIfNeeded: sample(row, x * samplesPerPixel + channel) * packing.scale)
          samples.append(photometric == 0 ? 255 - value : value)
        }
      }
    }
  }

  /// A sample; of 16 bits the upper 8, which lie second in a little-endian file.
  private func sample(_ row: ArraySlice<UInt8>, _ index: Int) -> Int {
    packing.bits == 16 && !isBig ? Int(row[row.startIndex + 2 * index + 1]) : packing.sample(row, index)
  }

  private func unpacked(_ strip: ArraySlice<UInt8>, _ length: Int) throws(TensorError) -> [UInt8] {
    switch compression {
    case 1:
      guard strip.count >= length else { throw FileBytes.damaged("a strip ends too early") }
      return Array(strip.prefix(length))
    case 32773: return try unpackedBits(strip, length)
    default: return try ZlibStream.content(of: strip, length: length)
    }
  }

  /// PackBits (section 9): runs and literals, each after a count.
  private func unpackedBits(_ strip: ArraySlice<UInt8>, _ length: Int) throws(TensorError) -> [UInt8] {
    var output: [UInt8] = []
    var position = strip.startIndex
    while output.count < length {
      guard position < strip.endIndex else { throw FileBytes.damaged("a strip ends too early") }
      let count = Int(Int8(bitPattern: strip[position]))
      position += 1
      if count == -128 { continue }
      let taken = count < 0 ? 1 : count + 1
      guard position + taken <= strip.endIndex else { throw FileBytes.damaged("a strip ends too early") }
      if count < 0 {
        output += [UInt8](repeating: strip[position], count: 1 - count)
      } else {
        output += strip[position..<position + taken]
      }
      position += taken
    }
    return Array(output.prefix(length))
  }

  /// The first image file directory.
  private struct Directory {
    let file: FileBytes
    let isBig: Bool

    /// The type, count and place of a field's values.
    struct Field {
      let type: Int
      let count: Int
      let start: Int
    }

    func fields() throws(TensorError) -> [Int: Field] {
      let start = try word(4)
      var fields: [Int: Field] = [:]
      for index in 0..<(try half(start)) {
        let entry = start + 2 + index * 12
        let (type, count) = (try half(entry + 2), try word(entry + 4))
        let size = (type == 3 ? 2 : 4) * count
        fields[try half(entry)] = Field(type: type, count: count, start: size <= 4 ? entry + 8 : try word(entry + 8))
      }
      return fields
    }

    /// The values of a field of type SHORT or LONG.
    func values(_ field: Field?) throws(TensorError) -> [Int] {
      guard let field, field.type == 3 || field.type == 4 else { return [] }
      let size = field.type == 3 ? 2 : 4
      _ = try file.range(field.start, field.count * size)
      var values: [Int] = []
      for index in 0..<field.count {
        let place = field.start + index * size
        values.append(size == 2 ? try half(place) : try word(place))
      }
      return values
    }

    private func half(_ offset: Int) throws(TensorError) -> Int {
      isBig ? try file.big16(offset) : try file.little16(offset)
    }

    private func word(_ offset: Int) throws(TensorError) -> Int {
      isBig ? try file.big32(offset) : try file.little32(offset)
    }
  }
}
