import HeadgateTensors

/// The planes of an image, one for each batch and channel, and the window that slides over each.
struct PooledPlanes: Sendable {
  let count: Int
  let window: SlidingWindow
  let outputShape: Shape

  init(_ input: Tensor, _ call: OperatorCall) throws(TensorError) {
    let window = try Window(call.attributes)
    let kernel = try window.requiredKernel()
    guard input.rank > 2 else {
      throw TensorError(.shape, "an input of shape \(input.shape) has no axes behind batch and channels to pool over")
    }
    self.window = try window.sliding(over: Array(input.shape.dropFirst(2)), kernel: kernel)
    count = input.shape[0] &* input.shape[1]
    outputShape = Array(input.shape.prefix(2)) + self.window.outputShape
  }

  /// Calls `body(input, output, count, stride)` for each run of outputs in a row and each tap that lies on the input
  /// for them, after `begin(row, count)` for the row.
  @inline(__always)
  func forEachRow<T: Number>(
    _ input: UnsafePointer<T>, _ output: UnsafeMutablePointer<T>, begin: (UnsafeMutablePointer<T>, Int) -> Void,
    _ body: (UnsafePointer<T>, UnsafeMutablePointer<T>, Int, Int) -> Void
  ) {
    let taps = window.rowTaps()
    let (length, step, lines, plane) = (window.row.output, window.row.stride, window.lineCount, window.inputCount)
    var rows: [SlidingWindow.KernelRow] = []
    for index in 0..<count {
      for line in 0..<lines {
        let target = output + (index * lines + line) * length
        begin(target, length)
        window.findKernelRows(of: line, into: &rows)
        for row in rows {
          let source = input + (index * plane + row.offset)
          for tap in taps {
            body(
              source + (tap.outputs.lowerBound &* step &+ tap.shift), target + tap.outputs.lowerBound,
              tap.outputs.count, step)
          }
        }
      }
    }
  }

  /// Whether most of what windows see is the input: else they are better walked tap by tap, each over the outputs for
  /// which it lies on the input.
  var isMostlyInput: Bool {
    window.axes.allSatisfy { $0.before &+ $0.after <= 4 &* $0.input &+ 64 && $0.kernel <= 4 &* $0.input &+ 64 }
  }

  /// Calls `body(input, output, scratch)` for each plane; any of the threads may do so.
  ///
  /// - Parameter slider: the one of the window.
  func forEachPlane<T: Real>(
    _ slider: PlaneSlider, _ input: UnsafePointer<T>, _ output: UnsafeMutablePointer<T>, _ budget: MemoryBudget,
    _ body: (UnsafePointer<T>, UnsafeMutablePointer<T>, UnsafeMutablePointer<T>) -> Void
  ) throws(TensorError) {
    let (inputCount, outputCount) = (window.inputCount, window.outputCount)
    try slider.forEachPlane(count, T.self, budget) { index, scratch in
      body(input + index * inputCount, output + index * outputCount, scratch)
    }
  }
}

/// How many elements each window of a plane has, the pads counted or not.
struct WindowCounts {
  /// For each axis but the last how many places of each of its outputs count.
  private let outer: [[Int]]
  /// The same for the last axis.
  let inner: [Int]

  /// Takes as much memory as the outputs' extents are long, so that the outputs are made first.
  init(_ window: SlidingWindow, countsPads: Bool) {
    var factors = window.axes.map { axis in
      (0..<axis.output).map { countsPads ? axis.paddedTapCount(of: $0) : axis.taps(of: $0).count }
    }
    inner = factors.popLast() ?? []
    outer = factors
  }

  /// What all of `inner` are multiplied by for a row of outputs.
  func factor(ofLine line: Int) -> Int {
    var (rest, factor) = (line, 1)
    for counts in outer.reversed() {
      factor = factor &* counts[rest % counts.count]
      rest /= counts.count
    }
    return factor
  }
}
