import HeadgateTensors

/// Layer normalisation of the sum of what a block of a transformer took and gave.
enum SkipNormalization {
  static let table: [OperatorDefinition] = [
    // The statistics are floats, whatever is normalised.
    .contributed("SkipLayerNormalization", skipLayer).computingInSingle(outputsLike: [0, nil, nil, 0]),
    .contributed("SkipSimplifiedLayerNormalization", skipSimplified).computingInSingle(outputsLike: [0, nil, nil, 0]),
    // ONNX Runtime has it in ONNX's own domain, where it is no operator of the standard.
    .op("SimplifiedLayerNormalization", since: 1, simplified).computingInSingle(outputsLike: [1, nil]),
  ]

  private static func skipLayer(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let sum = try sum(call, bias: 4)
    let epsilon = try call.attributes.float("epsilon") ?? 1e-12
    let normalized = try call.applyAll(
      "LayerNormalization", [sum, call.tensor(2), call.optionalTensor(3)], with: [("epsilon", .float(epsilon))],
      outputs: 3)
    guard normalized.count == 3 else { return normalized.map(Value.tensor) }
    return normalized.map(Value.tensor) + [.tensor(sum)]
  }

  private static func skipSimplified(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let outputs = call.node.usedOutputs
    guard outputs.count < 2 || !outputs[1] else {
      throw TensorError(.unsupported, "the mean is no part of what is computed here")
    }
    let sum = try sum(call, bias: 3)
    let epsilon = try call.attributes.float("epsilon") ?? 1e-12
    let result = try call.apply(
      "RMSNormalization", sum, call.tensor(2), with: [("axis", .int(-1)), ("epsilon", .float(epsilon))])
    let deviations =
      outputs.count > 2 && outputs[2] ? try inverseDeviations(sum, axis: sum.rank - 1, epsilon: epsilon, call) : result
    return [.tensor(result), .tensor(result), .tensor(deviations), .tensor(sum)]
  }

  private static func simplified(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let (input, scale) = (try call.tensor(0), try call.tensor(1))
    let axis = try input.shape.axis(try call.attributes.int("axis") ?? -1)
    let epsilon = try call.attributes.float("epsilon") ?? 1e-5
    let result = try call.apply(
      "RMSNormalization", input, scale, with: [("axis", .int(Int64(axis))), ("epsilon", .float(epsilon))])
    let outputs = call.node.usedOutputs
    guard outputs.count > 1, outputs[1] else { return [.tensor(result)] }
    return [.tensor(result), .tensor(try inverseDeviations(input, axis: axis, epsilon: epsilon, call))]
  }

  /// Input, skip and bias: the skip may lack the batch, or have one for all.
  private static func sum(_ call: OperatorCall, bias: Int) throws(TensorError) -> Tensor {
    let (input, skip) = (try call.tensor(0), try call.tensor(1))
    var sum = try call.apply("Add", input, skip)
    if let bias = try call.optionalTensor(bias) { sum = try call.apply("Add", sum, bias) }
    guard sum.shape == input.shape else {
      throw TensorError(.shape, "a skip of shape \(skip.shape) does not fit an input of shape \(input.shape)")
    }
    return sum
  }

  /// `1 / sqrt(mean(x^2) + epsilon)` over the axes from `axis` on.
  private static func inverseDeviations(
    _ input: Tensor, axis: Int, epsilon: Float, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    let squares = try call.apply("Mul", input, input)
    let means = try call.apply("ReduceMean", squares, call.list(Array(axis..<input.rank)))
    let deviations = try call.apply("Sqrt", call.apply("Add", means, call.scalar(epsilon, like: means)))
    return try call.apply("Reciprocal", deviations)
  }
}
