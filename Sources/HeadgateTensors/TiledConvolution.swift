import HeadgateKernels

/// A kernel of 3 x 3 taps, transformed and packed once, so that a convolution with stride 1 takes 16 products for what
/// would be 36: F(2 x 2, 3 x 3) of A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks (CVPR 2016).
///
/// The transforms add and subtract only, and halve what is constant, so that results are about as exact as sums in order.
/// An infinite input makes NaN of what the kernel sees together with it.
package struct TiledKernel<Element: ProductElement>: Sendable {
  package let features: Int
  package let channels: Int
  private let storage: Storage
  private let kernels: KernelSet

  /// Transforms `weights[features, channels, 3, 3]`, which takes 16 ninths of their bytes.
  ///
  /// SAFETY: there must be that many weights.
  ///
  /// - Throws: `TensorError.memoryLimit` when the budget has no room.
  package init(
    _ weights: UnsafePointer<Element>, features: Int, channels: Int, budget: MemoryBudget,
    using kernels: KernelSet = .current
  ) throws(TensorError) {
    self.features = features
    self.channels = channels
    self.kernels = kernels
    let count = features * channels
    storage = try Storage(Element.elementType, count: try [16, features, channels].elementCount(), budget: budget)
    let plain = try Storage(Element.elementType, count: 16 * count, budget: budget)
    let elements = plain.base.bindMemory(to: Element.self, capacity: 16 * count)
    Element.transform(weights, count: count, into: elements, kernels)
    let packed = storage.base.bindMemory(to: Element.self, capacity: 16 * count)
    for element in 0..<16 {
      Element.packLeft(
        .init(elements + element * count, columns: channels), m: features, k: channels, into: packed + element * count,
        kernels)
    }
    withExtendedLifetime(plain) {}
  }

  /// The elements of scratch that `convolve` needs for so many lines at once.
  package func scratchCount(lines: Int, length: Int) -> Int { 16 &* (features &+ channels) &* lines &* length }

  /// How many lines at once keep the second cache filled and no more.
  package func linesAtOnce(length: Int) -> Int { max(1, (1 << 14) / max(1, (features + channels) * length)) }

  /// Convolves one image.
  ///
  /// SAFETY: `y` must have room for `features` planes of `rows` and `columns`, `scratch` for what `scratchCount` says.
  ///
  /// - Parameters:
  ///   - patches: those of 4 x 4 inputs, two apart in both directions, in `lines` lines.
  ///   - accumulate: whether `y` holds what is added.
  package func convolve(
    _ patches: ImagePatches<Element>, lines: Int, into y: UnsafeMutablePointer<Element>, rows: Int, columns: Int,
    accumulate: Bool, finish: Finish<Element>, scratch: UnsafeMutablePointer<Element>
  ) {
    let job = TiledJob(
      features: features, channels: channels, rows: rows, columns: columns, lines: lines,
      linesAtOnce: min(lines, linesAtOnce(length: patches.length)), accumulate: accumulate)
    Element.convolve(
      job, packed: storage.base.assumingMemoryBound(to: Element.self), patches, into: y, finish, scratch, kernels)
  }
}

/// The numbers of a convolution by tiles.
package struct TiledJob {
  let features, channels, rows, columns, lines, linesAtOnce: Int
  let accumulate: Bool
}
