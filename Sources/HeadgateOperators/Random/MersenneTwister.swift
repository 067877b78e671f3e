import HeadgateTensors

/// The generator MT19937 of Matsumoto and Nishimura (1998), with the draws that numpy's `RandomState` makes of it.
///
/// Seeded nodes give the numbers that ONNX's reference implementation gives for the same seed.
struct MersenneTwister: Sendable {
  private static let length = 624
  private static let middle = 397

  private var state: [UInt32]
  private var position = MersenneTwister.length
  /// The second of two normal numbers that were drawn together.
  private var spareNormal: Double?

  init(seed: UInt32) {
    state = [UInt32](repeating: seed, count: Self.length)
    for index in 1..<Self.length {
      let last = state[index - 1]
      state[index] = 1_812_433_253 &* (last ^ (last >> 30)) &+ UInt32(truncatingIfNeeded: index)
    }
  }

  mutating func next() -> UInt32 {
    if position == Self.length { twist() }
    var value = state[position]
    position += 1
    value ^= value >> 11
    value ^= (value << 7) & 0x9d2c_5680
    value ^= (value << 15) & 0xefc6_0000
    return value ^ (value >> 18)
  }

  private mutating func twist() {
    position = 0
    state.withUnsafeMutableBufferPointer { state in
      for index in 0..<Self.length {
        let after = index + 1 < Self.length ? index + 1 : 0
        let far = index + Self.middle < Self.length ? index + Self.middle : index + Self.middle - Self.length
        let mixed = (state[index] & 0x8000_0000) | (state[after] & 0x7fff_ffff)
        state[index] = state[far] ^ (mixed >> 1) ^ (mixed & 1 == 0 ? 0 : 0x9908_b0df)
      }
    }
  }

  /// A number of at least 0 and less than 1, with all 53 bits drawn.
  mutating func uniform() -> Double {
    let high = Double(next() >> 5)
    let low = Double(next() >> 6)
    return (high * 0x1p26 + low) / 0x1p53
  }

  /// A number of the standard normal distribution, by Marsaglia's polar method.
  mutating func normal() -> Double {
    if let spare = spareNormal {
      spareNormal = nil
      return spare
    }
    while true {
      let x = 2 * uniform() - 1
      let y = 2 * uniform() - 1
      let square = x * x + y * y
      guard square < 1, square != 0 else { continue }
      let factor = (-2 * Double.log(square) / square).squareRoot()
      spareNormal = factor * x
      return factor * y
    }
  }

  /// Whether an event of this probability happens.
  mutating func happens(probability: Double) -> Bool {
    // The inversion of numpy's binomial draw for a single trial, which starts from the likelier outcome.
    guard probability > 0 else { return false }
    return probability <= 0.5 ? uniform() > 1 - probability : uniform() <= probability
  }
}

extension OperatorCall {
  /// The generator of one draw: by the attribute `seed` where the node has one, else by the draw's place in the run.
  ///
  /// The answer of a model thereby depends on nothing but its inputs: every run draws the same numbers, while
  /// two nodes, or two iterations of a loop, draw different ones. Whoever wants another sample from each run
  /// gives the noise as an input.
  func makeGenerator() throws(TensorError) -> MersenneTwister {
    switch attributes["seed"] {
    case .int(let seed): return MersenneTwister(seed: UInt32(truncatingIfNeeded: seed))
    // Read as an integer, as the reference does; what is none still is a seed of its own.
    case .float(let seed) where !seed.isNaN:
      return MersenneTwister(
        seed: Int64(exactly: seed.rounded(.towardZero)).map { UInt32(truncatingIfNeeded: $0) } ?? seed.bitPattern)
    default: return MersenneTwister(seed: UInt32(truncatingIfNeeded: Self.scattered(try budget.nextDraw())))
    }
  }

  /// Spreads consecutive numbers over all bits (the finish of SplitMix64).
  private static func scattered(_ number: UInt64) -> UInt64 {
    var value = number &* 0x9e37_79b9_7f4a_7c15 &+ 0x9e37_79b9_7f4a_7c15
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}
