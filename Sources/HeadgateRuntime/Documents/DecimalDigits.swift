/// The digits at a place of a text, up to eight of them read together.
struct DecimalDigits {
  /// The number that they make.
  let value: UInt64
  /// How many there are.
  let count: Int

  /// Eight bytes must be there.
  @inline(__always)
  init(_ bytes: UnsafeRawBufferPointer, at position: Int) {
    // A digit becomes its value, the first one in the lowest byte.
    let word =
      UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)) ^ 0x3030_3030_3030_3030
    // The highest bit of a byte is set where it is above nine. Only above such a byte can a carry set another.
    let others = (word &+ 0x7676_7676_7676_7676 | word) & 0x8080_8080_8080_8080
    count = others.trailingZeroBitCount >> 3
    guard count > 0 else {
      value = 0
      return
    }
    // Moved to the end, with zeros before them; then neighbours join to 2, 4 and 8 digits.
    let digits = word &<< UInt64(truncatingIfNeeded: 64 &- 8 &* count)
    let pairs = (digits &* 10 &+ digits >> 8) & 0x00FF_00FF_00FF_00FF
    let fours = (pairs &* 100 &+ pairs >> 16) & 0x0000_FFFF_0000_FFFF
    value = (fours &* 10_000 &+ fours >> 32) & 0xFFFF_FFFF
  }

  /// 10 to the power of the count.
  @inline(__always)
  var scale: UInt64 { Self.scales[count] }

  private static let scales: [UInt64] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000]
}
