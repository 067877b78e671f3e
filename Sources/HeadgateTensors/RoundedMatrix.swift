import HeadgateKernels

/// The right side of a product in bfloat16, in the order in which the kernels read it; for constant weights of models
/// that are loaded in that precision. It takes half of a float matrix's bytes.
///
/// Both sides are rounded to bfloat16, to nearest with ties to even; products and sums are floats. So the result is
/// that of `MatrixProduct` for the rounded matrices, to the last bit. Products of few rows, which are bound by reading
/// this matrix, take down to 0.56 of the time; others take up to a tenth more, see `bfloat16_gemm.h`.
package struct RoundedMatrix: Sendable {
  /// The rows of the matrix, and its columns.
  package let k: Int
  package let n: Int
  private let storage: Storage
  private let kernels: KernelSet

  /// The bytes that such a matrix takes: the last columns are as many as the kernels take at a time.
  package static func byteCount(n: Int, k: Int, using kernels: KernelSet = .current) -> Int {
    let width = kernels.table.pointee.bgemm_columns
    return 2 &* k &* ((n &+ width &- 1) / width &* width)
  }

  /// Rounds and packs `b[k, n]`.
  ///
  /// SAFETY: `b` must hold `k * n` elements.
  ///
  /// - Throws: `TensorError.memoryLimit` when the budget has no room.
  package init(
    _ b: MatrixProduct.Operand<Float>, n: Int, k: Int, budget: MemoryBudget, using kernels: KernelSet = .current
  ) throws(TensorError) {
    self.n = n
    self.k = k
    self.kernels = kernels
    let width = kernels.table.pointee.bgemm_columns
    let panels = n / width + (n % width == 0 ? 0 : 1)
    storage = try Storage(.bfloat16, count: try [k, panels, width].elementCount(), budget: budget)
    kernels.table.pointee.bgemm_pack(n, k, b.start, b.rowStride, b.columnStride, storage.bits)
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
        kernels.table.pointee.bgemm_packed(
          m, n, k, alpha, a.start, a.rowStride, a.columnStride, storage.bits, accumulate ? 1 : 0, finish, c,
          columns ?? n, share)
      }
    }
  }
}

/// The left side of a product in bfloat16: the kernel of a convolution, which meets the patches of a rounded image.
package struct RoundedLeft: Sendable {
  /// The rows of the matrix, and its columns.
  package let m: Int
  package let k: Int
  private let storage: Storage
  private let kernels: KernelSet

  /// Rounds and packs `a[m, k]`, which takes half of its bytes.
  ///
  /// SAFETY: `a` must hold `m * k` elements.
  ///
  /// - Throws: `TensorError.memoryLimit` when the budget has no room.
  package init(
    _ a: MatrixProduct.Operand<Float>, m: Int, k: Int, budget: MemoryBudget, using kernels: KernelSet = .current
  ) throws(TensorError) {
    self.m = m
    self.k = k
    self.kernels = kernels
    storage = try Storage(.bfloat16, count: try [m, k].elementCount(), budget: budget)
    kernels.table.pointee.bgemm_pack_left(m, k, a.start, a.rowStride, a.columnStride, storage.bits)
  }

  /// `c[m, n] = a patches[k, n]`, plus `c` as it was when `accumulate` is true; then finished.
  ///
  /// SAFETY: the patches must hold `k * n` elements, `c` must have room for `m * n`.
  ///
  /// - Parameter patches: those of an image that `BFloat16.round` has been over.
  package func multiply(
    _ patches: ImagePatches<Float>, into c: UnsafeMutablePointer<Float>, n: Int, accumulate: Bool = false,
    finish: Finish<Float> = Finish(), team: ThreadTeam = .alone
  ) {
    var patches = hg_patches_f32(patches)
    withUnsafePointer(to: &patches) { patches in
      finish.withKernelForm { finish in
        team.share(productTime(Float.self, m: m, n: n, k: k)) { share in
          kernels.table.pointee.bgemm_patches(m, n, k, storage.bits, patches, accumulate ? 1 : 0, finish, c, n, share)
        }
      }
    }
  }
}

extension BFloat16 {
  /// Writes the nearest number of this type to each of `x`, still as a float; `y` may be `x`.
  ///
  /// SAFETY: `x` must hold `count` elements, and `y` have room for them.
  package static func round(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int, using kernels: KernelSet = .current
  ) {
    kernels.table.pointee.round_to_bfloat16(count, x, y)
  }
}

extension Storage {
  /// SAFETY: only for storage that holds the bits of bfloat16.
  fileprivate var bits: UnsafeMutablePointer<UInt16> { base.assumingMemoryBound(to: UInt16.self) }
}
