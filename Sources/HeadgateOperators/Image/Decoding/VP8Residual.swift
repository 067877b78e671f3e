import HeadgateTensors

/// The coefficients of a block of 16 by 16 pixels, and their inverse transforms (RFC 6386, sections 13 and 14).
struct VP8Residual {
  /// Which of the four sets of probabilities holds.
  private enum Kind: Int {
    case brightnessWithoutDirect, directs, colours, brightness
  }

  private static let zigzag = [0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15]
  private static let bands = [0, 1, 2, 3, 6, 4, 5, 6, 6, 6, 6, 6, 6, 6, 6, 7]
  /// The probabilities of the further bits of great values.
  private static let tails: [[UInt8]] = [
    [173, 148, 140], [176, 155, 140, 135], [180, 157, 141, 134, 130],
    [254, 254, 243, 230, 196, 177, 153, 140, 133, 130, 129],
  ]

  private let probabilities: [UInt8]
  /// Whether the neighbours above have coefficients: for each block 4 of brightness, 2 and 2 of colours, 1 of directs.
  private var above: [Bool]
  private var left = [Bool](repeating: false, count: 9)
  /// 16 for each of 16 parts of brightness and 4 and 4 of colours.
  private var coefficients = [Int](repeating: 0, count: 24 * 16)

  init(_ header: VP8Header, blocksWide: Int) {
    probabilities = header.coefficients
    above = [Bool](repeating: false, count: 9 * blocksWide)
  }

  mutating func beginRow() {
    left = [Bool](repeating: false, count: 9)
  }

  /// Reads the coefficients of a block; returns whether any is not zero.
  mutating func read(
    _ bits: inout VP8Bits, _ steps: VP8Header.Steps, _ column: Int, isInParts: Bool, isSkipped: Bool
  ) -> Bool {
    for index in coefficients.indices { coefficients[index] = 0 }
    let neighbours = 9 * column
    if isSkipped {
      // Blocks in parts have no directs, and leave what their neighbours said of them.
      for index in 0..<(isInParts ? 8 : 9) {
        above[neighbours + index] = false
        left[index] = false
      }
      return false
    }
    var hasAny = false
    var kind = Kind.brightness
    if !isInParts {
      kind = .brightnessWithoutDirect
      let context = (above[neighbours + 8] ? 1 : 0) + (left[8] ? 1 : 0)
      let count = read(&bits, .directs, context, 0, steps.directs, into: 0)
      above[neighbours + 8] = count > 0
      left[8] = count > 0
      spreadDirects()
    }
    let first = isInParts ? 0 : 1
    for part in 0..<16 {
      let (a, l) = (neighbours + part % 4, part / 4)
      let context = (above[a] ? 1 : 0) + (left[l] ? 1 : 0)
      let count = read(&bits, kind, context, first, steps.brightness, into: part * 16)
      above[a] = count > first
      left[l] = count > first
      if count > 1 || coefficients[part * 16] != 0 { hasAny = true }
    }
    for part in 0..<8 {
      let plane = 4 + part / 4 * 2
      let (a, l) = (neighbours + plane + part % 2, plane + part % 4 / 2)
      let context = (above[a] ? 1 : 0) + (left[l] ? 1 : 0)
      let count = read(&bits, .colours, context, 0, steps.colours, into: (16 + part) * 16)
      above[a] = count > 0
      left[l] = count > 0
      if count > 1 || coefficients[(16 + part) * 16] != 0 { hasAny = true }
    }
    return hasAny
  }

  /// Reads up to 16 coefficients; returns the index behind the last.
  private mutating func read(
    _ bits: inout VP8Bits, _ kind: Kind, _ context: Int, _ first: Int, _ steps: (Int, Int), into start: Int
  ) -> Int {
    func place(_ index: Int, _ context: Int) -> Int {
      ((kind.rawValue * 8 + Self.bands[index]) * 3 + context) * 11
    }
    var index = first
    var table = place(index, context)
    while index < 16 {
      guard bits.bit(probabilities[table]) else { return index }
      while !bits.bit(probabilities[table + 1]) {
        index += 1
        if index == 16 { return 16 }
        table = place(index, 0)
      }
      var value = 1
      if bits.bit(probabilities[table + 2]) { value = great(&bits, table) }
      let isSmall = value == 1
      if bits.bit() { value = -value }
      coefficients[start + Self.zigzag[index]] = value * (index > 0 ? steps.1 : steps.0)
      index += 1
      if index < 16 { table = place(index, isSmall ? 1 : 2) }
    }
    return 16
  }

  /// A value above 1.
  private func great(_ bits: inout VP8Bits, _ table: Int) -> Int {
    if !bits.bit(probabilities[table + 3]) {
      if !bits.bit(probabilities[table + 4]) { return 2 }
      return bits.bit(probabilities[table + 5]) ? 4 : 3
    }
    if !bits.bit(probabilities[table + 6]) {
      if !bits.bit(probabilities[table + 7]) { return bits.bit(159) ? 6 : 5 }
      let high = bits.bit(165) ? 2 : 0
      return 7 + high + (bits.bit(145) ? 1 : 0)
    }
    let high = bits.bit(probabilities[table + 8]) ? 2 : 0
    let category = high + (bits.bit(probabilities[table + 9 + high / 2]) ? 1 : 0)
    let extra = Self.tails[category].reduce(0) { value, probability in value << 1 | (bits.bit(probability) ? 1 : 0) }
    return 3 + 8 << category + extra
  }

  /// Takes the first 16 coefficients as those of the first of each part, and transforms them back (14.3).
  private mutating func spreadDirects() {
    var x = Array(coefficients[0..<16])
    for index in 0..<4 {
      let (a, b) = (x[index] + x[12 + index], x[4 + index] + x[8 + index])
      let (c, d) = (x[4 + index] - x[8 + index], x[index] - x[12 + index])
      (x[index], x[4 + index], x[8 + index], x[12 + index]) = (a + b, d + c, a - b, d - c)
    }
    for index in 0..<16 { coefficients[index] = 0 }
    for row in 0..<4 {
      let start = 4 * row
      let (a, b) = (x[start] + 3 + x[start + 3], x[start + 1] + x[start + 2])
      let (c, d) = (x[start + 1] - x[start + 2], x[start] + 3 - x[start + 3])
      for (part, value) in [a + b, d + c, a - b, d - c].enumerated() { coefficients[(start + part) * 16] = value >> 3 }
    }
  }

  /// Adds a part, transformed back (14.4), to the prediction of it.
  func add(_ part: Int, _ samples: inout [UInt8], _ start: Int, _ stride: Int) {
    let x = coefficients[part * 16..<part * 16 + 16]
    guard x.contains(where: { $0 != 0 }) else { return }
    let first = x.startIndex
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 16) { rows in
      for index in 0..<4 {
        let column = first + index
        let (a, b) = (x[column] + x[column + 8], x[column] - x[column + 8])
        let c = narrow(x[column + 4]) - wide(x[column + 12])
        let d = wide(x[column + 4]) + narrow(x[column + 12])
        (rows[4 * index], rows[4 * index + 1], rows[4 * index + 2], rows[4 * index + 3]) = (a + d, b + c, b - c, a - d)
      }
      for index in 0..<4 {
        let (a, b) = (rows[index] + 4 + rows[8 + index], rows[index] + 4 - rows[8 + index])
        let c = narrow(rows[4 + index]) - wide(rows[12 + index])
        let d = wide(rows[4 + index]) + narrow(rows[12 + index])
        let target = start + index * stride
        samples[target] = clamped(Int(samples[target]) + (a + d) >> 3)
        samples[target + 1] = clamped(Int(samples[target + 1]) + (b + c) >> 3)
        samples[target + 2] = clamped(Int(samples[target + 2]) + (b - c) >> 3)
        samples[target + 3] = clamped(Int(samples[target + 3]) + (a - d) >> 3)
      }
    }
  }

  // The square root of 2 times the cosine and the sine of pi/8, in 16-bit fixed point.
  private func wide(_ x: Int) -> Int { x + (x * 20091) >> 16 }
  private func narrow(_ x: Int) -> Int { (x * 35468) >> 16 }
  private func clamped(_ value: Int) -> UInt8 { UInt8(min(max(value, 0), 255)) }
}
