/// Decodes the coefficients of one block, bit by bit from the highest, in three passes each (T.800, annex D).
struct J2KBlockDecoder {
  private let wide: Int
  private let high: Int
  private let kind: Int
  /// With a border of one all around.
  private let stride: Int
  /// In halves: the middle of what the bits that are not decoded may be.
  private var magnitudes: [Int32]
  private var isNegative: [Bool]
  private var isSignificant: [Bool]
  private var isRefined: [Bool]
  private var isVisited: [Bool]
  private var coder: J2KArithmetic

  static func decode(_ block: J2KPrecinct.Block, _ stream: J2KCodestream, _ band: inout J2KTile.Band) {
    guard let zeroBits = block.zeroBits, block.passes > 0 else { return }
    let bits = band.bits - zeroBits
    guard bits > 0 else { return }
    var decoder = J2KBlockDecoder(block, band.kind)
    decoder.run(bits, block.passes, stream.hasSegmentSymbols)
    let area = block.rectangle
    for y in 0..<area.height {
      for x in 0..<area.width {
        let place = (y + 1) * decoder.stride + x + 1
        guard decoder.magnitudes[place] != 0 else { continue }
        let halves = decoder.magnitudes[place]
        let value = stream.isReversible ? Float(halves / 2) : Float(halves) / 2 * band.step
        let target = (area.y0 - band.rectangle.y0 + y) * band.rectangle.width + area.x0 - band.rectangle.x0 + x
        band.coefficients[target] = decoder.isNegative[place] ? -value : value
      }
    }
  }

  private init(_ block: J2KPrecinct.Block, _ kind: Int) {
    (wide, high) = (block.rectangle.width, block.rectangle.height)
    self.kind = kind
    stride = wide + 2
    let count = stride * (high + 2)
    magnitudes = [Int32](repeating: 0, count: count)
    isNegative = [Bool](repeating: false, count: count)
    (isSignificant, isRefined, isVisited) = (isNegative, isNegative, isNegative)
    coder = J2KArithmetic(block.data)
  }

  private mutating func run(_ bits: Int, _ passes: Int, _ hasSymbols: Bool) {
    var plane = bits - 1
    // The highest bits have only the last of the three passes.
    var pass = 2
    for index in 0..<passes {
      let value = Int32(1) << Int32(plane)
      switch pass {
      case 0: significance(value)
      case 1: refinement(value)
      default:
        cleanup(value)
        if hasSymbols { for _ in 0..<4 { _ = coder.bit(18) } }
      }
      pass += 1
      if pass == 3, index < passes - 1 {
        guard plane > 0 else { break }
        (pass, plane) = (0, plane - 1)
        for place in isVisited.indices { isVisited[place] = false }
      }
    }
  }

  /// Calls `body` for each coefficient: columns of four, in rows of columns.
  private mutating func forEach(_ body: (inout J2KBlockDecoder, Int) -> Void) {
    for top in Swift.stride(from: 0, to: high, by: 4) {
      for x in 0..<wide {
        for y in top..<min(top + 4, high) { body(&self, (y + 1) * stride + x + 1) }
      }
    }
  }

  private mutating func significance(_ value: Int32) {
    forEach { decoder, place in
      guard !decoder.isSignificant[place] else { return }
      let context = decoder.zeroContext(place)
      guard context > 0 else { return }
      decoder.isVisited[place] = true
      if decoder.coder.bit(context) { decoder.makeSignificant(place, value) }
    }
  }

  private mutating func refinement(_ value: Int32) {
    forEach { decoder, place in
      guard decoder.isSignificant[place], !decoder.isVisited[place] else { return }
      let context = decoder.isRefined[place] ? 16 : decoder.zeroContext(place) > 0 ? 15 : 14
      decoder.magnitudes[place] += decoder.coder.bit(context) ? value : -value
      decoder.isRefined[place] = true
    }
  }

  private mutating func cleanup(_ value: Int32) {
    for top in Swift.stride(from: 0, to: high, by: 4) {
      for x in 0..<wide {
        var y = top
        let first = (top + 1) * stride + x + 1
        if top + 4 <= high,
          (0..<4).allSatisfy({
            let place = first + $0 * stride
            return !isSignificant[place] && !isVisited[place] && zeroContext(place) == 0
          })
        {
          // Four without neighbours: one bit tells whether all stay zero, two which is the first that does not.
          guard coder.bit(17) else { continue }
          let run = (coder.bit(18) ? 2 : 0) + (coder.bit(18) ? 1 : 0)
          makeSignificant(first + run * stride, value)
          y = top + run + 1
        }
        while y < min(top + 4, high) {
          let place = (y + 1) * stride + x + 1
          if !isSignificant[place], !isVisited[place], coder.bit(zeroContext(place)) { makeSignificant(place, value) }
          y += 1
        }
      }
    }
  }

  private func count(_ place: Int) -> Int { isSignificant[place] ? 1 : 0 }

  /// The context of a coefficient that is zero so far, by its neighbours (table D.1).
  private func zeroContext(_ place: Int) -> Int {
    let across = count(place - 1) + count(place + 1)
    let down = count(place - stride) + count(place + stride)
    let diagonal =
      count(place - stride - 1) + count(place - stride + 1) + count(place + stride - 1) + count(place + stride + 1)
    if kind == 3 {
      let sides = min(across + down, 2)
      switch diagonal {
      case 0: return sides
      case 1: return 3 + sides
      case 2: return sides > 0 ? 7 : 6
      default: return 8
      }
    }
    let (first, second) = kind == 1 ? (down, across) : (across, down)
    if first == 2 { return 8 }
    if first == 1 { return second > 0 ? 7 : diagonal > 0 ? 6 : 5 }
    return second > 0 ? 2 + second : min(diagonal, 2)
  }

  private func sign(_ place: Int) -> Int { isSignificant[place] ? (isNegative[place] ? -1 : 1) : 0 }

  /// Reads the sign, which the neighbours' foretell (table D.3).
  private mutating func makeSignificant(_ place: Int, _ value: Int32) {
    let across = min(max(sign(place - 1) + sign(place + 1), -1), 1)
    let down = min(max(sign(place - stride) + sign(place + stride), -1), 1)
    let isFlipped = across < 0 || (across == 0 && down < 0)
    let context = across == 0 ? 9 + abs(down) : 12 + across * down
    isNegative[place] = coder.bit(context) != isFlipped
    isSignificant[place] = true
    magnitudes[place] = 3 * value
  }
}

/// The arithmetic decoder of JPEG 2000 (T.800, annex C).
struct J2KArithmetic {
  private struct State {
    var index = 0
    var likely = false
  }

  /// For each state its probability, the next states after the likely and the other symbol, and whether the other
  /// becomes the likely one (table C.2).
  private static let states: [(probability: UInt32, likely: Int, other: Int, swaps: Bool)] = [
    (0x5601, 1, 1, true), (0x3401, 2, 6, false), (0x1801, 3, 9, false), (0x0AC1, 4, 12, false),
    (0x0521, 5, 29, false), (0x0221, 38, 33, false), (0x5601, 7, 6, true), (0x5401, 8, 14, false),
    (0x4801, 9, 14, false), (0x3801, 10, 14, false), (0x3001, 11, 17, false), (0x2401, 12, 18, false),
    (0x1C01, 13, 20, false), (0x1601, 29, 21, false), (0x5601, 15, 14, true), (0x5401, 16, 14, false),
    (0x5101, 17, 15, false), (0x4801, 18, 16, false), (0x3801, 19, 17, false), (0x3401, 20, 18, false),
    (0x3001, 21, 19, false), (0x2801, 22, 19, false), (0x2401, 23, 20, false), (0x2201, 24, 21, false),
    (0x1C01, 25, 22, false), (0x1801, 26, 23, false), (0x1601, 27, 24, false), (0x1401, 28, 25, false),
    (0x1201, 29, 26, false), (0x1101, 30, 27, false), (0x0AC1, 31, 28, false), (0x09C1, 32, 29, false),
    (0x08A1, 33, 30, false), (0x0521, 34, 31, false), (0x0441, 35, 32, false), (0x02A1, 36, 33, false),
    (0x0221, 37, 34, false), (0x0141, 38, 35, false), (0x0111, 39, 36, false), (0x0085, 40, 37, false),
    (0x0049, 41, 38, false), (0x0025, 42, 39, false), (0x0015, 43, 40, false), (0x0009, 44, 41, false),
    (0x0005, 45, 42, false), (0x0001, 45, 43, false), (0x5601, 46, 46, false),
  ]

  private let bytes: [UInt8]
  private var position = 0
  private var register: UInt32 = 0
  private var interval: UInt32 = 0x8000
  private var count = 0
  private var contexts = [State](repeating: State(), count: 19)

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    contexts[0].index = 4
    contexts[17].index = 3
    contexts[18].index = 46
    register = UInt32(byte(0)) << 16
    fill()
    register <<= 7
    count -= 7
  }

  /// Beyond the end follow ones.
  private func byte(_ index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0xFF }

  private mutating func fill() {
    if byte(position) == 0xFF {
      if byte(position + 1) > 0x8F {
        register &+= 0xFF00
        count = 8
      } else {
        position += 1
        register &+= UInt32(byte(position)) << 9
        count = 7
      }
    } else {
      position += 1
      register &+= UInt32(byte(position)) << 8
      count = 8
    }
  }

  mutating func bit(_ context: Int) -> Bool {
    let state = Self.states[contexts[context].index]
    let likely = contexts[context].likely
    interval &-= state.probability
    var isLikely = true
    if register >> 16 < state.probability {
      // The part of the less likely symbol may be the greater one.
      isLikely = interval < state.probability
      interval = state.probability
    } else {
      register &-= state.probability << 16
      if interval & 0x8000 != 0 { return likely }
      isLikely = interval >= state.probability
    }
    if isLikely {
      contexts[context].index = state.likely
    } else {
      if state.swaps { contexts[context].likely = !likely }
      contexts[context].index = state.other
    }
    repeat {
      if count == 0 { fill() }
      interval <<= 1
      register <<= 1
      count -= 1
    } while interval & 0x8000 == 0
    return isLikely ? likely : !likely
  }
}
