/// A reproducible source of random numbers: xoshiro256++ (Blackman and Vigna, 2021), its state filled by
/// SplitMix64 from a seed of any number of bytes.
///
/// The same seed gives the same numbers on every machine and toolchain. It is not for secrets.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var s0: UInt64
  private var s1: UInt64
  private var s2: UInt64
  private var s3: UInt64

  /// Absorbs the seed 8 bytes at a time, little-endian, the last word padded with zeros and the length
  /// added at the end, each word through one SplitMix64 step; then draws the four state words.
  package init(seed: some Sequence<UInt8>) {
    var mixer = SplitMix64(state: 0)
    var word: UInt64 = 0
    var length: UInt64 = 0
    for byte in seed {
      word |= UInt64(byte) << (8 * (length % 8))
      length += 1
      if length % 8 == 0 {
        mixer.state = mixer.next() ^ word
        word = 0
      }
    }
    mixer.state = mixer.next() ^ word
    mixer.state = mixer.next() ^ length
    // SplitMix64's output is a bijection of a state that never repeats within four steps, so at most
    // one of the words is zero and the state xoshiro cannot leave (all zero) is never reached.
    self.init(state: (mixer.next(), mixer.next(), mixer.next(), mixer.next()))
  }

  init(state: (UInt64, UInt64, UInt64, UInt64)) {
    (s0, s1, s2, s3) = state
  }

  /// The next 64 bits.
  @inline(__always)
  package mutating func next() -> UInt64 {
    let sum = s0 &+ s3
    let result = (sum << 23 | sum >> 41) &+ s0
    let shifted = s1 << 17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = s3 << 45 | s3 >> 19
    return result
  }

  /// A number in `0..<bound` by the high word of a multiplication; its bias is at most bound / 2^64.
  @inline(__always)
  package mutating func index(below bound: Int) -> Int {
    Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(truncatingIfNeeded: bound)).high)
  }

  /// A number in [0, 1) with 53 random bits.
  @inline(__always)
  package mutating func unit() -> Double {
    Double(next() >> 11) * 0x1p-53
  }
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct SplitMix64: Sendable {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
