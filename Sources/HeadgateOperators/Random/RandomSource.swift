import HeadgateTensors

/// The draws that numpy's `RandomState` makes of a Mersenne twister, which ONNX's reference implementation gives out.
struct RandomSource {
  private var twister: MersenneTwister
  /// The second of two normal numbers that were drawn together.
  private var spareNormal: Double?

  init(seed: UInt32) {
    twister = MersenneTwister(seed: seed)
  }

  /// A number from 0 to below 1.
  mutating func uniform() -> Double { twister.nextDouble() }

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
  /// The source of one draw: by the attribute `seed` where the node has one, else by the draw's place in the run.
  ///
  /// The answer of a model thereby depends on nothing but its inputs: every run draws the same numbers, while
  /// two nodes, or two iterations of a loop, draw different ones. Whoever wants another sample from each run
  /// gives the noise as an input.
  func makeRandomSource() throws(TensorError) -> RandomSource {
    switch attributes["seed"] {
    case .int(let seed): return RandomSource(seed: UInt32(truncatingIfNeeded: seed))
    // Read as an integer, as the reference does; what is none still is a seed of its own.
    case .float(let seed) where !seed.isNaN:
      return RandomSource(
        seed: Int64(exactly: seed.rounded(.towardZero)).map { UInt32(truncatingIfNeeded: $0) } ?? seed.bitPattern)
    default: return RandomSource(seed: UInt32(truncatingIfNeeded: Self.scattered(try budget.nextDraw())))
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
