import HeadgateTensors

/// Products of matrices.
enum MatrixInference {
  static let rules: [InferenceRow] = [
    ("MatMul", matMul), ("MatMulInteger", integerProduct), ("Gemm", gemm),
  ]

  private static let matMul: InferenceRule = { (call) throws(TensorError) in
    for index in 0..<2 { try call.require(index, .numbers) }
    return [InferredValue(try call.commonType(0..<2), try product(call))]
  }

  private static let integerProduct: InferenceRule = { (call) throws(TensorError) in
    [InferredValue(.int32, try product(call))]
  }

  /// The shape of numpy's matmul.
  private static func product(_ call: InferenceCall) throws(TensorError) -> PartialShape {
    guard let a = call.shape(0), let b = call.shape(1) else { return nil }
    for (index, shape) in [a, b].enumerated() where shape.isEmpty {
      throw TensorError(.shape, "\(call.label(index)) is no matrix")
    }
    let (left, right) = (a.count == 1 ? [1] + a : a, b.count == 1 ? b + [1] : b)
    if let columns = left[left.count - 1], let rows = right[right.count - 2], columns != rows {
      throw call.conflict(0, 1, "cannot be multiplied: \(columns) columns meet \(rows) rows")
    }
    let batches = InferenceCall(
      node: call.node,
      inputs: [InferredValue(nil, Array(left.dropLast(2))), InferredValue(nil, Array(right.dropLast(2)))],
      names: call.names)
    let shape: PartialShape
    do {
      shape = try ElementwiseInference.broadcast(batches, 0..<2)
    } catch {
      throw call.conflict(0, 1, "cannot be multiplied: the axes before the last two cannot be broadcast together")
    }
    guard var shape else { return nil }
    if a.count > 1 { shape.append(left[left.count - 2]) }
    if b.count > 1 { shape.append(right[right.count - 1]) }
    return shape
  }

  private static let gemm: InferenceRule = { (call) throws(TensorError) in
    for index in 0..<2 { try call.require(index, .numbers) }
    let type = try call.commonType(0..<2)
    for index in 0..<2 {
      if let shape = call.shape(index), shape.count != 2 {
        throw TensorError(.shape, "\(call.label(index)) is no matrix")
      }
    }
    func side(_ index: Int, _ attribute: String) throws(TensorError) -> (rows: Int?, columns: Int?) {
      guard let shape = call.shape(index) else { return (nil, nil) }
      return try call.attributes.flag(attribute) ? (shape[1], shape[0]) : (shape[0], shape[1])
    }
    let a = try side(0, "transA")
    let b = try side(1, "transB")
    if let columns = a.columns, let rows = b.rows, columns != rows {
      throw call.conflict(0, 1, "cannot be multiplied: \(columns) columns meet \(rows) rows")
    }
    if call.opset >= 7, let c = call.shape(2) {
      let fits =
        c.count <= 2
        && zip(c.reversed(), [b.columns, a.rows]).allSatisfy { extent, room in
          guard let extent, let room else { return true }
          return extent == room || extent == 1
        }
      guard fits else {
        throw TensorError(
          .shape, "\(call.label(2)) cannot be added to the product of \(call.label(0)) and \(call.label(1))")
      }
    }
    return [InferredValue(type, [a.rows, b.columns])]
  }
}
