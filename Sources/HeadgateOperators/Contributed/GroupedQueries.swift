import HeadgateTensors

/// GroupQueryAttention: causal attention in which groups of heads share keys and values, with a cache that each
/// sequence of the batch has filled up to a length of its own.
enum GroupedQueries {
  static func attend(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let settings = try Settings(call)
    var (query, key, value) = try unpacked(settings, call)
    let batch = query.shape[0]
    let length = query.shape[1]
    let cache = try CacheState(settings, batch: batch, length: length, call)
    if let norm = try call.optionalTensor(14) {
      query = try normalized(query, settings.heads, norm, call)
      key = try normalized(key, settings.keyHeads, try call.tensor(15), call)
    }
    if settings.rotates {
      let positions = try call.optionalTensor(9)
      let all =
        try positions?.shape == [batch, length]
        ? call.tensor(9) : Positions.consecutive(starts: cache.pastLengths, length: length, call)
      query = try rotated(query, settings.heads, all, settings, call)
      key = try rotated(key, settings.keyHeads, all, settings, call)
    }
    let keys = try cache.extended(call.optionalTensor(3), with: raised(key, settings.keyHeads, "key", call), call)
    let values = try cache.extended(call.optionalTensor(4), with: raised(value, settings.keyHeads, "value", call), call)
    var attention = AttentionParts(
      query: try raised(query, settings.heads, "query", call), key: keys, value: values, heads: settings.heads,
      keyHeads: settings.keyHeads)
    let bias = try call.optionalTensor(10).map { (bias) throws(TensorError) in try cache.padded(bias, call) }
    let sink = try settings.sink(call)
    if sink == nil, cache.endsWithQueries, settings.isCausal, settings.window == nil {
      attention.isCausal = true
      attention.lengths = try call.list(cache.totals)
      attention.mask = bias
    } else {
      let mask = try cache.mask(settings, call)
      attention.mask = try bias.map { (bias) throws(TensorError) in try call.apply("Add", mask, bias) } ?? mask
    }
    attention.scale = try call.attributes.float("scale")
    attention.softcap = try call.attributes.float("softcap") ?? 0
    attention.scoresAfter = settings.scores == 2 ? 3 : 2
    let wantsScores = call.node.usedOutputs.count > 3 && call.node.usedOutputs[3]
    var outputs: [Tensor]
    if let sink {
      guard !wantsScores else { throw TensorError(.unsupported, "scores beside a sink are not given by this version") }
      outputs = try SinkingAttention(parts: attention, sink: sink, call: call).attend()
    } else {
      outputs = try attention.attend(call, wantsScores: wantsScores)
    }
    if wantsScores, settings.scores != 2 {
      // Keys that a query does not see have the score 0 in this output.
      let isHidden = try call.apply("IsInf", outputs[3], with: [("detect_positive", .int(0))])
      outputs[3] = try call.apply("Where", isHidden, call.scalar(0, like: outputs[3]), outputs[3])
    }
    outputs[1] = keys
    outputs[2] = values
    return outputs.map(Value.tensor)
  }

  struct Settings {
    let heads: Int
    let keyHeads: Int
    let rotates: Bool
    let isCausal: Bool
    /// How many keys a query sees at most, itself included; nil for all.
    let window: Int?
    /// Which scores are an output: none, before the softmax, or after it.
    let scores: Int

    init(_ call: OperatorCall) throws(TensorError) {
      let attributes = call.attributes
      heads = try attributes.int("num_heads") ?? 0
      keyHeads = try attributes.int("kv_num_heads") ?? 0
      guard heads > 0, keyHeads > 0, heads % keyHeads == 0 else {
        throw TensorError(.invalidValue, "\(heads) heads of queries cannot share \(keyHeads) heads of keys")
      }
      rotates = try attributes.flag("do_rotary")
      isCausal = try attributes.int("causal") ?? 1 != 0
      let window = try attributes.int("local_window_size") ?? -1
      self.window = window > 0 ? window : nil
      scores = try attributes.int("qk_output") ?? 0
      guard try !attributes.flag("sliding_window_cache"), try attributes.string("k_quant_type") ?? "NONE" == "NONE",
        try attributes.string("v_quant_type") ?? "NONE" == "NONE"
      else { throw TensorError(.unsupported, "a cache that slides or is quantised is not known to this version") }
    }

    /// The score of a key without value that each head has beside the others, `[heads]`.
    func sink(_ call: OperatorCall) throws(TensorError) -> Tensor? {
      if let sink = try call.optionalTensor(11) {
        guard sink.shape == [heads] else {
          throw TensorError(.shape, "a sink of shape \(sink.shape) does not fit \(heads) heads")
        }
        return sink
      }
      guard try call.attributes.int("smooth_softmax") ?? 0 == 1 else { return nil }
      return try call.make(Float.self, [heads]) { $0.update(repeating: 0) }
    }
  }

  private static func unpacked(
    _ settings: Settings, _ call: OperatorCall
  ) throws(TensorError) -> (Tensor, Tensor, Tensor) {
    let query = try call.tensor(0)
    guard query.rank == 3 else { throw TensorError(.shape, "a query must have 3 axes, got shape \(query.shape)") }
    if let key = try call.optionalTensor(1) {
      let value = try call.tensor(2)
      guard key.rank == 3, value.rank == 3, Array(key.shape.prefix(2)) == Array(query.shape.prefix(2)),
        Array(value.shape.prefix(2)) == Array(query.shape.prefix(2))
      else {
        throw TensorError(
          .shape, "queries, keys and values have shapes \(query.shape), \(key.shape) and \(value.shape)")
      }
      return (query, key, value)
    }
    let all = settings.heads &+ settings.keyHeads &* 2
    guard all > 0, query.shape[2] % all == 0 else {
      throw TensorError(.shape, "rows of \(query.shape[2]) cannot be divided among \(all) heads")
    }
    let size = query.shape[2] / all
    let sizes = [size * settings.heads, size * settings.keyHeads, size * settings.keyHeads]
    let parts = try call.applyAll("Split", [query, call.list(sizes)], with: [("axis", .int(2))], outputs: 3)
    return (parts[0], parts[1], parts[2])
  }

  private static func normalized(
    _ rows: Tensor, _ heads: Int, _ scale: Tensor, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    let layout = try HeadLayout(rows, heads: heads, "input")
    let split = try rows.reshaped(to: [layout.batch, layout.length, heads, layout.size])
    let epsilon = try call.attributes.float("qk_norm_epsilon") ?? 1e-6
    return try call.apply("RMSNormalization", split, scale, with: [("axis", .int(-1)), ("epsilon", .float(epsilon))])
      .reshaped(to: rows.shape)
  }

  private static func rotated(
    _ rows: Tensor, _ heads: Int, _ positions: Tensor, _ settings: Settings, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    let cosines = try call.tensor(7)
    guard cosines.rank == 2 else { throw TensorError(.shape, "angles must have 2 axes, got shape \(cosines.shape)") }
    return try call.apply(
      "RotaryEmbedding", rows, cosines, call.tensor(8), positions,
      with: [
        ("num_heads", .int(Int64(heads))), ("rotary_embedding_dim", .int(Int64(cosines.shape[1] &* 2))),
        ("interleaved", .int(try call.attributes.flag("rotary_interleaved") ? 1 : 0)),
      ])
  }

  private static func raised(
    _ tensor: Tensor, _ heads: Int, _ name: String, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    try tensor.withHeadAxis(try HeadLayout(tensor, heads: heads, name), call)
  }
}

/// How far the cache of each sequence is filled.
private struct CacheState {
  let length: Int
  /// The keys of each sequence before the new ones, and with them.
  let pastLengths: [Int]
  let totals: [Int]
  /// The length of the cache that is given back.
  let capacity: Int

  init(_ settings: GroupedQueries.Settings, batch: Int, length: Int, _ call: OperatorCall) throws(TensorError) {
    guard let last = try call.ints(5), let total = try call.ints(6)?.first, last.count == batch else {
      throw TensorError(.shape, "seqlens_k must have a number for each of the \(batch) sequences")
    }
    let past = try call.optionalTensor(3)
    guard past == nil || past?.rank == 4 else { throw TensorError(.shape, "past keys must have 4 axes") }
    let room = past?.shape[2] ?? 0
    self.length = length
    capacity = max(room, total)
    guard total >= length, capacity <= room &+ length || capacity == room else {
      throw TensorError(
        .invalidValue, "\(total) keys in all do not follow from \(room) of the past and \(length) new ones")
    }
    // A first call has nothing but the prompts, which end at places of their own.
    let isFirst = length == total
    var pastLengths: [Int] = []
    var totals: [Int] = []
    for index in last {
      let end = index &+ 1
      let before = isFirst ? 0 : end &- length
      guard before >= 0, before <= room, before &+ length <= capacity, end <= capacity else {
        throw TensorError(
          .invalidValue, "a sequence that ends at \(index) does not fit \(length) new keys after \(room)")
      }
      pastLengths.append(before)
      totals.append(end)
    }
    self.pastLengths = pastLengths
    self.totals = totals
  }

  /// Whether the queries are those of the last keys of each sequence; those of padded prompts are not.
  var endsWithQueries: Bool { zip(pastLengths, totals).allSatisfy { $0 &+ length == $1 } }

  /// The cache with the new rows `[batch, heads, length, size]` behind those of each sequence, then zeros.
  func extended(_ past: Tensor?, with new: Tensor, _ call: OperatorCall) throws(TensorError) -> Tensor {
    if let past {
      guard past.elementType == new.elementType, past.rank == 4, past.shape[0] == new.shape[0],
        past.shape[1] == new.shape[1], past.shape[3] == new.shape[3],
        pastLengths.allSatisfy({ $0 <= past.shape[2] })
      else {
        throw TensorError(.shape, "a past of \(past.elementType)\(past.shape) does not continue with \(new.shape)")
      }
    }
    return try new.elementType.visit(Extension(past: past, new: new, cache: self, call: call))
  }

  private struct Extension: RealVisitor {
    let past: Tensor?
    let new: Tensor
    let cache: CacheState
    let call: OperatorCall

    func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
      let (heads, size) = (new.shape[1], new.shape[3])
      let (old, rows) = (try past?.elements(type), try new.elements(type))
      let room = past?.shape[2] ?? 0
      return try call.make(type, [new.shape[0], heads, cache.capacity, size]) { output in
        guard let target = output.baseAddress, let source = rows.baseAddress, !output.isEmpty else { return }
        target.update(repeating: 0, count: output.count)
        for place in 0..<new.shape[0] * heads {
          let before = cache.pastLengths[place / heads]
          let start = target + place * cache.capacity * size
          if let old = old?.baseAddress { start.update(from: old + place * room * size, count: before * size) }
          (start + before * size).update(from: source + place * cache.length * size, count: cache.length * size)
        }
      }
    }
  }

  /// 0 for keys that a query may see and negative infinity for all others, `[batch, 1, length, capacity]`.
  func mask(_ settings: GroupedQueries.Settings, _ call: OperatorCall) throws(TensorError) -> Tensor {
    try call.make(Float.self, [totals.count, 1, length, capacity]) { mask in
      for batch in totals.indices {
        for query in 0..<length {
          let row = (batch * length + query) * capacity
          let position = pastLengths[batch] + query
          let end = settings.isCausal ? min(totals[batch], position + 1) : totals[batch]
          let start = settings.window.map { position &+ 1 &- $0 } ?? 0
          for key in 0..<capacity { mask[row + key] = key >= start && key < end ? 0 : -Float.infinity }
        }
      }
    }
  }

  /// A bias for the scores, with zeros for the keys that it does not speak of.
  func padded(_ bias: Tensor, _ call: OperatorCall) throws(TensorError) -> Tensor {
    guard bias.rank == 4, bias.shape[3] < capacity else { return bias }
    return try call.apply("Pad", bias, call.list([0, 0, 0, 0, 0, 0, 0, capacity - bias.shape[3]]))
  }
}

/// Attention whose softmax has one more score in its sum, that of a sink, which takes weight from all values.
private struct SinkingAttention {
  let parts: AttentionParts
  let sink: Tensor
  let call: OperatorCall

  func attend() throws(TensorError) -> [Tensor] {
    let shape = parts.query.shape
    let (batch, heads, length, size) = (shape[0], shape[1], shape[2], shape[3])
    let groups = [batch, parts.keyHeads, heads / parts.keyHeads]
    let query = try parts.query.reshaped(to: groups + [length, size])
    let turned = try Arranging.permuted(parts.key, [0, 1, 3, 2], call)
    let keys = try turned.reshaped(to: [batch, parts.keyHeads, 1] + Array(turned.shape.suffix(2)))
    let values = try parts.value.reshaped(to: [batch, parts.keyHeads, 1] + Array(parts.value.shape.suffix(2)))
    var scores = try call.apply("MatMul", query, keys)
    let given = parts.scale ?? 0
    let scale = given == 0 ? 1 / Float(size).squareRoot() : given
    scores = try call.apply("Mul", scores, call.scalar(scale, like: scores))
    if parts.softcap > 0 {
      let cap = try call.scalar(parts.softcap, like: scores)
      scores = try call.apply("Mul", call.apply("Tanh", call.apply("Div", scores, cap)), cap)
    }
    let total = scores.shape[4]
    scores = try scores.reshaped(to: [batch, heads, length, total])
    if let mask = parts.mask { scores = try call.apply("Add", scores, mask) }
    let column = try sink.reshaped(to: [1, heads, 1, 1]).expanded(to: [batch, heads, length, 1], call)
    let all = try Arranging.joined([scores, column], axis: 3, call)
    let weights = try call.apply("Softmax", all, with: [("axis", .int(-1))])
    let kept = try call.apply("Slice", weights, call.list([0]), call.list([total]), call.list([3]))
    let result = try call.apply("MatMul", kept.reshaped(to: groups + [length, total]), values)
    let output = try result.reshaped(to: [batch, heads, length, parts.value.shape[3]])
    return [
      try Arranging.permuted(output, [0, 2, 1, 3], call).reshaped(to: [batch, length, heads &* parts.value.shape[3]]),
      parts.key, parts.value,
    ]
  }
}
