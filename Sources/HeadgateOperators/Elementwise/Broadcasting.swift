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

  /// Where the innermost rows begin, in their order.
  var rows: Rows { Rows(axes) }

  /// Walks all axes but the innermost. A walk rather than a function that takes a closure, so that it is not compiled
  /// anew for each operator and type.
  struct Rows {
    struct Row {
      var offsetA = 0
      var offsetB = 0
      var offset = 0
    }

    private let axes: [Axis]
    private var counters: [Int]
    private var row: Row?

    fileprivate init(_ axes: [Axis], from first: Row = Row()) {
      self.axes = axes
      counters = [Int](repeating: 0, count: axes.count)
      row = axes.allSatisfy { $0.extent > 0 } ? first : nil
    }

    @inline(never)
    mutating func next() -> Row? {
      guard let current = row else { return nil }
      var next = current
      next.offset += axes[0].extent
      var level = 1
      while level < axes.count {
        counters[level] += 1
        next.offsetA += axes[level].strideA
        next.offsetB += axes[level].strideB
        if counters[level] < axes[level].extent { break }
        next.offsetA -= axes[level].strideA * axes[level].extent
        next.offsetB -= axes[level].strideB * axes[level].extent
        counters[level] = 0
        level += 1
      }
      row = level < axes.count ? next : nil
      return current
    }
  }

  /// A part of the outermost axis: the rows of it, and how long they are.
  private func part(_ range: Range<Int>) -> (rows: Rows, inner: Axis) {
    let last = axes.count - 1
    var axes = axes
    axes[last].extent = range.count
    let inside = axes[..<last].reduce(1) { $0 * $1.extent }
    let first = Rows.Row(
      offsetA: range.lowerBound * axes[last].strideA, offsetB: range.lowerBound * axes[last].strideB,
      offset: range.lowerBound * inside)
    return (Rows(axes, from: first), axes[0])
  }

  /// Computes each element of `output` from the two that meet there; any of the threads may do so.
  @inline(__always)
  func map<A, B, C>(
    _ a: UnsafeBufferPointer<A>, _ b: UnsafeBufferPointer<B>, into output: UnsafeMutableBufferPointer<C>,
    team: ThreadTeam = .alone, _ combine: (A, B) -> C
  ) {
    guard let a = a.baseAddress, let b = b.baseAddress, let target = output.baseAddress else { return }
    let outer = axes[axes.count - 1].extent
    let time = Double(output.count) / Double(max(outer, 1)) * 0.4
    team.split(outer, each: time, granule: axes.count == 1 ? 64 : 1) { range, _ in
      map(a, b, into: target, range, combine)
    }
  }

  @inline(__always)
  private func map<A, B, C>(
    _ a: UnsafePointer<A>, _ b: UnsafePointer<B>, into output: UnsafeMutablePointer<C>, _ range: Range<Int>,
    _ combine: (A, B) -> C
  ) {
    var (rows, inner) = part(range)
    while let row = rows.next() {
      let a = a + row.offsetA
      let b = b + row.offsetB
      let output = output + row.offset
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
