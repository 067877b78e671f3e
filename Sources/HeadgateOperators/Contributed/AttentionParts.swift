import HeadgateTensors

/// Queries, keys and values as one of ONNX Runtime's attention operators has them, for ONNX's own Attention.
struct AttentionParts {
  /// `[batch, length, heads * size]`, or with the heads along an axis of their own, `[batch, heads, length, size]`.
  var query: Tensor
  var key: Tensor
  var value: Tensor
  var pastKey: Tensor?
  var pastValue: Tensor?
  let heads: Int
  let keyHeads: Int
  /// Added to the scores, broadcast to `[batch, heads, length, keys]`.
  var mask: Tensor?
  /// How many of the keys of each sequence are no padding, the queries' own being the last of them; nil for all.
  var lengths: Tensor?
  var scale: Float?
  var softcap: Float = 0
  var isCausal = false
  /// 0: scores as the product has them, 2: masked, 3: the softmax of them.
  var scoresAfter = 0

  /// How many keys there are, those of the past included; nil when the shapes are none of attention.
  var keyCount: Int? {
    guard key.rank == 3 || key.rank == 4 else { return nil }
    return key.shape[key.rank - 2] &+ (pastKey?.rank == 4 ? pastKey?.shape[2] ?? 0 : 0)
  }

  /// The result `[batch, length, heads * size]`, all keys, all values, and the scores when they are wanted.
  func attend(_ call: OperatorCall, wantsScores: Bool = false) throws(TensorError) -> [Tensor] {
    var parts = self
    if Set([query.rank, key.rank, value.rank]).count > 1 {
      parts.query = try raised(query, heads, "query", call)
      parts.key = try raised(key, keyHeads, "key", call)
      parts.value = try raised(value, keyHeads, "value", call)
    }
    var attributes: [(name: String, value: AttributeValue)] = [
      ("q_num_heads", .int(Int64(heads))), ("kv_num_heads", .int(Int64(keyHeads))), ("softcap", .float(softcap)),
      ("is_causal", .int(isCausal ? 1 : 0)), ("qk_matmul_output_mode", .int(Int64(scoresAfter))),
    ]
    if let scale, scale != 0 { attributes.append(("scale", .float(scale))) }
    var outputs = try call.applyAll(
      "Attention", [parts.query, parts.key, parts.value, mask, pastKey, pastValue, lengths], with: attributes,
      outputs: wantsScores ? 4 : 3)
    guard outputs.count >= 3 else { throw TensorError(.missing, "attention gives fewer outputs than it should") }
    if outputs[0].rank == 4 {
      let shape = outputs[0].shape
      outputs[0] = try Arranging.permuted(outputs[0], [0, 2, 1, 3], call)
        .reshaped(to: [shape[0], shape[2], shape[1] &* shape[3]])
    }
    return outputs
  }

  private func raised(_ tensor: Tensor, _ heads: Int, _ name: String, _ call: OperatorCall) throws(TensorError)
    -> Tensor
  {
    try tensor.withHeadAxis(try HeadLayout(tensor, heads: heads, name), call)
  }
}

/// Masks of padding, in the forms that ONNX Runtime knows, as numbers to add to scores.
struct PaddingMask {
  let batch: Int
  /// How many queries and how many keys there are.
  let length: Int
  let keys: Int
  /// What a masked key has: far below any score, and yet finite, so that rows without any key have a mean.
  let filter: Float
  let call: OperatorCall

  /// The sum of both masks; nil when there is none.
  func combined(_ padding: Tensor?, bias: Tensor?) throws(TensorError) -> Tensor? {
    guard let padding else { return bias }
    let numbers = try numbers(padding)
    return try bias.map { (bias) throws(TensorError) in try call.apply("Add", numbers, bias) } ?? numbers
  }

  /// `[batch, 1, 1 or length, keys]`
  ///
  /// - Parameter mask: `[batch]` keys that are no padding, `[2 * batch]` their ends and then their starts, or 0 for
  ///   padding: `[batch, keys]`, `[batch, length, keys]`, or a square `[batch, 1, most, most]` for any length.
  func numbers(_ mask: Tensor) throws(TensorError) -> Tensor {
    let values = try mask.elements(Int32.self)
    defer { withExtendedLifetime(mask) {} }
    switch mask.shape {
    case [batch], [batch &* 2]:
      return try call.make(Float.self, [batch, 1, 1, keys]) { numbers in
        for row in 0..<batch {
          let end = Int(values[row])
          let start = mask.shape == [batch] ? 0 : Int(values[batch + row])
          for key in 0..<keys { numbers[row * keys + key] = key >= start && key < end ? 0 : filter }
        }
      }
    case [batch, keys]: return try flags(values, [batch, 1, 1, keys])
    case [batch, length, keys]: return try flags(values, [batch, 1, length, keys])
    case _ where mask.rank == 4 && mask.shape[0] == batch && mask.shape[1] == 1:
      let (rows, columns) = (mask.shape[2], mask.shape[3])
      guard rows == columns, rows >= keys, keys >= length else { break }
      return try call.make(Float.self, [batch, 1, length, keys]) { numbers in
        for row in 0..<batch * length {
          // The queries are the last ones of all positions.
          let line = (row / length * rows + keys - length + row % length) * columns
          for key in 0..<keys { numbers[row * keys + key] = values[line + key] == 0 ? filter : 0 }
        }
      }
    default: break
    }
    throw TensorError(
      .shape, "a mask of shape \(mask.shape) does not fit a batch of \(batch) with \(length) queries and \(keys) keys")
  }

  private func flags(_ values: UnsafeBufferPointer<Int32>, _ shape: Shape) throws(TensorError) -> Tensor {
    try call.make(Float.self, shape) { numbers in
      for index in numbers.indices { numbers[index] = values[index] == 0 ? filter : 0 }
    }
  }
}
