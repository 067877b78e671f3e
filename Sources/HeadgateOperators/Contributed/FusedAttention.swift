import HeadgateTensors

/// The attention operators of ONNX Runtime.
enum FusedAttention {
  static let table: [OperatorDefinition] =
    [
      .contributed("Attention", attention), .contributed("MultiHeadAttention", multiHead),
      .contributed("GroupQueryAttention", GroupedQueries.attend), .contributed("RotaryEmbedding", rotate),
    ].computingInSingle + [.contributed("QAttention", quantizedAttention)]

  /// Attention of a sequence to itself, with the products that make queries, keys and values of it.
  private static func attention(_ call: OperatorCall) throws(TensorError) -> [Value] {
    guard try call.optionalTensor(6) == nil, try !call.attributes.flag("past_present_share_buffer"),
      try !call.attributes.flag("do_rotary")
    else {
      throw TensorError(.unsupported, "caches that are written in place and rotation are not known to this version")
    }
    var projected = try call.apply("MatMul", call.tensor(0), call.tensor(1))
    if let bias = try call.optionalTensor(2) { projected = try call.apply("Add", projected, bias) }
    return try selfAttention(
      projected, padding: call.optionalTensor(3), past: call.optionalTensor(4), bias: call.optionalTensor(5), call)
  }

  private static func quantizedAttention(_ call: OperatorCall) throws(TensorError) -> [Value] {
    guard try !call.attributes.flag("past_present_share_buffer"), try !call.attributes.flag("do_rotary") else {
      throw TensorError(.unsupported, "caches that are written in place and rotation are not known to this version")
    }
    let sums = try call.apply(
      "MatMulInteger", call.tensor(0), call.tensor(1), call.optionalTensor(6), call.optionalTensor(7))
    let projected = try QuantizedMatrices.scaled(
      sums, by: call.tensor(3), call.tensor(4), plus: call.optionalTensor(2), call)
    return try selfAttention(
      projected, padding: call.optionalTensor(5), past: call.optionalTensor(8), bias: nil, call)
  }

  /// - Parameters:
  ///   - projected: queries, keys and values side by side, `[batch, length, sizes]`.
  ///   - past: `[2, batch, heads, length, size]`, keys and then values.
  private static func selfAttention(
    _ projected: Tensor, padding: Tensor?, past: Tensor?, bias: Tensor?, _ call: OperatorCall
  ) throws(TensorError) -> [Value] {
    guard projected.rank == 3 else {
      throw TensorError(.shape, "the input must be [batch, length, size], got shape \(projected.shape)")
    }
    let width = projected.shape[2]
    let sizes = try call.attributes.ints("qkv_hidden_sizes") ?? [Int](repeating: width / 3, count: 3)
    guard sizes.count == 3 else { throw TensorError(.invalidValue, "attribute 'qkv_hidden_sizes' needs 3 sizes") }
    let parts = try call.applyAll("Split", [projected, call.list(sizes)], with: [("axis", .int(2))], outputs: 3)
    let heads = try heads(call)
    var attention = AttentionParts(query: parts[0], key: parts[1], value: parts[2], heads: heads, keyHeads: heads)
    if let past {
      guard past.rank == 5, past.shape[0] == 2 else {
        throw TensorError(.shape, "a past of shape \(past.shape) has no keys and values")
      }
      attention.pastKey = try past.rows(0..<1).reshaped(to: Array(past.shape.dropFirst()))
      attention.pastValue = try past.rows(1..<2).reshaped(to: Array(past.shape.dropFirst()))
    }
    try mask(&attention, padding, bias, call)
    let outputs = try attention.attend(call)
    guard call.node.usedOutputs.count > 1, call.node.usedOutputs[1] else { return [.tensor(outputs[0])] }
    let states = try [outputs[1], outputs[2]].map { (state) throws(TensorError) in
      try state.reshaped(to: [1] + state.shape)
    }
    return [.tensor(outputs[0]), .tensor(try Arranging.joined(states, axis: 0, call))]
  }

  private static func multiHead(_ call: OperatorCall) throws(TensorError) -> [Value] {
    guard try call.optionalTensor(8) == nil, try call.optionalTensor(9) == nil else {
      throw TensorError(.unsupported, "caches that are written in place are not known to this version")
    }
    let heads = try heads(call)
    var attention = try unpacked(heads: heads, call)
    if let bias = try call.optionalTensor(3) { try add(bias, to: &attention, call) }
    (attention.pastKey, attention.pastValue) = (try call.optionalTensor(6), try call.optionalTensor(7))
    try mask(&attention, call.optionalTensor(4), call.optionalTensor(5), call)
    attention.scoresAfter = 2
    let outputs = call.node.usedOutputs
    let wantsScores = outputs.count > 3 && outputs[3]
    return try attention.attend(call, wantsScores: wantsScores).map(Value.tensor)
  }

  /// Queries, keys and values, which may lie together: all three, or keys and values.
  private static func unpacked(heads: Int, _ call: OperatorCall) throws(TensorError) -> AttentionParts {
    let query = try call.tensor(0)
    if query.rank == 5 {
      let parts = try unstacked(query, 3, call)
      return AttentionParts(query: parts[0], key: parts[1], value: parts[2], heads: heads, keyHeads: heads)
    }
    let key = try call.tensor(1)
    if key.rank == 5 {
      let parts = try unstacked(key, 2, call)
      return AttentionParts(query: query, key: parts[0], value: parts[1], heads: heads, keyHeads: heads)
    }
    return AttentionParts(query: query, key: key, value: try call.tensor(2), heads: heads, keyHeads: heads)
  }

  /// `[batch, length, heads, count, size]` as `count` tensors `[batch, length, heads * size]`.
  private static func unstacked(_ tensor: Tensor, _ count: Int, _ call: OperatorCall) throws(TensorError) -> [Tensor] {
    let shape = tensor.shape
    guard shape[3] == count else {
      throw TensorError(.shape, "shape \(shape) does not hold \(count) rows for each head")
    }
    let moved = try Arranging.permuted(tensor, [3, 0, 1, 2, 4], call)
    return try (0..<count).map { (index) throws(TensorError) in
      try moved.rows(index..<index + 1).reshaped(to: [shape[0], shape[1], shape[2] &* shape[4]])
    }
  }

  /// Adds the bias of the projections, whose parts lie one after the other. Keys and values with the heads along an
  /// axis of their own were projected elsewhere, and have theirs.
  private static func add(_ bias: Tensor, to attention: inout AttentionParts, _ call: OperatorCall) throws(TensorError)
  {
    guard bias.rank == 1, let width = attention.query.shape.last, bias.count >= width &* 2 else {
      throw TensorError(.shape, "a bias of shape \(bias.shape) does not fit a query of \(attention.query.shape)")
    }
    attention.query = try call.apply("Add", attention.query, bias.rows(0..<width))
    guard attention.key.rank == 3 else { return }
    attention.key = try call.apply("Add", attention.key, bias.rows(width..<2 * width))
    attention.value = try call.apply("Add", attention.value, bias.rows(2 * width..<bias.count))
  }

  private static func mask(
    _ attention: inout AttentionParts, _ padding: Tensor?, _ bias: Tensor?, _ call: OperatorCall
  ) throws(TensorError) {
    guard attention.query.rank == 3, let keys = attention.keyCount else {
      throw TensorError(.shape, "queries of shape \(attention.query.shape) do not fit keys of \(attention.key.shape)")
    }
    let mask = PaddingMask(
      batch: attention.query.shape[0], length: attention.query.shape[1], keys: keys,
      filter: try call.attributes.float("mask_filter_value") ?? -10000, call: call)
    attention.mask = try mask.combined(padding, bias: bias)
    attention.scale = try call.attributes.float("scale")
    attention.isCausal = try call.attributes.flag("unidirectional")
  }

  private static func heads(_ call: OperatorCall) throws(TensorError) -> Int {
    guard let heads = try call.attributes.int("num_heads"), heads > 0 else {
      throw TensorError(.invalidValue, "attribute 'num_heads' must be greater than 0")
    }
    return heads
  }

  /// Rotation by the angles of positions, or of all positions from one on.
  private static func rotate(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let (input, positions, cosines) = (try call.tensor(0), try call.tensor(1), try call.tensor(2))
    guard input.rank == 3 || input.rank == 4, cosines.rank == 2 else {
      throw TensorError(.shape, "shapes \(input.shape) and \(cosines.shape) are none of states and angles")
    }
    guard try !call.attributes.flag("is_packed_batching") else {
      throw TensorError(.unsupported, "packed batches are not known to this version")
    }
    let steps = [input.shape[0], input.shape[input.rank - 2]]
    let all =
      try positions.count == 1 && positions.rank == 1 ? Positions.consecutive(from: positions, steps, call) : positions
    var heads = try call.attributes.int("num_heads") ?? 0
    if heads == 0, input.rank == 3 { heads = input.shape[2] / max(cosines.shape[1] &* 2, 1) }
    return [
      .tensor(
        try call.apply(
          "RotaryEmbedding", input, cosines, call.tensor(3), all,
          with: [("num_heads", .int(Int64(heads)))]
            + call.attributes.passing(["interleaved", "rotary_embedding_dim"])))
    ]
  }
}

/// Positions in a sequence, `[batch, length]`.
enum Positions {
  static func consecutive(
    from first: Tensor, _ steps: Shape, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    let start = Int64(try first.ints().first ?? 0)
    return try call.make(Int64.self, steps) { positions in
      for index in positions.indices { positions[index] = start &+ Int64(index % steps[1]) }
    }
  }

  /// Each sequence begins at a position of its own.
  static func consecutive(starts: [Int], length: Int, _ call: OperatorCall) throws(TensorError) -> Tensor {
    try call.make(Int64.self, [starts.count, length]) { positions in
      for index in positions.indices { positions[index] = Int64(starts[index / length] &+ index % length) }
    }
  }
}
