import HeadgateKernels

/// The Swift face of the product of quantised matrices.
package enum IntegerProduct {
  /// A row-major matrix of int8 or uint8 in memory.
  package struct Operand {
    let start: UnsafeRawPointer
    let isSigned: Bool
    let zeroPoints: UnsafePointer<Int32>

    /// - Parameter zeroPoints: one for each row of the left operand, for each column of the right one.
    package init(_ start: UnsafeRawPointer, isSigned: Bool, zeroPoints: UnsafePointer<Int32>) {
      self.start = start
      self.isSigned = isSigned
      self.zeroPoints = zeroPoints
    }
  }

  /// `c[m, n] = (a[m, k] - zero) (b[k, n] - zero)` modulo 2^32.
  ///
  /// SAFETY: the operands must hold `m * k` and `k * n` elements, `c` must have room for `m * n`.
  package static func multiply(
    _ a: Operand, _ b: Operand, into c: UnsafeMutablePointer<Int32>, m: Int, n: Int, k: Int
  ) {
    hg_igemm(
      m, n, k, a.start, a.isSigned ? 1 : 0, a.zeroPoints, b.start, b.isSigned ? 1 : 0, b.zeroPoints, c)
  }
}
