import HeadgateTensors

/// The convolution itself: `y[image, feature, i] = bias[feature] + sum of w[feature, c, t] x[image, c, i * stride - pad
/// + t * dilation]` over the channels `c` of the feature's group and the taps `t` that lie on the input.
struct ConvolutionKernel: Sendable {
  let layout: ConvolutionLayout
  let budget: MemoryBudget

  /// Computes all of `output`, which has the layout's output shape.
  func run<T: Number>(
    _ input: UnsafeBufferPointer<T>, _ weights: UnsafeBufferPointer<T>, bias: UnsafeBufferPointer<T>?,
    into output: UnsafeMutableBufferPointer<T>
  ) throws(TensorError) {
    guard !output.isEmpty, let x = input.baseAddress, let w = weights.baseAddress, let y = output.baseAddress else {
      return
    }
    // A product pays when its matrices have some rows; so small ones are bound by making the patches.
    if T.self == Float.self, layout.channels &* layout.features >= 16 {
      try multiplyPatches(x, w, bias?.baseAddress, y)
    } else {
      addRows(x, w, bias?.baseAddress, y)
    }
  }

  /// Bound by the product where a group has many channels.
  private func multiplyPatches<T: Number>(
    _ x: UnsafePointer<T>, _ w: UnsafePointer<T>, _ bias: UnsafePointer<T>?, _ y: UnsafeMutablePointer<T>
  ) throws(TensorError) {
    let window = layout.window
    let (depth, features, positions) = (layout.depth, layout.features, window.outputCount)
    let patches = Patches(window)
    // The input as it lies in memory is the matrix of a kernel of one tap.
    let isPointwise = window.isPointwise
    let width = isPointwise ? positions : Patches.columnCount(depth: depth, of: positions)
    try budget.withScratch(T.self, count: isPointwise ? 0 : depth * width) { scratch in
      for block in 0..<layout.images * layout.groups {
        let group = block % layout.groups
        let planes = x + block * layout.channels * window.inputCount
        let target = y + block * features * positions
        if let bias {
          for feature in 0..<features {
            NumberRows.fill(target + feature * positions, count: positions, with: bias[group * features + feature])
          }
        }
        for start in stride(from: 0, to: positions, by: width) {
          let columns = start..<min(start + width, positions)
          if !isPointwise { patches.gather(planes, channels: layout.channels, columns: columns, into: scratch) }
          MatrixProduct.product(
            .init(w + group * features * depth, columns: depth), isPointwise ? planes : UnsafePointer(scratch),
            into: target + start, columns: positions, m: features, n: columns.count, k: depth, accumulate: bias != nil)
        }
      }
    }
  }

  /// Adds one row of the input for each tap: bound by memory, and right for depthwise kernels.
  private func addRows<T: Number>(
    _ x: UnsafePointer<T>, _ w: UnsafePointer<T>, _ bias: UnsafePointer<T>?, _ y: UnsafeMutablePointer<T>
  ) {
    let window = layout.window
    let (depth, tapCount, features) = (layout.depth, window.tapCount, layout.features)
    let (inputCount, length, step) = (window.inputCount, window.row.output, window.row.stride)
    let taps = window.rowTaps()
    var rows: [SlidingWindow.KernelRow] = []
    for block in 0..<layout.images * layout.groups {
      let group = block % layout.groups
      let planes = x + block * layout.channels * inputCount
      for line in 0..<window.lineCount {
        window.findKernelRows(of: line, into: &rows)
        for feature in 0..<features {
          let target = y + ((block * features + feature) * window.lineCount + line) * length
          let kernel = w + (group * features + feature) * depth
          NumberRows.fill(target, count: length, with: bias.map { $0[group * features + feature] } ?? T.zero)
          for channel in 0..<layout.channels {
            let plane = planes + channel * inputCount
            for row in rows {
              for tap in taps {
                NumberRows.add(
                  plane + (row.offset &+ tap.outputs.lowerBound &* step &+ tap.shift), stride: step,
                  times: kernel[channel * tapCount + row.tap + tap.index], to: target + tap.outputs.lowerBound,
                  count: tap.outputs.count)
              }
            }
          }
        }
      }
    }
  }
}

extension MatrixProduct {
  /// `c = a b`, or `c += a b`: `b` has dense rows of `n` elements, the rows of `c` lie `columns` apart.
  static func product<T: Number>(
    _ a: Operand<T>, _ b: UnsafePointer<T>, into c: UnsafeMutablePointer<T>, columns: Int, m: Int, n: Int, k: Int,
    accumulate: Bool
  ) {
    if let a = a as? Operand<Float>, let b = Operand(b, columns: n) as? Operand<Float> {
      // SAFETY: T is Float here.
      let c = UnsafeMutableRawPointer(c).assumingMemoryBound(to: Float.self)
      return multiply(a, b, into: c, m: m, n: n, k: k, accumulate: accumulate, columns: columns)
    }
    for row in 0..<m {
      let target = c + row * columns
      if !accumulate { NumberRows.clear(target, count: n) }
      for depth in 0..<k { NumberRows.add(b + depth * n, stride: 1, times: a[row, depth], to: target, count: n) }
    }
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
