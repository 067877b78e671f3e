import HeadgateKernels

/// The Swift face of the product of quantised matrices.
package enum IntegerProduct {
  /// A matrix of int8 or uint8 in memory: element `(i, j)` lies `i * rowStride + j * columnStride` after the start.
  package struct Operand {
    let start: UnsafeRawPointer
    let isSigned: Bool
    let zeroPoints: UnsafePointer<Int32>?
    let strides: (row: Int, column: Int)?

    /// - Parameters:
    ///   - zeroPoints: one for each row of the left operand, for each column of the right one; zeros when nil.
    ///   - columns: the length of a row as it is stored, before a transposition; as many as are multiplied when nil.
    package init(
      _ start: UnsafeRawPointer, isSigned: Bool, zeroPoints: UnsafePointer<Int32>? = nil, columns: Int? = nil,
      transposed: Bool = false
    ) {
      self.start = start
      self.isSigned = isSigned
      self.zeroPoints = zeroPoints
      strides = columns.map { transposed ? (1, $0) : ($0, 1) }
    }
  }

  /// `c[m, n] = (a[m, k] - zero) (b[k, n] - zero)` modulo 2^32.
  ///
  /// SAFETY: the operands must hold `m * k` and `k * n` elements, `c` must have room for `m * n`.
  ///
  /// - Parameter columns: the distance between rows of `c`, when it is a part of a wider matrix.
  package static func multiply(
    _ a: Operand, _ b: Operand, into c: UnsafeMutablePointer<Int32>, m: Int, n: Int, k: Int, columns: Int? = nil,
    using kernels: KernelSet = .current
  ) {
    let (left, right) = (a.strides ?? (k, 1), b.strides ?? (n, 1))
    kernels.table.pointee.igemm(
      m, n, k, a.start, left.row, left.column, a.isSigned ? 1 : 0, a.zeroPoints, b.start, right.row, right.column,
      b.isSigned ? 1 : 0, b.zeroPoints, c, columns ?? n)
  }
}
