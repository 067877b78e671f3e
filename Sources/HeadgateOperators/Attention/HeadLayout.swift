import HeadgateTensors

/// Where the heads of queries, keys or values lie: along an axis of their own, `[batch, heads, length, size]`,
/// or side by side in each row, `[batch, length, heads * size]`.
struct HeadLayout {
  let batch: Int
  let heads: Int
  let length: Int
  /// The elements that one head has in one row.
  let size: Int
  private let batchStride: Int
  private let headStride: Int
  /// From a row of a head to its next.
  let rowStride: Int

  /// - Parameter heads: how many heads share a row of a tensor of three axes.
  init(_ tensor: Tensor, heads: Int?, _ name: String) throws(TensorError) {
    let shape = tensor.shape
    switch shape.count {
    case 4:
      (batch, self.heads, length, size) = (shape[0], shape[1], shape[2], shape[3])
      (rowStride, headStride) = (size, length &* size)
    case 3:
      guard let heads else { throw TensorError(.missing, "the number of heads of the \(name) is not given") }
      guard heads > 0, shape[2] % heads == 0 else {
        throw TensorError(.shape, "a \(name) of shape \(shape) cannot be divided among \(heads) heads")
      }
      (batch, self.heads, length, size) = (shape[0], heads, shape[1], shape[2] / heads)
      (rowStride, headStride) = (shape[2], size)
    default:
      throw TensorError(.shape, "a \(name) must have 3 or 4 axes, got shape \(shape)")
    }
    batchStride = self.heads &* length &* size
  }

  /// Where the first row of a head begins.
  func offset(batch: Int, head: Int) -> Int { batch * batchStride + head * headStride }
}

extension Tensor {
  /// The tensor with heads along an axis of their own, whichever layout it has.
  func withHeadAxis(_ layout: HeadLayout, _ call: OperatorCall) throws(TensorError) -> Tensor {
    guard rank == 3 else { return self }
    let split = try reshaped(to: [layout.batch, layout.length, layout.heads, layout.size])
    return try Arranging.permuted(split, [0, 2, 1, 3], call)
  }
}
