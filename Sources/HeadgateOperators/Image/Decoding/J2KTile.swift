import HeadgateTensors

/// One tile: its components as resolutions, bands and blocks (T.800, annex B).
struct J2KTile {
  struct Rectangle {
    let (x0, y0): (Int, Int)
    let (x1, y1): (Int, Int)
    var width: Int { max(x1 - x0, 0) }
    var height: Int { max(y1 - y0, 0) }
  }

  struct Band {
    let rectangle: Rectangle
    /// 0 low in both directions, 1 high across, 2 high down, 3 high in both.
    let kind: Int
    /// The bits of a magnitude.
    let bits: Int
    let step: Float
    /// In rows of the rectangle's width: magnitudes with a sign.
    var coefficients: [Float] = []
  }

  struct Resolution {
    let rectangle: Rectangle
    var bands: [Band]
    var precincts: [J2KPrecinct]
  }

  private let stream: J2KCodestream
  private let rectangle: Rectangle
  private var components: [[Resolution]] = []

  init(_ stream: J2KCodestream, _ index: Int) throws(TensorError) {
    self.stream = stream
    let across = (stream.width + stream.tileWidth - 1) / stream.tileWidth
    let (column, row) = (index % across, index / across)
    rectangle = Rectangle(
      x0: column * stream.tileWidth, y0: row * stream.tileHeight,
      x1: min((column + 1) * stream.tileWidth, stream.width), y1: min((row + 1) * stream.tileHeight, stream.height))
    for depth in stream.depths { components.append(try makeResolutions(depth)) }
  }

  private func makeResolutions(_ depth: Int) throws(TensorError) -> [Resolution] {
    var resolutions: [Resolution] = []
    for level in 0...stream.levels {
      let frame = scaled(by: stream.levels - level, 0, 0)
      var bands: [Band] = []
      for kind in level == 0 ? [0] : [1, 2, 3] {
        let number = level == 0 ? 0 : 3 * (level - 1) + kind
        let area = level == 0 ? frame : scaled(by: stream.levels - level + 1, kind & 1, kind >> 1)
        let gain = [0, 1, 1, 2][kind]
        let exponent = stream.exponents[number]
        var step: Float = 1
        if !stream.isReversible {
          let power = depth + gain - exponent
          step = (1 + Float(stream.mantissas[number]) / 2048) * Float(sign: .plus, exponent: power, significand: 1)
        }
        let bits = stream.guardBits + exponent - 1
        guard bits <= 30 else { throw FileBytes.damaged("coefficients of \(bits) bits") }
        bands.append(
          Band(
            rectangle: area, kind: kind, bits: max(bits, 0), step: step,
            coefficients: [Float](repeating: 0, count: area.width * area.height)))
      }
      let precincts = try J2KPrecinct.all(stream, level, frame, bands.map(\.rectangle))
      resolutions.append(Resolution(rectangle: frame, bands: bands, precincts: precincts))
    }
    return resolutions
  }

  /// The tile at a level, or a band of it: the part that is high across or down begins half a step later.
  private func scaled(by level: Int, _ high: Int, _ highDown: Int) -> Rectangle {
    func place(_ value: Int, _ high: Int) -> Int {
      let half = level > 0 ? high << (level - 1) : 0
      return (value - half + 1 << level - 1) >> level
    }
    return Rectangle(
      x0: place(rectangle.x0, high), y0: place(rectangle.y0, highDown), x1: place(rectangle.x1, high),
      y1: place(rectangle.y1, highDown))
  }

  /// Reads all packets, in the order that the stream says, and decodes the blocks.
  mutating func readPackets(_ file: FileBytes, _ pieces: [Range<Int>]) throws(TensorError) {
    var packets = J2KPackets(pieces.flatMap { file.bytes[$0] })
    let (levels, count) = (stream.levels, components.count)
    func precincts(_ level: Int) -> Int { components[0][level].precincts.count }
    switch stream.progression {
    case 0:
      for layer in 0..<stream.layers {
        for level in 0...levels {
          for component in 0..<count {
            for index in 0..<precincts(level) { try read(&packets, component, level, index, layer) }
          }
        }
        if packets.isAtEnd { break }
      }
    case 1:
      for level in 0...levels {
        for layer in 0..<stream.layers {
          for component in 0..<count {
            for index in 0..<precincts(level) { try read(&packets, component, level, index, layer) }
          }
          if packets.isAtEnd { break }
        }
      }
    case 2:
      for level in 0...levels {
        for index in 0..<precincts(level) {
          for component in 0..<count { try readLayers(&packets, component, level, index) }
        }
      }
    default:
      guard (0...levels).allSatisfy({ precincts($0) <= 1 }) else {
        throw TensorError(.unsupported, "JPEG 2000 in the order of positions is not decoded by this version")
      }
      for component in 0..<count {
        for level in 0...levels where precincts(level) == 1 { try readLayers(&packets, component, level, 0) }
      }
    }
    for component in components.indices {
      for level in components[component].indices {
        let precincts = components[component][level].precincts
        for band in components[component][level].bands.indices {
          for precinct in precincts {
            for block in precinct.bands[band].blocks {
              J2KBlockDecoder.decode(block, stream, &components[component][level].bands[band])
            }
          }
        }
      }
    }
  }

  private mutating func readLayers(
    _ packets: inout J2KPackets, _ component: Int, _ level: Int, _ index: Int
  ) throws(TensorError) {
    for layer in 0..<stream.layers {
      if packets.isAtEnd { return }
      try read(&packets, component, level, index, layer)
    }
  }

  private mutating func read(
    _ packets: inout J2KPackets, _ component: Int, _ level: Int, _ index: Int, _ layer: Int
  ) throws(TensorError) {
    // A stream that was cut has its best layers whole.
    if packets.isAtEnd { return }
    try packets.read(&components[component][level].precincts[index], layer)
  }

  /// Transforms the components back and writes their samples.
  func write(_ channels: Int, into samples: inout [UInt8], width: Int) {
    var planes = components.prefix(channels).map { J2KWavelet.samples(of: $0, isReversible: stream.isReversible) }
    if stream.mixesColours, channels == 3 { unmix(&planes) }
    let area = rectangle
    for (channel, plane) in planes.enumerated() {
      let depth = stream.depths[channel]
      let (middle, highest) = (Float(1 << (depth - 1)), Float(1 << depth - 1))
      for y in area.y0..<area.y1 {
        for x in area.x0..<area.x1 {
          let value = plane[(y - area.y0) * area.width + x - area.x0].rounded(.toNearestOrEven) + middle
          let sample = Int(min(max(value.isNaN ? 0 : value, 0), highest))
          let byte = depth >= 8 ? sample >> (depth - 8) : sample * 255 / (1 << depth - 1)
          samples[(y * width + x) * channels + channel] = UInt8(byte)
        }
      }
    }
  }

  /// From brightness and two colours to red, green and blue (annex G).
  private func unmix(_ planes: inout [[Float]]) {
    for index in planes[0].indices {
      let (y, b, r) = (planes[0][index], planes[1][index], planes[2][index])
      if stream.isReversible {
        let green = y - ((b + r) / 4).rounded(.down)
        (planes[0][index], planes[1][index], planes[2][index]) = (r + green, green, b + green)
      } else {
        (planes[0][index], planes[1][index], planes[2][index]) = (
          y + 1.402 * r, y - 0.344136 * b - 0.714136 * r, y + 1.772 * b
        )
      }
    }
  }
}
