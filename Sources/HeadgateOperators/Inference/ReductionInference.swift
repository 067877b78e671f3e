import HeadgateTensors

/// Operators that work along axes: reductions, ranking, softmax, normalisation.
enum ReductionInference {
  static let rules: [InferenceRow] =
    [
      "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare",
      "ReduceLogSum", "ReduceLogSumExp",
    ].rows(reduce)
    + ["ArgMax", "ArgMin"].rows(argument)
    + ["Softmax", "LogSoftmax", "Hardmax"].rows(SharedRule.same(.floats))
    + [
      "LayerNormalization", "RMSNormalization", "InstanceNormalization", "GroupNormalization", "LpNormalization",
      "MeanVarianceNormalization", "LRN", "com.microsoft.SkipLayerNormalization",
    ].rows(SharedRule.same(.floats))
    + [("BatchNormalization", batchNormalization)]
    + ["QuantizeLinear", "com.microsoft.QuantizeLinear"].rows(quantize)
    + ["DequantizeLinear", "com.microsoft.DequantizeLinear"].rows(SharedRule.sameShape(nil))
    + [("DynamicQuantizeLinear", quantizeDynamically)]

  private static let reduce: InferenceRule = { (call) throws(TensorError) in
    guard let shape = call.shape(0) else { return [InferredValue(call.type(0))] }
    let keeps = try call.attributes.int("keepdims") != 0
    let isNothing = try call.attributes.flag("noop_with_empty_axes")
    var axes: Set<Int> = []
    let given: [Int]
    switch try call.integers(attribute: "axes", orInput: 1) {
    case .known(let values): given = values
    case .absent: given = []
    case .open:
      return [InferredValue(call.type(0), keeps ? [Int?](repeating: nil, count: shape.count) : nil)]
    }
    for axis in given { axes.insert(try call.axis(axis, of: 0, rank: shape.count)) }
    if given.isEmpty, !isNothing { axes = Set(shape.indices) }
    let kept = shape.indices.filter { keeps || !axes.contains($0) }
    return [InferredValue(call.type(0), kept.map { axes.contains($0) ? 1 : shape[$0] })]
  }

  private static let argument: InferenceRule = { (call) throws(TensorError) in
    guard var shape = call.shape(0) else { return [InferredValue(.int64)] }
    let axis = try call.axis(try call.attributes.int("axis") ?? 0, of: 0, rank: shape.count)
    if try call.attributes.int("keepdims") != 0 { shape[axis] = 1 } else { shape.remove(at: axis) }
    return [InferredValue(.int64, shape)]
  }

  /// Scale, bias, mean and variance are one number for each channel. The old form without `spatial` had more.
  private static let batchNormalization: InferenceRule = { (call) throws(TensorError) in
    try call.require(0, .floats)
    if let shape = call.shape(0), shape.count >= 2, call.opset >= 9, let channels = shape[1] {
      for index in 1..<5 {
        guard let parameters = call.shape(index), parameters.count == 1, let count = parameters[0], count != channels
        else { continue }
        throw call.conflict(0, index, "do not fit: there must be one number for each of \(channels) channels")
      }
    }
    return [call.input(0).withoutElements]
  }

  private static let quantize: InferenceRule = { (call) throws(TensorError) in
    // Without a zero point an attribute may name the type.
    let type = call.isPresent(2) ? call.type(2) : call.attributes["output_dtype"] == nil ? ElementType.uint8 : nil
    return [InferredValue(type, call.shape(0))]
  }

  private static let quantizeDynamically: InferenceRule = { (call) throws(TensorError) in
    [InferredValue(.uint8, call.shape(0)), InferredValue(.float, []), InferredValue(.uint8, [])]
  }
}
