/// The extent of each dimension, outermost first; a scalar has none.
public typealias Shape = [Int]

extension [Int] {
  /// The number of elements of a tensor of this shape.
  ///
  /// - Throws: `TensorError.shape` for a negative extent, `TensorError.memoryLimit` when the product
  ///   does not fit an `Int`.
  package func elementCount() throws(TensorError) -> Int {
    var count = 1
    var hasZero = false
    for extent in self {
      guard extent >= 0 else { throw TensorError(.shape, "a dimension of \(self) is negative") }
      // Sums of extents and pads cannot overflow below this, even for shapes that hold no elements.
      guard extent <= 1 << 48 else { throw TensorError(.memoryLimit, "shape \(self) passes any memory limit") }
      if extent == 0 {
        hasZero = true
        continue
      }
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw TensorError(.memoryLimit, "a tensor of shape \(self) passes any memory limit") }
      count = product
    }
    return hasZero ? 0 : count
  }

  /// The distance in elements between neighbours along each axis, of a row-major tensor of this shape.
  ///
  /// The shape must be one for which `elementCount()` succeeded.
  package var rowMajorStrides: [Int] {
    var strides = [Int](repeating: 1, count: count)
    var stride = 1
    for axis in indices.reversed() {
      strides[axis] = stride
      stride *= Swift.max(self[axis], 1)
    }
    return strides
  }

  /// The index of an axis that may be counted from the end, checked against the rank.
  package func axis(_ axis: Int) throws(TensorError) -> Int {
    let resolved = axis < 0 ? axis + count : axis
    guard resolved >= 0, resolved < count else {
      throw TensorError(.invalidValue, "axis \(axis) is outside of shape \(self)")
    }
    return resolved
  }

  /// The product of the extents in a range of axes; the shape must have passed `elementCount()`.
  package func extent(of axes: Range<Int>) -> Int {
    self[axes].reduce(1, &*)
  }

  /// The shape that two shapes broadcast to (ONNX's multidirectional broadcasting).
  package func broadcast(with other: [Int]) throws(TensorError) -> [Int] {
    if self == other { return self }
    let rank = Swift.max(count, other.count)
    var result = [Int](repeating: 1, count: rank)
    for offset in 1...Swift.max(rank, 1) where offset <= rank {
      let a = offset <= count ? self[count - offset] : 1
      let b = offset <= other.count ? other[other.count - offset] : 1
      guard a == b || a == 1 || b == 1 else {
        throw TensorError(.shape, "shapes \(self) and \(other) cannot be broadcast together")
      }
      result[rank - offset] = a == 1 ? b : a
    }
    return result
  }
}

extension Int {
  /// The number of elements of a tensor of so many rows and columns, as `elementCount` of the two, but without an array:
  /// for what is worked out in each run.
  ///
  /// - Throws: as `elementCount`.
  package func times(_ other: Int) throws(TensorError) -> Int {
    guard self >= 0, other >= 0 else { throw TensorError(.shape, "one of \(self) and \(other) is negative") }
    let (product, overflow) = multipliedReportingOverflow(by: other)
    guard !overflow else {
      throw TensorError(.memoryLimit, "\(self) times \(other) elements pass any memory limit")
    }
    return product
  }
}
