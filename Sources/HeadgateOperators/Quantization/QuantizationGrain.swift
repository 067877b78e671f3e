import HeadgateTensors

/// Which scale belongs to which element: one to all, one to each index of an axis, or one to each block of
/// indices along an axis.
struct QuantizationGrain {
  /// Elements that lie next to each other, and where their scales are.
  struct Run {
    let elements: Range<Int>
    /// The scale of the first element.
    let scale: Int
    /// 0 when all have that scale, 1 when each has the next one.
    let stride: Int
  }

  private let outer: Int
  private let extent: Int
  private let inner: Int
  /// The indices of the axis that share a scale.
  private let block: Int
  private let stride: Int

  /// The attributes `axis` and `block_size` of a node, and the shape of its scales.
  init(_ shape: Shape, scale: Shape, _ call: OperatorCall) throws(TensorError) {
    let count = try shape.elementCount()
    block = try call.attributes.int("block_size") ?? 0
    guard block >= 0 else { throw TensorError(.invalidValue, "blocks of \(block) cannot be") }
    guard try scale.elementCount() != 1 else {
      (outer, extent, inner, stride) = (1, 1, count, 0)
      return
    }
    // With one axis there is no choice, though the attribute's default names the second.
    let axis = shape.count == 1 ? 0 : try shape.axis(try call.attributes.int("axis") ?? 1)
    outer = shape.extent(of: 0..<axis)
    extent = shape[axis]
    inner = shape.extent(of: axis + 1..<shape.count)
    stride = block == 0 ? 0 : 1
    var expected = [extent]
    if block > 0 {
      expected = shape
      expected[axis] = extent / block + (extent % block == 0 ? 0 : 1)
    }
    guard scale == expected else {
      throw TensorError(.shape, "scales of shape \(scale) do not fit shape \(shape): \(expected) are needed")
    }
  }

  /// Calls `body` for all elements in their order.
  @inline(__always)
  func forEachRun(_ body: (Run) -> Void) {
    guard inner > 0, extent > 0 else { return }
    var start = 0
    let block = max(block, 1)
    let blocks = (extent - 1) / block + 1
    for row in 0..<outer {
      for index in 0..<extent {
        let scale = stride == 0 ? index : (row * blocks + index / block) * inner
        body(Run(elements: start..<start + inner, scale: scale, stride: stride))
        start += inner
      }
    }
  }
}
