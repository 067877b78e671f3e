import HeadgateTensors

/// Recurrent layers with weights of 8 bits.
enum DynamicQuantization {
  static let lstmName = "DynamicQuantizeLSTM"
  static let table: [OperatorDefinition] = [
    .prepared(lstmName, domain: ContributedOperators.domain, since: 1, lstm)
  ]

  /// LSTM whose weights `[directions, inputs, 4 * hidden]` are dequantised, once if they are constant. What they are
  /// multiplied with, the input and in each step the state, is rounded to the 256 levels that ONNX Runtime has for it.
  private static func lstm(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let loading = OperatorCall(node: node, inputs: node.constants, budget: .unlimited)
    let isConstant = [1, 2, 8, 9, 10, 11].allSatisfy { node.constantTensor($0) != nil }
    let constants = isConstant ? [try weights(loading, 1, scale: 8), try weights(loading, 2, scale: 10)] : []
    let part = OperatorNode(
      name: node.name, operatorName: node.operatorName, domain: node.domain, opset: node.opset,
      attributes: node.attributes, constants: isConstant ? [nil] + constants.map(Value.tensor) : [],
      usedOutputs: node.usedOutputs)
    let layer = try RecurrentOperators.layer(MemoryCell.self)(part)
    return { (call) throws(TensorError) in
      var parts = constants
      if parts.isEmpty { parts = [try weights(call, 1, scale: 8), try weights(call, 2, scale: 10)] }
      let quantized = try call.applyAll("DynamicQuantizeLinear", [call.tensor(0)], outputs: 3)
      guard quantized.count == 3 else { return [] }
      let levels = try call.apply("DequantizeLinear", quantized[0], quantized[1], quantized[2])
      let states = (3..<8).map { call.optionalValue($0) }
      let inner = OperatorCall(
        node: part, inputs: [.tensor(levels), .tensor(parts[0]), .tensor(parts[1])] + states, budget: call.budget)
      // Kernels hold pointers to their inputs without keeping them.
      defer { withExtendedLifetime(inner) {} }
      return try layer(inner)
    }
  }

  /// Rounds numbers to 256 levels between the least and the greatest of them and 0, as DynamicQuantizeLinear does.
  static func round<C: Real>(_ numbers: UnsafeMutablePointer<C>, count: Int) {
    var (least, greatest): (C, C) = (0, 0)
    for index in 0..<count {
      least = C.minimum(least, numbers[index])
      greatest = C.maximum(greatest, numbers[index])
    }
    guard greatest > least else { return }
    let scale = (greatest - least) / 255
    let zero = C.minimum(C.maximum((0 - least / scale).rounded(.toNearestOrEven), 0), 255)
    for index in 0..<count {
      let level = (numbers[index] / scale).rounded(.toNearestOrEven) + zero
      numbers[index] = (C.minimum(C.maximum(level, 0), 255) - zero) * scale
    }
  }

  /// The weights as floats `[directions, 4 * hidden, inputs]`, as ONNX's LSTM has them.
  private static func weights(_ call: OperatorCall, _ index: Int, scale: Int) throws(TensorError) -> Tensor {
    let (tensor, zero) = (try call.tensor(index), try call.tensor(scale + 1))
    guard tensor.rank == 3, zero.elementType == tensor.elementType else {
      throw TensorError(.shape, "weights must have 3 axes and zero points of their type, got \(tensor.shape)")
    }
    // Scales are one for each direction, or one for each direction and column.
    func stretched(_ tensor: Tensor) throws(TensorError) -> Tensor {
      try tensor.rank == 2
        ? tensor.reshaped(to: [tensor.shape[0], 1, tensor.shape[1]]) : tensor.reshaped(to: [tensor.count, 1, 1])
    }
    let shifted = try call.apply(
      "Sub", Casting.convert(tensor, to: .float, call), Casting.convert(stretched(zero), to: .float, call))
    let floats = try call.apply("Mul", shifted, stretched(call.tensor(scale)))
    guard floats.shape == tensor.shape else {
      throw TensorError(.shape, "scales of shape \(try call.tensor(scale).shape) do not fit weights of \(tensor.shape)")
    }
    return try Arranging.permuted(floats, [0, 2, 1], call)
  }
}
