import HeadgateTensors

/// A way to walk a tensor's elements: Transpose, Slice, Expand and Gather along an axis are all one copy
/// through such a view. Strides count elements; 0 repeats, negative walks backwards.
struct StridedView {
  private struct Axis {
    var extent: Int
    var stride: Int
  }

  let shape: Shape
  private let offset: Int
  /// Innermost first, neighbours that are walked as one joined; never empty.
  private var axes: [Axis] = []

  init(shape: Shape, strides: [Int], offset: Int = 0) {
    self.shape = shape
    self.offset = offset
    for (extent, stride) in zip(shape, strides).reversed() where extent != 1 {
      if let last = axes.last, last.stride &* last.extent == stride {
        axes[axes.count - 1].extent &*= extent
      } else {
        axes.append(Axis(extent: extent, stride: stride))
      }
    }
    if axes.isEmpty { axes = [Axis(extent: 1, stride: 1)] }
  }

  /// Copies the elements in the view's row-major order.
  func copy<T>(_ source: UnsafeBufferPointer<T>, into output: UnsafeMutableBufferPointer<T>) {
    guard !output.isEmpty, let source = source.baseAddress, let target = output.baseAddress else { return }
    withUnsafeTemporaryAllocation(of: Int.self, capacity: axes.count) { counters in
      counters.initialize(repeating: 0)
      copy(source, into: target, counters)
    }
  }

  /// - Parameter counters: for each axis how many of its places are done.
  private func copy<T>(
    _ source: UnsafePointer<T>, into target: UnsafeMutablePointer<T>, _ counters: UnsafeMutableBufferPointer<Int>
  ) {
    let inner = axes[0]
    var from = offset
    var to = 0
    while true {
      let row = source + from
      let rowTarget = target + to
      switch inner.stride {
      case 1: rowTarget.update(from: row, count: inner.extent)
      case 0: rowTarget.update(repeating: row[0], count: inner.extent)
      default: for index in 0..<inner.extent { rowTarget[index] = row[index * inner.stride] }
      }
      to += inner.extent
      var level = 1
      while true {
        if level == axes.count { return }
        counters[level] += 1
        from += axes[level].stride
        if counters[level] < axes[level].extent { break }
        from -= axes[level].stride * axes[level].extent
        counters[level] = 0
        level += 1
      }
    }
  }

  /// A tensor of the elements in the view's order.
  func materialize(_ tensor: Tensor, _ call: OperatorCall) throws(TensorError) -> Tensor {
    try tensor.elementType.visit(ViewCopy(view: self, tensor: tensor, call: call))
  }
}

private struct ViewCopy: MovementVisitor {
  let view: StridedView
  let tensor: Tensor
  let call: OperatorCall

  func visit<T: Sendable>(_ type: T.Type) throws(TensorError) -> Tensor {
    let (view, source) = (view, tensor.unsafeElements(type))
    return try call.produce(tensor.elementType, type, view.shape, reading: [tensor]) { view.copy(source, into: $0) }
  }
}

extension OperatorCall {
  /// Makes an output of a type that `Element` stands for, see `make`: it has the type's size, or both are strings.
  func makeMoved<Element>(
    _ elementType: ElementType, _ type: Element.Type, _ shape: Shape,
    _ fill: (UnsafeMutableBufferPointer<Element>) throws(TensorError) -> Void
  ) throws(TensorError) -> Tensor {
    recorder?.noteUnrepeatable()
    let tensor = try Tensor(uninitialized: elementType, shape: shape, budget: budget)
    // SAFETY: nobody else has seen this tensor yet, and `type` has the size of its elements.
    try fill(UnsafeMutableBufferPointer(mutating: tensor.unsafeElements(type)))
    return tensor
  }
}

extension Tensor {
  /// The tensor stretched to a shape that it broadcasts to.
  func expanded(to target: Shape, _ call: OperatorCall) throws(TensorError) -> Tensor {
    if target == shape { return self }
    // The strides of a shape are computed below, so it must be known to be a possible one.
    guard try target.elementCount() >= 0, try shape.broadcast(with: target) == target else {
      throw TensorError(.shape, "shape \(shape) cannot be stretched to \(target)")
    }
    let missing = target.count - rank
    let own = shape.rowMajorStrides
    var strides = [Int](repeating: 0, count: target.count)
    for axis in shape.indices where shape[axis] != 1 { strides[axis + missing] = own[axis] }
    return try StridedView(shape: target, strides: strides).materialize(self, call)
  }
}
