import HeadgateTensors

/// The convolution itself: `y[image, feature, i] = bias[feature] + sum of w[feature, c, t] x[image, c, i * stride - pad
/// + t * dilation]` over the channels `c` of the feature's group and the taps `t` that lie on the input.
///
/// It is the product of the kernel with the patches of the image, which the kernels of products gather panel by panel. A
/// channel with a kernel of its own is slid over instead. With pads or strides it takes room for a copy of what an image's
/// group has, see `PatchMap`.
struct ConvolutionKernel<T: Real> {
  let layout: ConvolutionLayout
  /// The kernel of each group, when it was packed ahead.
  let packed: [PackedLeft<T>]?
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
    let map = try PatchMap(layout.window, channels: layout.channels, budget)
    try budget.withScratch(T.self, count: map.copyCount &* layout.channels) { (scratch) throws(TensorError) in
      if layout.isDepthwise, !adds {
        slide(w, over: x, map, scratch, bias?.baseAddress, y)
      } else {
        let kernels =
          if let packed { packed } else {
            try PackedLeft.groups(w, count: layout.groups, m: layout.features, k: layout.depth, budget)
          }
        multiply(kernels, x, map, scratch, bias?.baseAddress, y, adds)
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
      map.withPatches(of: input, channels: layout.channels, scratch: scratch) { patches in
        kernels[group].multiply(
          patches, into: y + block * features * positions, n: positions, accumulate: adds,
          finish: Finish(rowOffsets: bias.map { $0 + group * features }, bounds: bounds))
      }
    }
  }

  private func slide(
    _ w: UnsafePointer<T>, over x: UnsafePointer<T>, _ map: PatchMap, _ scratch: UnsafeMutablePointer<T>,
    _ bias: UnsafePointer<T>?, _ y: UnsafeMutablePointer<T>
  ) {
    let (features, taps, positions) = (layout.features, layout.window.tapCount, layout.window.outputCount)
    for block in 0..<layout.images * layout.groups {
      map.withPatches(of: x + block * layout.window.inputCount, channels: 1, scratch: scratch) { patches in
        for feature in 0..<features {
          let row = block % layout.groups * features + feature
          T.slide(
            w + row * taps, taps: taps, over: patches, lines: map.lineCount, offset: bias?[row] ?? 0, bounds,
            into: y + (block * features + feature) * positions, .current)
        }
      }
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

extension MemoryBudget {
  /// Gives `body` room for `count` elements of undefined value, which the budget counts meanwhile.
  func withScratch<Element: TensorElement>(
    _ type: Element.Type, count: Int, _ body: (UnsafeMutablePointer<Element>) throws(TensorError) -> Void
  ) throws(TensorError) {
    let storage = try Storage(Element.elementType, count: count, budget: self)
    defer { withExtendedLifetime(storage) {} }
    try body(storage.base.bindMemory(to: Element.self, capacity: max(count, 1)))
  }
}
