import HeadgateTensors

/// The header of a key frame (RFC 6386, section 9), and where the decoder of the first partition stands behind it.
struct VP8Header {
  /// The quantizers of a segment, first coefficient and others.
  struct Steps {
    let (brightness, directs, colours): ((Int, Int), (Int, Int), (Int, Int))
  }

  /// The probabilities of the tree of segments; nil when blocks do not name theirs.
  private(set) var segmentProbabilities: [UInt8]?
  private(set) var steps: [Steps] = []
  private(set) var coefficients = VP8Tables.coefficients
  /// The probability that a block has coefficients; nil when all may have.
  private(set) var skipProbability: UInt8?
  private(set) var isSimpleFilter = false
  /// The strength of the loop filter, and of each segment.
  private(set) var level = 0
  private(set) var segmentLevels: [Int] = []
  private(set) var sharpness = 0
  /// What is added to the strength of all blocks, and of those that are predicted in parts of 4 by 4.
  private(set) var (levelChange, partsLevelChange) = (0, 0)
  private(set) var first: VP8Bits
  private(set) var partitions: [VP8Bits] = []

  init(_ file: FileBytes, _ start: Int, _ length: Int) throws(TensorError) {
    let tag = try file.little16(start) | file.byte(start + 2) << 16
    let firstLength = tag >> 5
    guard 10 + firstLength <= length else { throw FileBytes.damaged("its first partition is cut") }
    var bits = VP8Bits(file, start + 10, firstLength)
    _ = bits.number(2)
    let segments = Self.segments(&bits)
    segmentProbabilities = segments?.probabilities
    isSimpleFilter = bits.bit()
    level = bits.number(6)
    sharpness = bits.number(3)
    if bits.bit(), bits.bit() {
      let changes = (0..<8).map { _ in bits.optionalSigned(6) ?? 0 }
      (levelChange, partsLevelChange) = (changes[0], changes[4])
    }
    let count = 1 << bits.number(2)
    let base = bits.number(7)
    let changes = (0..<5).map { _ in bits.optionalSigned(4) ?? 0 }
    for segment in 0..<4 {
      let (index, strength) = segments.map { ($0.quantizers[segment], $0.levels[segment]) } ?? (base, level)
      let isRelative = segments?.isAbsolute == false
      steps.append(Self.steps(isRelative ? base + index : index, changes))
      segmentLevels.append(isRelative ? level + strength : strength)
    }
    // Whether the probabilities are kept for further frames.
    _ = bits.bit()
    for index in coefficients.indices where bits.bit(VP8Tables.updates[index]) {
      coefficients[index] = UInt8(bits.number(8))
    }
    if bits.bit() { skipProbability = UInt8(bits.number(8)) }
    first = bits

    var position = start + 10 + firstLength + 3 * (count - 1)
    for index in 0..<count {
      let entry = start + 10 + firstLength + 3 * index
      let remaining = start + length - position
      guard remaining >= 0 else { throw FileBytes.damaged("its partitions are cut") }
      let size = index == count - 1 ? remaining : try file.little16(entry) | file.byte(entry + 2) << 16
      partitions.append(VP8Bits(file, position, min(size, remaining)))
      position += min(size, remaining)
    }
  }

  private struct Segments {
    var isAbsolute = false
    var quantizers = [0, 0, 0, 0]
    var levels = [0, 0, 0, 0]
    var probabilities: [UInt8]?
  }

  private static func segments(_ bits: inout VP8Bits) -> Segments? {
    guard bits.bit() else { return nil }
    var segments = Segments()
    let (updatesMap, updatesData) = (bits.bit(), bits.bit())
    if updatesData {
      segments.isAbsolute = bits.bit()
      for index in 0..<4 { segments.quantizers[index] = bits.optionalSigned(7) ?? 0 }
      for index in 0..<4 { segments.levels[index] = bits.optionalSigned(6) ?? 0 }
    }
    if updatesMap { segments.probabilities = (0..<3).map { _ in bits.bit() ? UInt8(bits.number(8)) : 255 } }
    return segments
  }

  private static func steps(_ index: Int, _ changes: [Int]) -> Steps {
    func direct(_ change: Int, _ limit: Int = 127) -> Int {
      VP8Tables.directSteps[min(max(index + change, 0), limit)]
    }
    func alternating(_ change: Int) -> Int { VP8Tables.alternatingSteps[min(max(index + change, 0), 127)] }
    return Steps(
      brightness: (direct(changes[0]), alternating(0)),
      directs: (direct(changes[1]) * 2, max(alternating(changes[2]) * 155 / 100, 8)),
      colours: (direct(changes[3], 117), alternating(changes[4])))
  }
}
