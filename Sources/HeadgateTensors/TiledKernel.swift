import HeadgateKernels

/// A kernel of 3 x 3 taps, transformed and packed once, so that a convolution with stride 1 takes 16 products for what
/// would be 36: F(2 x 2, 3 x 3) of A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks (CVPR 2016).
///
/// The transforms of inputs add and subtract only. Results are exact to some 1e-7 of the greatest products of a tile of
/// 4 x 4 inputs, of which an output sees 3 x 3: a single huge input is felt one place further than in sums in order. A
/// tile with an infinite input, or with one above a quarter of what the type holds, may give NaN.
package struct TiledKernel<Element: ProductElement>: Sendable {
  package let features: Int
  package let channels: Int
  private let storage: Storage
  private let kernels: KernelSet

  /// Transforms `weights[features, channels, 3, 3]`, which takes 16 ninths of their bytes, and as much again meanwhile.
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

  /// The elements of scratch that `convolve` needs for an image of so many lines of tiles, each of a length.
  package func scratchCount(lines: Int, length: Int) -> Int {
    16 &* (features &+ channels) &* linesAtOnce(lines, length: length) &* length
  }

  /// So many that the tiles keep the second cache filled and no more.
  private func linesAtOnce(_ lines: Int, length: Int) -> Int {
    min(lines, max(1, (1 << 14) / max(1, (features + channels) * length)))
  }

  /// Convolves one image.
  ///
  /// SAFETY: `y` must have room for `features` planes of `rows` and `columns`, `scratch` for what `scratchCount` says.
  ///
  /// - Parameters:
  ///   - patches: those of 4 x 4 inputs, two apart in both directions, in `lines` lines.
  ///   - accumulate: whether `y` holds what is added.
  package func convolve(
    _ patches: ImagePatches<Element>, lines: Int, into y: UnsafeMutablePointer<Element>, rows: Int, columns: Int,
    accumulate: Bool, finish: Finish<Element>, scratch: UnsafeMutablePointer<Element>, team: ThreadTeam = .alone
  ) {
    let job = TiledJob(
      features: features, channels: channels, rows: rows, columns: columns, lines: lines,
      linesAtOnce: linesAtOnce(lines, length: patches.length), accumulate: accumulate)
    Element.convolve(
      job, packed: storage.base.assumingMemoryBound(to: Element.self), patches, into: y, finish, scratch, team,
      kernels)
  }
}

/// The numbers of a convolution by tiles, see `hg_winograd`.
package struct TiledJob {
  let features, channels: Int
  /// Of an output plane.
  let rows, columns: Int
  /// Lines of tiles of 2 x 2 outputs, and how many of them are transformed before they are multiplied.
  let lines, linesAtOnce: Int
  let accumulate: Bool

  /// Calls `body` with each step for some lines after the other, the first of those, and the shares of the step, which
  /// any of the threads may compute.
  func forEachStep(of team: ThreadTeam, _ body: (hg_winograd_step, Int, hg_share) -> Void) {
    // 16 elements of each tile of 2 x 2 outputs are multiplied; a transform takes about a quarter as long.
    let products = productTime(Float.self, m: features, n: 16 * linesAtOnce * ((columns + 1) / 2), k: channels)
    for first in stride(from: 0, to: lines, by: linesAtOnce) {
      team.share(products / 4) { body(HG_WINOGRAD_INPUT, first, $0) }
      team.share(products) { body(HG_WINOGRAD_PRODUCTS, first, $0) }
      team.share(products / 4) { body(HG_WINOGRAD_OUTPUT, first, $0) }
    }
  }
}
