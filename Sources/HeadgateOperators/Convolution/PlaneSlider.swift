import HeadgateTensors

/// Slides a window over planes, one channel at a time: over the plane itself where there is a kernel for that, over its
/// patches otherwise.
struct PlaneSlider {
  private enum Way {
    case plane(PlaneWindow)
    case patches(PatchMap)
  }

  private let way: Way
  private let tapCount: Int
  private let outputCount: Int

  /// - Throws: `TensorError.memoryLimit` when the budget has no room for tables.
  init(_ window: SlidingWindow, _ budget: MemoryBudget) throws(TensorError) {
    tapCount = window.tapCount
    outputCount = window.outputCount
    way = if let plane = window.plane { .plane(plane) } else { .patches(try PatchMap(window, channels: 1, budget)) }
  }

  /// Calls `body` with each of `count` planes and scratch for it; any of the threads may do so.
  ///
  /// - Parameter kernels: how many kernels slide over a plane.
  /// - Throws: `TensorError.memoryLimit` when the budget has no room for scratch.
  func forEachPlane<T: Real>(
    _ count: Int, kernels: Int = 1, _ type: T.Type, _ budget: MemoryBudget,
    _ body: (Int, UnsafeMutablePointer<T>) -> Void
  ) throws(TensorError) {
    let time = Double(kernels) * Double(outputCount) * Double(tapCount) * 0.05
    try budget.withTeamScratch(type, count: scratchCount, parts: count) { scratch, team in
      team.split(count, each: time) { planes, member in
        for plane in planes { body(plane, scratch + member * scratchCount) }
      }
    }
  }

  /// The elements of scratch that a plane takes.
  private var scratchCount: Int {
    if case .patches(let map) = way { map.copyCount } else { 0 }
  }

  /// Sums with one weight for each tap, from an offset on, then within bounds: a plane of outputs for each of `count`
  /// kernels.
  func slide<T: Real>(
    _ weights: UnsafePointer<T>, count: Int = 1, over x: UnsafePointer<T>, offsets: UnsafePointer<T>? = nil,
    _ bounds: Bounds<T> = Bounds(), into y: UnsafeMutablePointer<T>, scratch: UnsafeMutablePointer<T>
  ) {
    switch way {
    case .plane(let window):
      for index in 0..<count {
        T.slide(
          weights + index * tapCount, over: x, window, offset: offsets?[index] ?? 0, bounds,
          into: y + index * outputCount, .current)
      }
    case .patches(let map):
      map.withPatches(of: x, channels: 1, scratch: scratch) { patches in
        for index in 0..<count {
          T.slide(
            weights + index * tapCount, taps: tapCount, over: patches, lines: map.lineCount,
            offset: offsets?[index] ?? 0, bounds, into: y + index * outputCount, .current)
        }
      }
    }
  }

  /// The greatest under each window: NaN when one is, negative infinity without taps on the plane.
  func findMaxima<T: Real>(
    of x: UnsafePointer<T>, into y: UnsafeMutablePointer<T>, scratch: UnsafeMutablePointer<T>
  ) {
    switch way {
    case .plane(let window): T.findMaxima(of: x, window, into: y, .current)
    case .patches(let map):
      map.withPatches(of: x, channels: 1, padding: T.lowest, scratch: scratch) { patches in
        T.findMaxima(of: patches, taps: tapCount, lines: map.lineCount, into: y, .current)
      }
    }
  }
}

extension SlidingWindow {
  /// The window as that of a plane, of which a line is the only row; nil when there is no kernel for it.
  fileprivate var plane: PlaneWindow? {
    guard axes.count <= 2 else { return nil }
    let columns = PlaneWindow.Axis(row)
    let rows = axes.count == 2 ? PlaneWindow.Axis(axes[0]) : PlaneWindow.Axis(input: 1, output: 1, kernel: 1)
    return PlaneWindow(rows: rows, columns: columns)
  }
}

extension PlaneWindow.Axis {
  init(_ axis: SlidingWindow.Axis) {
    self.init(
      input: axis.input, output: axis.output, kernel: axis.kernel, stride: axis.stride, dilation: axis.dilation,
      before: axis.before)
  }
}
