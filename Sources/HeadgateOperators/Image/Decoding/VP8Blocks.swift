import HeadgateTensors

/// Decodes the blocks of a key frame: for each its modes, its coefficients, and its pixels before the loop filter.
struct VP8Blocks {
  /// What the loop filter asks of a block of 16 by 16 pixels.
  struct Facts {
    let segment: Int
    let isInParts: Bool
    let hasCoefficients: Bool
  }

  /// How a block is predicted: a mode for all, or one for each part of 4 by 4.
  private struct Modes {
    var segment = 0
    var isSkipped = false
    var isInParts = false
    var parts = [UInt8](repeating: 0, count: 16)
    var colours: UInt8 = 0
  }

  private let header: VP8Header
  private let blocksWide: Int
  private let blocksHigh: Int
  private var modeBits: VP8Bits
  /// The modes of the parts above and to the left.
  private var modesAbove: [UInt8]
  private var modesLeft = [UInt8](repeating: 0, count: 4)
  private var residual: VP8Residual

  init(_ header: VP8Header, _ picture: VP8Picture) {
    self.header = header
    (blocksWide, blocksHigh) = (picture.blocksWide, picture.blocksHigh)
    modeBits = header.first
    modesAbove = [UInt8](repeating: 0, count: 4 * picture.blocksWide)
    residual = VP8Residual(header, blocksWide: picture.blocksWide)
  }

  mutating func decode(into picture: inout VP8Picture) throws(TensorError) -> [Facts] {
    var facts: [Facts] = []
    var partitions = header.partitions
    for row in 0..<blocksHigh {
      modesLeft = [0, 0, 0, 0]
      residual.beginRow()
      let partition = row % partitions.count
      for column in 0..<blocksWide {
        let modes = readModes(column)
        let hasCoefficients = residual.read(
          &partitions[partition], header.steps[modes.segment], column, isInParts: modes.isInParts,
          isSkipped: modes.isSkipped)
        paint(modes, row, column, &picture)
        facts.append(Facts(segment: modes.segment, isInParts: modes.isInParts, hasCoefficients: hasCoefficients))
      }
      guard !modeBits.isExhausted, !partitions[partition].isExhausted else {
        throw FileBytes.damaged("its blocks end too early")
      }
    }
    return facts
  }

  /// The modes of the next block (section 11).
  private mutating func readModes(_ column: Int) -> Modes {
    var modes = Modes()
    if let tree = header.segmentProbabilities {
      modes.segment =
        modeBits.bit(tree[0]) ? (modeBits.bit(tree[2]) ? 3 : 2) : (modeBits.bit(tree[1]) ? 1 : 0)
    }
    if let probability = header.skipProbability { modes.isSkipped = modeBits.bit(probability) }
    modes.isInParts = !modeBits.bit(145)
    if modes.isInParts {
      for part in 0..<16 {
        let above = Int(modesAbove[4 * column + part % 4])
        let mode = partMode((above * 10 + Int(modesLeft[part / 4])) * 9)
        modesAbove[4 * column + part % 4] = mode
        modesLeft[part / 4] = mode
        modes.parts[part] = mode
      }
    } else {
      let mode: UInt8 = modeBits.bit(156) ? (modeBits.bit(128) ? 1 : 3) : (modeBits.bit(163) ? 2 : 0)
      modes.parts[0] = mode
      for part in 0..<4 {
        modesAbove[4 * column + part] = mode
        modesLeft[part] = mode
      }
    }
    modes.colours = !modeBits.bit(142) ? 0 : !modeBits.bit(114) ? 2 : modeBits.bit(183) ? 1 : 3
    return modes
  }

  /// The mode of a part, by the probabilities that begin at an index: see `VP8Prediction` for the numbers.
  private mutating func partMode(_ start: Int) -> UInt8 {
    func bit(_ index: Int, _ bits: inout VP8Bits) -> Bool { bits.bit(VP8Tables.blockModes[start + index]) }
    if !bit(0, &modeBits) { return 0 }
    if !bit(1, &modeBits) { return 1 }
    if !bit(2, &modeBits) { return 2 }
    if !bit(3, &modeBits) {
      if !bit(4, &modeBits) { return 3 }
      return bit(5, &modeBits) ? 5 : 4
    }
    if !bit(6, &modeBits) { return 6 }
    if !bit(7, &modeBits) { return 7 }
    return bit(8, &modeBits) ? 9 : 8
  }

  /// Predicts a block and adds what its coefficients say.
  private func paint(_ modes: Modes, _ row: Int, _ column: Int, _ picture: inout VP8Picture) {
    let brightness = VP8Prediction(picture.planes[0].stride, row: row, column: column, size: 16)
    if modes.isInParts {
      let corner = brightness.cornerAbove(picture.planes[0].samples, isLast: column == blocksWide - 1)
      for part in 0..<16 {
        brightness.predict(part: part, modes.parts[part], corner, &picture.planes[0].samples)
        residual.add(part, &picture.planes[0].samples, brightness.start(of: part), picture.planes[0].stride)
      }
    } else {
      brightness.predict(modes.parts[0], &picture.planes[0].samples)
      for part in 0..<16 {
        residual.add(part, &picture.planes[0].samples, brightness.start(of: part), picture.planes[0].stride)
      }
    }
    for plane in 1...2 {
      let colour = VP8Prediction(picture.planes[plane].stride, row: row, column: column, size: 8)
      colour.predict(modes.colours, &picture.planes[plane].samples)
      for part in 0..<4 {
        let index = 12 + 4 * plane + part
        let start = colour.origin + part / 2 * 4 * picture.planes[plane].stride + part % 2 * 4
        residual.add(index, &picture.planes[plane].samples, start, picture.planes[plane].stride)
      }
    }
  }
}
