/// The left side of a matrix product in the order in which the kernels read it: the kernel of a convolution, which is
/// packed once, when the model is loaded, and meets patches.
package struct PackedLeft<Element: ProductElement>: Sendable {
  /// The rows of the matrix, and its columns.
  package let m: Int
  package let k: Int
  private let storage: Storage
  private let kernels: KernelSet

  /// Packs `a[m, k]`, which takes as many bytes as it has.
  ///
  /// SAFETY: `a` must hold `m * k` elements.
  ///
  /// - Throws: `TensorError.memoryLimit` when the budget has no room.
  package init(
    _ a: MatrixProduct.Operand<Element>, m: Int, k: Int, budget: MemoryBudget, using kernels: KernelSet = .current
  ) throws(TensorError) {
    self.m = m
    self.k = k
    self.kernels = kernels
    storage = try Storage(Element.elementType, count: try [m, k].elementCount(), budget: budget)
    Element.packLeft(a, m: m, k: k, into: start, kernels)
  }

  /// `c[m, n] = a patches[k, n]`, plus `c` as it was when `accumulate` is true; then finished.
  ///
  /// SAFETY: the patches must hold `k * n` elements, `c` must have room for `m * n`.
  package func multiply(
    _ patches: ImagePatches<Element>, into c: UnsafeMutablePointer<Element>, n: Int, accumulate: Bool = false,
    finish: Finish<Element> = Finish(), team: ThreadTeam = .alone
  ) {
    Element.multiply(
      packed: start, patches, into: c, m: m, n: n, k: k, accumulate: accumulate, finish, team, kernels)
  }

  private var start: UnsafeMutablePointer<Element> { storage.base.assumingMemoryBound(to: Element.self) }
}
