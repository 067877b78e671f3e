import HeadgateTensors

/// Activation functions with the sum that goes before them.
enum BiasedActivations {
  static let table: [OperatorDefinition] = [
    .contributed("BiasGelu", biasGelu), .contributed("FastGelu", fastGelu), .contributed("QuickGelu", quickGelu),
    .contributed("BiasSplitGelu", biasSplitGelu), .contributed("BiasAdd", biasAdd),
    .contributed("BiasSoftmax", biasSoftmax),
  ].computingInSingle

  private static func biasGelu(_ call: OperatorCall) throws(TensorError) -> [Value] {
    [.tensor(try call.apply("Gelu", try biased(call)))]
  }

  private static func fastGelu(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let sum = try call.optionalTensor(1) == nil ? call.tensor(0) : biased(call)
    return [.tensor(try call.apply("Gelu", sum, with: [("approximate", .string("tanh"))]))]
  }

  /// `x * sigmoid(alpha * x)`
  private static func quickGelu(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let alpha = try call.attributes.float("alpha") ?? 1.702
    return [.tensor(try call.apply("Swish", call.tensor(0), with: [("alpha", .float(alpha))]))]
  }

  /// `left * gelu(right)` of the two halves of each row.
  private static func biasSplitGelu(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let sum = try biased(call)
    guard let width = sum.shape.last, width % 2 == 0 else {
      throw TensorError(.shape, "rows of shape \(sum.shape) have no two halves")
    }
    let halves = try call.applyAll("Split", [sum], with: [("axis", .int(-1)), ("num_outputs", .int(2))], outputs: 2)
    return [.tensor(try call.apply("Mul", halves[0], try call.apply("Gelu", halves[1])))]
  }

  private static func biasAdd(_ call: OperatorCall) throws(TensorError) -> [Value] {
    [.tensor(try call.apply("Add", try biased(call), call.tensor(2)))]
  }

  /// Softmax over the axes from `axis` on of the sum with a bias that is stretched along some axes before: those just
  /// before `axis`, where the bias has extent 1, or the outermost ones, which it then lacks.
  private static func biasSoftmax(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let (data, bias) = (try call.tensor(0), try call.tensor(1))
    let axis = try data.shape.axis(try call.attributes.int("axis") ?? 1)
    let sum = try call.apply("Add", data, bias)
    guard sum.shape == data.shape else {
      throw TensorError(.shape, "a bias of shape \(bias.shape) does not fit \(data.shape)")
    }
    let rows = [data.shape.extent(of: 0..<axis), data.shape.extent(of: axis..<data.rank)]
    let softmax = try call.apply("Softmax", sum.reshaped(to: rows), with: [("axis", .int(1))])
    return [.tensor(try softmax.reshaped(to: data.shape))]
  }

  /// The sum of the first two inputs, the second one row for all.
  private static func biased(_ call: OperatorCall) throws(TensorError) -> Tensor {
    let (input, bias) = (try call.tensor(0), try call.tensor(1))
    guard bias.rank == 1, bias.shape.last == input.shape.last else {
      throw TensorError(.shape, "a bias of shape \(bias.shape) does not fit rows of shape \(input.shape)")
    }
    return try call.apply("Add", input, bias)
  }
}
