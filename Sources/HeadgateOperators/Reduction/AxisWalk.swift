import HeadgateTensors

/// A shape seen from one axis: `outer` blocks of `extent` rows of `inner` elements.
struct AxisWalk {
  let outer: Int
  let extent: Int
  let inner: Int

  init(_ shape: Shape, axis: Int) {
    outer = shape.extent(of: 0..<axis)
    extent = shape[axis]
    inner = shape.extent(of: axis + 1..<shape.count)
  }

  /// Calls `body(lane, start)` for each line along the axis: element `i` of it lies at `start + i * inner`.
  @inline(__always)
  func forEachLane(_ body: (Int, Int) throws(TensorError) -> Void) throws(TensorError) {
    // A tensor without elements may still have any number of blocks.
    guard extent > 0, inner > 0 else { return }
    for block in 0..<outer {
      for column in 0..<inner { try body(block * inner + column, block * extent * inner + column) }
    }
  }
}
