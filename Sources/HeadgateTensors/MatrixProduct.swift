import HeadgateKernels

/// The Swift face of the matrix kernels.
///
/// Products of floats are deterministic: an element of the result depends on its row of `a`, its column of `b` and
/// `k` alone, to the last bit, whatever the other rows, the strides and the alignment are; on another instruction
/// set the last places may differ. The threads that share a product make no difference either.
package enum MatrixProduct {
  /// A matrix in memory: element `(i, j)` lies `i * rowStride + j * columnStride` after the start.
  package struct Operand<Element> {
    let start: UnsafePointer<Element>
    let rowStride: Int
    let columnStride: Int

    /// - Parameter columns: the length of a row as it is stored, before a transposition.
    package init(_ start: UnsafePointer<Element>, columns: Int, transposed: Bool = false) {
      self.start = start
      rowStride = transposed ? 1 : columns
      columnStride = transposed ? columns : 1
    }
  }

  /// `c[m, n] = alpha * a[m, k] b[k, n]`, plus `c` as it was when `accumulate` is true; then finished.
  ///
  /// SAFETY: the operands must hold `m * k` and `k * n` elements, `c` must have room for `m * n`.
  ///
  /// - Parameter columns: the distance between rows of `c`, when it is a part of a wider matrix.
  package static func multiply(
    _ a: Operand<Float>, _ b: Operand<Float>, into c: UnsafeMutablePointer<Float>, m: Int, n: Int, k: Int,
    alpha: Float = 1, accumulate: Bool = false, finish: Finish<Float> = Finish(), columns: Int? = nil,
    team: ThreadTeam = .alone, using kernels: KernelSet = .current
  ) {
    finish.withKernelForm { finish in
      team.share(productTime(Float.self, m: m, n: n, k: k)) { share in
        kernels.table.pointee.sgemm(
          m, n, k, alpha, a.start, a.rowStride, a.columnStride, b.start, b.rowStride, b.columnStride,
          accumulate ? 1 : 0, finish, c, columns ?? n, share)
      }
    }
  }

  /// Copies `b[k, n]` into the order in which `multiply` reads it fastest, `k * n` elements as well; for a matrix that
  /// several products have on their right. `PackedMatrix` is for one that a model has.
  ///
  /// SAFETY: there must be so many elements, and room for as many.
  package static func pack(
    _ b: Operand<Float>, n: Int, k: Int, into packed: UnsafeMutablePointer<Float>, using kernels: KernelSet = .current
  ) {
    kernels.table.pointee.sgemm_pack(n, k, b.start, b.rowStride, b.columnStride, packed)
  }

  /// `c[m, n] = alpha * a[m, k] b[k, n]` for `b` that was packed.
  ///
  /// SAFETY: as without packing.
  package static func multiply(
    _ a: Operand<Float>, packed: UnsafePointer<Float>, into c: UnsafeMutablePointer<Float>, m: Int, n: Int, k: Int,
    alpha: Float = 1, columns: Int? = nil, using kernels: KernelSet = .current
  ) {
    kernels.table.pointee.sgemm_packed(
      m, n, k, alpha, a.start, a.rowStride, a.columnStride, packed, 0, nil, c, columns ?? n,
      hg_share(index: 0, count: 1))
  }

  /// The same in double precision.
  package static func multiply(
    _ a: Operand<Double>, _ b: Operand<Double>, into c: UnsafeMutablePointer<Double>, m: Int, n: Int, k: Int,
    alpha: Double = 1, accumulate: Bool = false, finish: Finish<Double> = Finish(), columns: Int? = nil,
    team: ThreadTeam = .alone, using kernels: KernelSet = .current
  ) {
    finish.withKernelForm { finish in
      team.share(productTime(Double.self, m: m, n: n, k: k)) { share in
        kernels.table.pointee.dgemm(
          m, n, k, alpha, a.start, a.rowStride, a.columnStride, b.start, b.rowStride, b.columnStride,
          accumulate ? 1 : 0, finish, c, columns ?? n, share)
      }
    }
  }
}

extension MatrixProduct.Operand {
  /// The element in a row and a column.
  @inline(__always)
  package subscript(row: Int, column: Int) -> Element { start[row * rowStride + column * columnStride] }
}
