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

  /// Calls `body` with a walk along the innermost rows.
  func withRows(_ body: (inout Rows) -> Void) {
    withRows(of: 0..<axes[axes.count - 1].extent, body)
  }

  /// The same for a part of the outermost axis.
  private func withRows(of range: Range<Int>, _ body: (inout Rows) -> Void) {
    withUnsafeTemporaryAllocation(of: Int.self, capacity: axes.count) { counters in
      counters.initialize(repeating: 0)
      var rows = Rows(axes, range, counters)
      body(&rows)
    }
  }

  /// Walks all axes but the innermost. A walk rather than a function that takes a closure for each row, so that it is not
  /// compiled anew for each operator and type.
  struct Rows {
    struct Row {
      var offsetA = 0
      var offsetB = 0
      var offset = 0
    }

    private let axes: [Axis]
    /// The outermost axis may be walked in part.
    private let outerExtent: Int
    private let counters: UnsafeMutableBufferPointer<Int>
    private var row: Row?

    fileprivate init(_ axes: [Axis], _ range: Range<Int>, _ counters: UnsafeMutableBufferPointer<Int>) {
      self.axes = axes
      self.counters = counters
      outerExtent = range.count
      guard range.count > 0, axes.allSatisfy({ $0.extent > 0 }), let outer = axes.last else { return }
      let inside = axes.dropLast().reduce(1) { $0 * $1.extent }
      row = Row(
        offsetA: range.lowerBound * outer.strideA, offsetB: range.lowerBound * outer.strideB,
        offset: range.lowerBound * inside)
    }

    /// The elements of a row and how they are walked.
    var inner: Axis {
      var inner = axes[0]
      if axes.count == 1 { inner.extent = outerExtent }
      return inner
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
        let extent = level == axes.count - 1 ? outerExtent : axes[level].extent
        if counters[level] < extent { break }
        next.offsetA -= axes[level].strideA * extent
        next.offsetB -= axes[level].strideB * extent
        counters[level] = 0
        level += 1
      }
      row = level < axes.count ? next : nil
      return current
    }
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
    withRows(of: range) { rows in
      let inner = rows.inner
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
}

/// Broadcasts as before opset 7: the second input is stretched only if the node says so, beginning at `axis`.
func broadcastByAttributes(_ call: OperatorCall, _ a: Tensor, _ b: Tensor) throws(TensorError) -> Tensor {
  guard try call.attributes.flag("broadcast"), let axis = try call.attributes.int("axis"), a.rank > 0 else { return b }
  let trailing = a.rank - (try a.shape.axis(axis)) - b.rank
  guard trailing > 0 else { return b }
  return try b.reshaped(to: b.shape + [Int](repeating: 1, count: trailing))
}
