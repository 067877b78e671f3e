import HeadgateTensors

/// The convolution itself: `y[image, feature, i] = bias[feature] + sum of w[feature, c, t] x[image, c, i * stride - pad
/// + t * dilation]` over the channels `c` of the feature's group and the taps `t` that lie on the input.
///
/// It is the product of the kernel with the patches of the image, which the kernels of products gather panel by panel;
/// with pads or strides that takes room for a copy of what an image's group has, see `PatchMap`. A kernel of 3 x 3 taps
/// may be applied in tiles, see `TiledKernel`; a channel with a kernel of its own is slid over, see `PlaneSlider`.
struct ConvolutionKernel<T: Real> {
  /// How it is computed, with what only shapes decide.
  private enum Way {
    /// Without outputs there is nothing to do.
    case none
    case tiles(TiledKernel<T>, PatchMap, SlidingWindow)
    case planes(PlaneSlider)
    /// The kernel of each group, when it was packed ahead.
    case product([PackedLeft<T>]?, PatchMap)
  }

  private let layout: ConvolutionLayout
  private let way: Way
  private let bounds: Bounds<T>
  private let adds: Bool
  private let budget: MemoryBudget

  /// - Parameters:
  ///   - packed: the kernel of each group, when it was packed ahead.
  ///   - tiled: the kernel of a convolution that is made of tiles.
  ///   - adds: whether the output holds what is added before the bounds are kept.
  /// - Throws: `TensorError.memoryLimit` when the budget has no room for tables.
  init(
    _ layout: ConvolutionLayout, packed: [PackedLeft<T>]?, tiled: TiledKernel<T>?, bounds: Bounds<T>, adds: Bool,
    _ budget: MemoryBudget
  ) throws(TensorError) {
    self.layout = layout
    self.bounds = bounds
    self.adds = adds
    self.budget = budget
    if layout.outputShape.contains(0) {
      way = .none
    } else if let tiled {
      let tiles = SlidingWindow(
        axes: layout.window.axes.map {
          .init(
            input: $0.input, output: ($0.output + 1) / 2, kernel: 4, stride: 2, dilation: 1, before: $0.before,
            after: $0.after)
        })
      way = .tiles(tiled, try PatchMap(tiles, channels: layout.channels, budget), tiles)
    } else if layout.isDepthwise, !adds {
      way = .planes(try PlaneSlider(layout.window, budget))
    } else {
      way = .product(packed, try PatchMap(layout.window, channels: layout.channels, budget))
    }
  }

  /// Computes all of `output`, which has the layout's output shape.
  func run(
    _ input: UnsafeBufferPointer<T>, _ weights: UnsafeBufferPointer<T>, bias: UnsafeBufferPointer<T>?,
    into output: UnsafeMutableBufferPointer<T>
  ) throws(TensorError) {
    guard let x = input.baseAddress, let w = weights.baseAddress, let y = output.baseAddress else { return }
    switch way {
    case .none: return
    case .tiles(let kernel, let map, let tiles): try convolve(kernel, map, tiles, x, bias?.baseAddress, y)
    case .planes(let slider): try slide(slider, w, over: x, bias?.baseAddress, y)
    case .product(let packed, let map):
      try budget.withScratch(T.self, count: map.copyCount &* layout.channels) { (scratch) throws(TensorError) in
        let kernels =
          if let packed { packed } else {
            try PackedLeft.groups(w, count: layout.groups, m: layout.features, k: layout.depth, budget)
          }
        multiply(kernels, x, map, scratch, bias?.baseAddress, y)
      }
    }
  }

  private func convolve(
    _ kernel: TiledKernel<T>, _ map: PatchMap, _ tiles: SlidingWindow, _ x: UnsafePointer<T>, _ bias: UnsafePointer<T>?,
    _ y: UnsafeMutablePointer<T>
  ) throws(TensorError) {
    let copyCount = map.copyCount &* layout.channels
    let count = copyCount &+ kernel.scratchCount(lines: tiles.lineCount, length: tiles.row.output)
    let (rows, columns) = (layout.window.axes[0].output, layout.window.axes[1].output)
    try budget.withScratch(T.self, count: count) { (scratch) throws(TensorError) in
      for image in 0..<layout.images {
        let input = x + image * layout.channels * layout.window.inputCount
        map.withPatches(of: input, channels: layout.channels, scratch: scratch, team: budget.team) { patches in
          kernel.convolve(
            patches, lines: tiles.lineCount, into: y + image * layout.features * layout.window.outputCount,
            rows: rows, columns: columns, accumulate: adds, finish: Finish(rowOffsets: bias, bounds: bounds),
            scratch: scratch + copyCount, team: budget.team)
        }
      }
    }
  }

  private func multiply(
    _ kernels: [PackedLeft<T>], _ x: UnsafePointer<T>, _ map: PatchMap, _ scratch: UnsafeMutablePointer<T>,
    _ bias: UnsafePointer<T>?, _ y: UnsafeMutablePointer<T>
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
    _ slider: PlaneSlider, _ w: UnsafePointer<T>, over x: UnsafePointer<T>, _ bias: UnsafePointer<T>?,
    _ y: UnsafeMutablePointer<T>
  ) throws(TensorError) {
    let (features, taps, positions) = (layout.features, layout.window.tapCount, layout.window.outputCount)
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
