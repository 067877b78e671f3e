import HeadgateTensors

/// Attention: `softmax(scale * Q K^T + mask) V` for each head, with keys and values of earlier calls before
/// the new ones. Several heads of queries may share one of keys and values.
enum Attention {
  /// - Parameter padsShortMasks: keys beyond the last axis of a mask are masked, as from version 24 on.
  static func prepare(padsShortMasks: Bool) -> @Sendable (OperatorNode) throws(TensorError) -> Kernel {
    { (node) throws(TensorError) in
      let settings = try AttentionSettings(node)
      return { (call) throws(TensorError) in try attend(settings, padsShortMasks: padsShortMasks, call) }
    }
  }

  private static func attend(
    _ settings: AttentionSettings, padsShortMasks: Bool, _ call: OperatorCall
  ) throws(TensorError) -> [Value] {
    let query = try call.tensor(0)
    var (key, value) = (try call.tensor(1), try call.tensor(2))
    guard query.elementType == key.elementType else {
      throw TensorError(.elementType, "queries are \(query.elementType), keys \(key.elementType)")
    }
    guard query.rank == key.rank, query.rank == value.rank else {
      throw TensorError(
        .shape, "queries, keys and values have shapes \(query.shape), \(key.shape) and \(value.shape)")
    }
    var keyLayout = try HeadLayout(key, heads: settings.keyHeads, "key")
    var valueLayout = try HeadLayout(value, heads: settings.keyHeads, "value")
    let (pastKey, pastValue) = (try call.optionalTensor(4), try call.optionalTensor(5))
    guard (pastKey == nil) == (pastValue == nil) else {
      throw TensorError(.missing, "past keys and past values must be given together")
    }
    let outputs = call.node.usedOutputs
    let keepsPresent = outputs.dropFirst().prefix(2).contains(true)
    if pastKey != nil || keepsPresent {
      key = try present(key, keyLayout, past: pastKey, "key", call)
      value = try present(value, valueLayout, past: pastValue, "value", call)
      keyLayout = try HeadLayout(key, heads: nil, "key")
      valueLayout = try HeadLayout(value, heads: nil, "value")
    }
    let shape = try AttentionShape(
      query: HeadLayout(query, heads: settings.queryHeads, "query"), key: keyLayout, value: valueLayout)
    let pastLength = pastKey?.shape[2] ?? 0
    let mask = try AttentionMask(
      try call.optionalTensor(3), shape: shape, validLengths: try validLengths(shape, call),
      isCausal: settings.isCausal, pastLength: pastLength, padsShortMasks: padsShortMasks)
    let wantsScores = outputs.count > 3 && outputs[3]
    let isDouble = [query.elementType, value.elementType, settings.softmaxType].contains(.double)
    let type = isDouble ? ElementType.double : .float
    let product = ScaledDotProduct(
      query: try Casting.convert(query, to: type, call), key: try Casting.convert(key, to: type, call),
      value: try Casting.convert(value, to: type, call), shape: shape, mask: mask,
      scale: settings.scale ?? 1 / Double(shape.query.size).squareRoot(), softcap: settings.softcap,
      scoresAfter: wantsScores ? settings.scoresAfter : nil, hasHeadAxis: query.rank == 4, call: call)
    let (result, scores) = try type.visit(product)
    let answer = Value.tensor(try Casting.convert(result, to: query.elementType, call))
    return [
      answer, keepsPresent ? .tensor(key) : answer, keepsPresent ? .tensor(value) : answer,
      try scores.map { (scores) throws(TensorError) in
        .tensor(try Casting.convert(scores, to: query.elementType, call))
      } ?? answer,
    ]
  }

  /// The keys or values of earlier calls and the new ones, heads along an axis of their own.
  private static func present(
    _ tensor: Tensor, _ layout: HeadLayout, past: Tensor?, _ name: String, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    let raised = try tensor.withHeadAxis(layout, call)
    guard let past else { return raised }
    guard past.rank == 4, past.elementType == raised.elementType, past.shape[0] == layout.batch,
      past.shape[1] == layout.heads, past.shape[3] == layout.size
    else {
      throw TensorError(
        .shape,
        "a past \(name) \(past.elementType)\(past.shape) does not continue with \(raised.elementType)\(raised.shape)")
    }
    return try Arranging.joined([past, raised], axis: 2, call)
  }

  /// How many keys of each batch are no padding, when the keys are a cache that is kept outside.
  private static func validLengths(_ shape: AttentionShape, _ call: OperatorCall) throws(TensorError) -> [Int]? {
    guard let lengths = try call.ints(6) else { return nil }
    guard try call.optionalTensor(4) == nil else {
      throw TensorError(.invalidValue, "lengths of a cache and past keys cannot be given together")
    }
    guard lengths.count == shape.query.batch else {
      throw TensorError(.shape, "\(lengths.count) lengths are given for a batch of \(shape.query.batch)")
    }
    for length in lengths where length < 0 || length > shape.key.length {
      throw TensorError(.invalidValue, "a length of \(length) is outside of a cache of \(shape.key.length) keys")
    }
    return lengths
  }
}

/// The attributes of an Attention node.
struct AttentionSettings: Sendable {
  /// After which step the scores are given as an output.
  enum ScoreStage: Int, Sendable {
    case product, softcap, mask, softmax
  }

  let queryHeads: Int?
  let keyHeads: Int?
  let scale: Double?
  let softcap: Double
  let isCausal: Bool
  let scoresAfter: ScoreStage
  /// The least precision of the softmax; sums are never computed in less than single precision.
  let softmaxType: ElementType

  init(_ node: OperatorNode) throws(TensorError) {
    queryHeads = try node.attributes.int("q_num_heads")
    keyHeads = try node.attributes.int("kv_num_heads")
    scale = try node.attributes.float("scale").map(Double.init)
    softcap = Double(try node.attributes.float("softcap") ?? 0)
    isCausal = try node.attributes.flag("is_causal")
    let stage = try node.attributes.int("qk_matmul_output_mode") ?? 0
    guard let scoresAfter = ScoreStage(rawValue: stage) else {
      throw TensorError(.invalidValue, "attribute 'qk_matmul_output_mode' is \(stage), not 0, 1, 2 or 3")
    }
    self.scoresAfter = scoresAfter
    softmaxType = try AttentionSettings.softmaxType(node) ?? .float
  }

  /// The type that attribute `softmax_precision` names.
  static func softmaxType(_ node: OperatorNode) throws(TensorError) -> ElementType? {
    guard let number = try node.attributes.int("softmax_precision") else { return nil }
    let type = ElementType(rawValue: Int32(truncatingIfNeeded: number))
    guard let type, type == .double || type.accumulator == .float else {
      throw TensorError(.invalidValue, "attribute 'softmax_precision' is \(number), which names no floating-point type")
    }
    return type
  }
}

/// The shapes of queries, keys and values that fit each other.
struct AttentionShape {
  let query: HeadLayout
  let key: HeadLayout
  let value: HeadLayout
  /// How many heads of queries share one of keys.
  let groupSize: Int

  init(query: HeadLayout, key: HeadLayout, value: HeadLayout) throws(TensorError) {
    guard query.batch == key.batch, query.batch == value.batch else {
      throw TensorError(.shape, "queries, keys and values have batches of \(query.batch), \(key.batch), \(value.batch)")
    }
    guard query.size == key.size else {
      throw TensorError(.shape, "heads of queries have \(query.size) elements, those of keys \(key.size)")
    }
    guard key.length == value.length, key.heads == value.heads else {
      throw TensorError(
        .shape,
        "\(key.heads) heads of \(key.length) keys do not fit \(value.heads) heads of \(value.length) values")
    }
    guard key.heads > 0, query.heads % key.heads == 0 else {
      throw TensorError(.shape, "\(query.heads) heads of queries cannot share \(key.heads) heads of keys")
    }
    self.query = query
    self.key = key
    self.value = value
    groupSize = query.heads / key.heads
  }
}
