/// MT19937 (Matsumoto and Nishimura, 1998), seeded with one number.
struct MersenneTwister {
  private static let size = 624
  private static let distance = 397
  private var state: [UInt32]
  private var position = MersenneTwister.size

  init(seed: UInt32) {
    state = [UInt32](repeating: seed, count: MersenneTwister.size)
    for index in 1..<state.count {
      let last = state[index - 1]
      state[index] = 1_812_433_253 &* (last ^ (last >> 30)) &+ UInt32(index)
    }
  }

  mutating func next() -> UInt32 {
    if position == state.count { refill() }
    var value = state[position]
    position += 1
    value ^= value >> 11
    value ^= (value << 7) & 0x9d2c_5680
    value ^= (value << 15) & 0xefc6_0000
    return value ^ (value >> 18)
  }

  /// A number from 0 to below 1 with 53 random bits.
  mutating func nextDouble() -> Double {
    let high = Double(next() >> 5)
    let low = Double(next() >> 6)
    return (high * 0x1p26 + low) / 0x1p53
  }

  private mutating func refill() {
    for index in state.indices {
      let next = state[(index + 1) % state.count]
      let mixed = (state[index] & 0x8000_0000) | (next & 0x7fff_ffff)
      let twist: UInt32 = mixed & 1 == 0 ? 0 : 0x9908_b0df
      state[index] = state[(index + MersenneTwister.distance) % state.count] ^ (mixed >> 1) ^ twist
    }
    position = 0
  }
}
