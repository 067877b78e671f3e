import HeadgateTensors

/// The sum of the embeddings of words, positions and segments, normalised: `[batch, length]` to
/// `[batch, length, size]`.
enum EmbeddedTokens {
  static let table: [OperatorDefinition] = [
    .contributed("EmbedLayerNormalization", embed).computingInSingle(outputsLike: [2, nil, 2]),
    .contributed("QEmbedLayerNormalization", embedQuantized),
  ]

  private static func embed(_ call: OperatorCall) throws(TensorError) -> [Value] {
    try normalized(
      call, words: Table(rows: call.tensor(2)), positions: Table(rows: call.tensor(3)),
      segments: call.optionalTensor(4).map { Table(rows: $0) }, gamma: call.tensor(5), beta: call.tensor(6),
      positionIDs: call.optionalTensor(8))
  }

  private static func embedQuantized(_ call: OperatorCall) throws(TensorError) -> [Value] {
    func table(_ index: Int) throws(TensorError) -> Table {
      Table(rows: try call.tensor(index), scale: try call.tensor(index + 6), zero: try call.tensor(index + 11))
    }
    let segments = try call.optionalTensor(4) == nil ? nil : table(4)
    return try normalized(
      call, words: table(2), positions: table(3), segments: segments, gamma: table(5).dequantized(call),
      beta: table(6).dequantized(call), positionIDs: nil)
  }

  private static func normalized(
    _ call: OperatorCall, words: Table, positions: Table, segments: Table?, gamma: Tensor, beta: Tensor,
    positionIDs: Tensor?
  ) throws(TensorError) -> [Value] {
    let ids = try call.tensor(0)
    guard ids.rank == 2 else { throw TensorError(.shape, "ids must be [batch, length], got shape \(ids.shape)") }
    let length = ids.shape[1]
    let inOrder = try call.make(Int32.self, [1, length]) { places in
      for index in places.indices { places[index] = Int32(truncatingIfNeeded: index) }
    }
    let places = positionIDs ?? inOrder
    var sum = try call.apply("Add", words.lookUp(ids, call), positions.lookUp(places, call))
    if let segments {
      sum = try call.apply("Add", sum, segments.lookUp(call.tensor(1), call))
    }
    guard sum.rank == 3, Array(sum.shape.prefix(2)) == ids.shape else {
      throw TensorError(.shape, "the embeddings have shape \(sum.shape), the ids \(ids.shape)")
    }
    let epsilon = try call.attributes.float("epsilon") ?? 1e-12
    let result = try call.apply("LayerNormalization", sum, gamma, beta, with: [("epsilon", .float(epsilon))])
    return [.tensor(result), .tensor(try lengths(call, of: ids.shape)), .tensor(sum)]
  }

  /// How many tokens of each sequence the mask has 1 for; 0 without a mask.
  private static func lengths(_ call: OperatorCall, of shape: Shape) throws(TensorError) -> Tensor {
    let mask = try call.optionalTensor(7)
    if let mask, mask.shape != shape {
      throw TensorError(.shape, "a mask of shape \(mask.shape) does not fit ids of shape \(shape)")
    }
    let ones = try mask?.elements(Int32.self)
    return try call.make(Int32.self, [shape[0]]) { lengths in
      for row in lengths.indices {
        guard let ones else {
          lengths[row] = 0
          continue
        }
        var count: Int32 = 0
        for column in 0..<shape[1] where ones[row * shape[1] + column] == 1 { count &+= 1 }
        lengths[row] = count
      }
    }
  }

  /// Rows of floats, or of 8-bit integers with one scale for all.
  private struct Table {
    let rows: Tensor
    var scale: Tensor?
    var zero: Tensor?

    func lookUp(_ ids: Tensor, _ call: OperatorCall) throws(TensorError) -> Tensor {
      guard rows.rank == 2 else { throw TensorError(.shape, "embeddings must be rows, got shape \(rows.shape)") }
      return try Table(rows: call.apply("Gather", rows, ids), scale: scale, zero: zero).dequantized(call)
    }

    func dequantized(_ call: OperatorCall) throws(TensorError) -> Tensor {
      guard let scale else { return rows }
      return try call.apply("DequantizeLinear", rows, scale, zero)
    }
  }
}
