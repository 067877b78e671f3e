import HeadgateTensors

/// How two inputs are walked to make one output of the shape that both broadcast to.
///
/// Axes that both inputs walk alike are joined, so that the innermost loop is as long as can be.
struct Broadcasting {
  struct Axis {
    var extent: Int
    var strideA: Int
    var strideB: Int
  }

  let shape: Shape
  /// Innermost first; never empty. The innermost strides are 0 or 1.
  private(set) var axes: [Axis] = []

  init(_ a: Shape, _ b: Shape) throws(TensorError) {
    shape = try a.broadcast(with: b)
    _ = try shape.elementCount()
    if a == b {
      axes = [Axis(extent: try a.elementCount(), strideA: 1, strideB: 1)]
      return
    }
    var strideA = 1
    var strideB = 1
    for offset in stride(from: 1, through: shape.count, by: 1) {
      let extent = shape[shape.count - offset]
      let extentA = offset <= a.count ? a[a.count - offset] : 1
      let extentB = offset <= b.count ? b[b.count - offset] : 1
      defer {
        strideA *= max(extentA, 1)
        strideB *= max(extentB, 1)
      }
      guard extent != 1 else { continue }
      let axis = Axis(extent: extent, strideA: extentA == 1 ? 0 : strideA, strideB: extentB == 1 ? 0 : strideB)
      if let last = axes.last, last.strideA &* last.extent == axis.strideA, last.strideB &* last.extent == axis.strideB
      {
        axes[axes.count - 1].extent &*= extent
      } else {
        axes.append(axis)
      }
    }
    if axes.isEmpty { axes = [Axis(extent: 1, strideA: 1, strideB: 1)] }
  }

  /// Calls `row(offsetA, offsetB, offset)` for each innermost row.
  @inline(__always)
  func forEachRow(_ row: (Int, Int, Int) -> Void) {
    guard axes.allSatisfy({ $0.extent > 0 }) else { return }
    guard axes.count > 1 else { return row(0, 0, 0) }
    var counters = [Int](repeating: 0, count: axes.count)
    var offsetA = 0
    var offsetB = 0
    var offset = 0
    while true {
      row(offsetA, offsetB, offset)
      offset += axes[0].extent
      var level = 1
      while true {
        counters[level] += 1
        offsetA += axes[level].strideA
        offsetB += axes[level].strideB
        if counters[level] < axes[level].extent { break }
        offsetA -= axes[level].strideA * axes[level].extent
        offsetB -= axes[level].strideB * axes[level].extent
        counters[level] = 0
        level += 1
        if level == axes.count { return }
      }
    }
  }

  /// Computes each element of `output` from the two that meet there.
  @inline(__always)
  func map<A, B, C>(
    _ a: UnsafeBufferPointer<A>, _ b: UnsafeBufferPointer<B>, into output: UnsafeMutableBufferPointer<C>,
    _ combine: (A, B) -> C
  ) {
    guard let a = a.baseAddress, let b = b.baseAddress, let output = output.baseAddress else { return }
    let inner = axes[0]
    forEachRow { offsetA, offsetB, offset in
      let a = a + offsetA
      let b = b + offsetB
      let output = output + offset
      switch (inner.strideA, inner.strideB) {
      case (1, 1): for index in 0..<inner.extent { output[index] = combine(a[index], b[index]) }
      case (1, 0):
        let b = b[0]
        for index in 0..<inner.extent { output[index] = combine(a[index], b) }
      case (0, 1):
        let a = a[0]
        for index in 0..<inner.extent { output[index] = combine(a, b[index]) }
      default:
        let value = combine(a[0], b[0])
        for index in 0..<inner.extent { output[index] = value }
      }
    }
  }
}

/// Broadcasts as before opset 7: the second input is stretched only if the node says so, beginning at `axis`.
func broadcastByAttributes(_ call: OperatorCall, _ a: Tensor, _ b: Tensor) throws(TensorError) -> Tensor {
  guard try call.attributes.flag("broadcast"), let axis = try call.attributes.int("axis"), a.rank > 0 else { return b }
  let trailing = a.rank - (try a.shape.axis(axis)) - b.rank
  guard trailing > 0 else { return b }
  return try b.reshaped(to: b.shape + [Int](repeating: 1, count: trailing))
}
