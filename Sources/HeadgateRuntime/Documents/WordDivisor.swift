/// A divisor that numbers of two words are divided by with multiplications, which take a fifth of a division's time.
///
/// After N. Möller and T. Granlund, "Improved division by invariant integers", algorithm 4.
struct WordDivisor: Sendable {
  /// The divisor, shifted so that its highest bit is set.
  let value: UInt64
  let shift: Int
  /// What 2^128 - 1 divided by `value` exceeds 2^64 by.
  private let reciprocal: UInt64

  /// The divisor must not be 0.
  init(_ divisor: UInt64) {
    shift = divisor.leadingZeroBitCount
    value = divisor << UInt64(shift)
    reciprocal = value.dividingFullWidth((~value, .max)).quotient
  }

  /// Divides a number, whose high word must be less than `value`, by `value`.
  @inline(__always)
  func divide(_ high: UInt64, _ low: UInt64) -> (quotient: UInt64, remainder: UInt64) {
    let product = reciprocal.multipliedFullWidth(by: high)
    let (fraction, carry) = product.low.addingReportingOverflow(low)
    // One more than what the product says: right, or one too many.
    var quotient = product.high &+ high &+ (carry ? 2 : 1)
    var remainder = low &- quotient &* value
    if remainder > fraction {
      quotient &-= 1
      remainder &+= value
    }
    if remainder >= value {
      quotient &+= 1
      remainder &-= value
    }
    return (quotient, remainder)
  }
}
