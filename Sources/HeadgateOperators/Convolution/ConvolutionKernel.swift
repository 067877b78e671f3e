import HeadgateTensors

/// The convolution itself: `y[image, feature, i] = bias[feature] + sum of w[feature, c, t] x[image, c, i * stride - pad
/// + t * dilation]` over the channels `c` of the feature's group and the taps `t` that lie on the input.
///
/// It is the product of the kernel with the patches of the image, which the kernels of products gather panel by panel;
/// with pads or strides that takes room for a copy of what an image's group has, see `PatchMap`. A kernel of 3 x 3 taps
/// may be applied in tiles, see `TiledKernel`; a channel with a kernel of its own is slid over, see `PlaneSlider`.
struct ConvolutionKernel<T: Real> {
  let layout: ConvolutionLayout
  /// The kernel of each group, when it was packed ahead.
  let packed: [PackedLeft<T>]?
  /// The kernel of a convolution that is made of tiles.
  let tiled: TiledKernel<T>?
  let bounds: Bounds<T>
  let budget: MemoryBudget

  /// Computes all of `output`, which has the layout's output shape.
  ///
  /// - Parameter adds: whether `output` holds what is added before the bounds are kept.
  func run(
    _ input: UnsafeBufferPointer<T>, _ weights: UnsafeBufferPointer<T>, bias: UnsafeBufferPointer<T>?,
    into output: UnsafeMutableBufferPointer<T>, adds: Bool
  ) throws(TensorError) {
    guard !output.isEmpty, let x = input.baseAddress, let w = weights.baseAddress, let y = output.baseAddress else {
      return
    }
    if let tiled { return try convolve(tiled, x, bias?.baseAddress, y, adds) }
    if layout.isDepthwise, !adds { return try slide(w, over: x, bias?.baseAddress, y) }
    let map = try PatchMap(layout.window, channels: layout.channels, budget)
    try budget.withScratch(T.self, count: map.copyCount &* layout.channels) { (scratch) throws(TensorError) in
      let kernels =
        if let packed { packed } else {
          try PackedLeft.groups(w, count: layout.groups, m: layout.features, k: layout.depth, budget)
        }
      multiply(kernels, x, map, scratch, bias?.baseAddress, y, adds)
    }
  }

  private func convolve(
    _ kernel: TiledKernel<T>, _ x: UnsafePointer<T>, _ bias: UnsafePointer<T>?, _ y: UnsafeMutablePointer<T>,
    _ adds: Bool
  ) throws(TensorError) {
    let axes = layout.window.axes
    let tiles = SlidingWindow(
      axes: axes.map {
        .init(
          input: $0.input, output: ($0.output + 1) / 2, kernel: 4, stride: 2, dilation: 1, before: $0.before,
          after: $0.after)
      })
    let map = try PatchMap(tiles, channels: layout.channels, budget)
    let copyCount = map.copyCount &* layout.channels
    let count = copyCount &+ kernel.scratchCount(lines: tiles.lineCount, length: tiles.row.output)
    try budget.withScratch(T.self, count: count) { (scratch) throws(TensorError) in
      for image in 0..<layout.images {
        let input = x + image * layout.channels * layout.window.inputCount
        map.withPatches(of: input, channels: layout.channels, scratch: scratch, team: budget.team) { patches in
          kernel.convolve(
            patches, lines: tiles.lineCount, into: y + image * layout.features * layout.window.outputCount,
            rows: axes[0].output, columns: axes[1].output, accumulate: adds,
            finish: Finish(rowOffsets: bias, bounds: bounds), scratch: scratch + copyCount, team: budget.team)
        }
      }
    }
  }

  private func multiply(
    _ kernels: [PackedLeft<T>], _ x: UnsafePointer<T>, _ map: PatchMap, _ scratch: UnsafeMutablePointer<T>,
    _ bias: UnsafePointer<T>?, _ y: UnsafeMutablePointer<T>, _ adds: Bool
  ) {
    let (features, positions) = (layout.features, layout.window.outputCount)
    for block in 0..<layout.images * layout.groups {
      let group = block % layout.groups
      let input = x + block * layout.channels * layout.window.inputCount
      map.withPatches(of: input, channels: layout.channels, scratch: scratch, team: budget.team) { patches in
        kernels[group].multiply(
          patches, into: y + block * features * positions, n: positions, accumulate: adds,
          finish: Finish(rowOffsets: bias.map { $0 + group * features }, bounds: bounds), team: budget.team)
      }
    }
  }

  private func slide(
    _ w: UnsafePointer<T>, over x: UnsafePointer<T>, _ bias: UnsafePointer<T>?, _ y: UnsafeMutablePointer<T>
  ) throws(TensorError) {
    let (features, taps, positions) = (layout.features, layout.window.tapCount, layout.window.outputCount)
    let slider = try PlaneSlider(layout.window, budget)
    try slider.forEachPlane(layout.images * layout.groups, kernels: features, T.self, budget) { block, scratch in
      let row = block % layout.groups * features
      slider.slide(
        w + row * taps, count: features, over: x + block * layout.window.inputCount, offsets: bias.map { $0 + row },
        bounds, into: y + block * features * positions, scratch: scratch)
    }
  }
}

extension ConvolutionLayout {
  /// Whether each channel of the input has so few kernels of its own that a product with them would have hardly a row.
  var isDepthwise: Bool { channels == 1 && features <= 3 }
}

extension PackedLeft {
  /// The kernels `[m, k]` of all groups, which lie one after the other.
  static func groups(
    _ weights: UnsafePointer<Element>, count: Int, m: Int, k: Int, _ budget: MemoryBudget
  ) throws(TensorError) -> [PackedLeft] {
    var packed: [PackedLeft] = []
    for group in 0..<count {
      packed.append(try PackedLeft(.init(weights + group * m * k, columns: k), m: m, k: k, budget: budget))
    }
    return packed
  }
}
