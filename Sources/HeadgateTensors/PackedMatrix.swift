import HeadgateKernels

/// The right side of a matrix product in the order in which the kernels read it; for constant weights, which are
/// packed once, when the model is loaded.
///
/// Products are the same to the last bit as without packing. What is saved is the packing in each product, most of
/// the time for few rows: a product with one row then runs at the speed of memory, transposed weights too.
package struct PackedMatrix<Element: TensorElement>: Sendable {
  /// The rows of the matrix, and its columns.
  package let k: Int
  package let n: Int
  private let storage: Storage
  private let kernels: KernelSet

  private init(n: Int, k: Int, _ budget: MemoryBudget, _ kernels: KernelSet) throws(TensorError) {
    self.n = n
    self.k = k
    self.kernels = kernels
    storage = try Storage(Element.elementType, count: try [k, n].elementCount(), budget: budget)
  }

  private var start: UnsafeMutablePointer<Element> { storage.base.assumingMemoryBound(to: Element.self) }
}

extension PackedMatrix<Float> {
  /// Packs `b[k, n]`, which takes as many bytes as it has.
  ///
  /// SAFETY: `b` must hold `k * n` elements, which need not be aligned for their type.
  ///
  /// - Throws: `TensorError.memoryLimit` when the budget has no room.
  package init(
    _ b: MatrixProduct.Operand<Float>, n: Int, k: Int, budget: MemoryBudget, using kernels: KernelSet = .current
  ) throws(TensorError) {
    try self.init(n: n, k: k, budget, kernels)
    kernels.table.pointee.sgemm_pack(n, k, b.start, b.rowStride, b.columnStride, start)
  }

  /// `c[m, n] = alpha * a[m, k] b`, plus `c` as it was when `accumulate` is true; then finished.
  ///
  /// SAFETY: `a` must hold `m * k` elements, `c` must have room for `m * n`.
  ///
  /// - Parameter columns: the distance between rows of `c`, when it is a part of a wider matrix.
  package func multiply(
    _ a: MatrixProduct.Operand<Float>, into c: UnsafeMutablePointer<Float>, m: Int, alpha: Float = 1,
    accumulate: Bool = false, finish: Finish<Float> = Finish(), columns: Int? = nil, team: ThreadTeam = .alone
  ) {
    finish.withKernelForm { finish in
      team.share(productTime(Float.self, m: m, n: n, k: k)) { share in
        kernels.table.pointee.sgemm_packed(
          m, n, k, alpha, a.start, a.rowStride, a.columnStride, start, accumulate ? 1 : 0, finish, c, columns ?? n,
          share)
      }
    }
  }
}

extension PackedMatrix<Double> {
  /// The same in double precision.
  package init(
    _ b: MatrixProduct.Operand<Double>, n: Int, k: Int, budget: MemoryBudget, using kernels: KernelSet = .current
  ) throws(TensorError) {
    try self.init(n: n, k: k, budget, kernels)
    kernels.table.pointee.dgemm_pack(n, k, b.start, b.rowStride, b.columnStride, start)
  }

  /// The same in double precision.
  package func multiply(
    _ a: MatrixProduct.Operand<Double>, into c: UnsafeMutablePointer<Double>, m: Int, alpha: Double = 1,
    accumulate: Bool = false, finish: Finish<Double> = Finish(), columns: Int? = nil, team: ThreadTeam = .alone
  ) {
    finish.withKernelForm { finish in
      team.share(productTime(Double.self, m: m, n: n, k: k)) { share in
        kernels.table.pointee.dgemm_packed(
          m, n, k, alpha, a.start, a.rowStride, a.columnStride, start, accumulate ? 1 : 0, finish, c, columns ?? n,
          share)
      }
    }
  }
}
