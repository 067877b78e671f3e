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
    let (inputCount, length) = (window.inputCount, window.row.output)
    let taps = RowTaps(window)
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
              taps.add(plane + row.offset, times: kernel + (channel * tapCount + row.tap), to: target)
            }
          }
        }
      }
    }
  }
}

/// The taps of one row of a kernel, which are added to a row of outputs.
private struct RowTaps {
  private let taps: [SlidingWindow.Tap]
  private let row: SlidingWindow.Axis
  /// The outputs for which all taps lie on the input, when the taps are neighbours: these take one pass for all.
  private let common: Range<Int>

  init(_ window: SlidingWindow) {
    let taps = window.rowTaps()
    self.taps = taps
    row = window.row
    let lower = taps.map(\.outputs.lowerBound).max() ?? 0
    let upper = taps.map(\.outputs.upperBound).min() ?? 0
    let areNeighbours = taps.last.map { $0.index - taps[0].index == taps.count - 1 } ?? false
    common = areNeighbours && lower < upper ? lower..<upper : 0..<0
  }

  /// - Parameters:
  ///   - input: the row of the input.
  ///   - weights: the row of the kernel.
  func add<T: Number>(
    _ input: UnsafePointer<T>, times weights: UnsafePointer<T>, to output: UnsafeMutablePointer<T>
  ) {
    guard !common.isEmpty else {
      for tap in taps { add(tap, tap.outputs, input, weights, output) }
      return
    }
    for tap in taps {
      add(tap, tap.outputs.lowerBound..<common.lowerBound, input, weights, output)
    }
    NumberRows.add(
      taps: taps.count, weights + taps[0].index, input + (common.lowerBound &* row.stride &+ taps[0].shift),
      gap: row.dilation, stride: row.stride, to: output + common.lowerBound, count: common.count)
    for tap in taps {
      add(tap, common.upperBound..<tap.outputs.upperBound, input, weights, output)
    }
  }

  @inline(__always)
  private func add<T: Number>(
    _ tap: SlidingWindow.Tap, _ outputs: Range<Int>, _ input: UnsafePointer<T>, _ weights: UnsafePointer<T>,
    _ output: UnsafeMutablePointer<T>
  ) {
    guard !outputs.isEmpty else { return }
    NumberRows.add(
      input + (outputs.lowerBound &* row.stride &+ tap.shift), stride: row.stride, times: weights[tap.index],
      to: output + outputs.lowerBound, count: outputs.count)
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
    if let a = a as? Operand<Double>, let b = Operand(b, columns: n) as? Operand<Double> {
      // SAFETY: T is Double here.
      let c = UnsafeMutableRawPointer(c).assumingMemoryBound(to: Double.self)
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
