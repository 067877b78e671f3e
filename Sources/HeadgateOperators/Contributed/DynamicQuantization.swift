import HeadgateTensors

/// Recurrent layers with weights of 8 bits.
enum DynamicQuantization {
  static let table: [OperatorDefinition] = [.prepared("DynamicQuantizeLSTM", domain: "com.microsoft", since: 1, lstm)]

  /// LSTM whose weights `[directions, inputs, 4 * hidden]` are dequantised, once if they are constant, and whose
  /// input is rounded to the 256 levels that ONNX Runtime multiplies with.
  private static func lstm(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let loading = OperatorCall(node: node, inputs: node.constants, budget: .unlimited)
    let isConstant = [1, 2, 8, 9, 10, 11].allSatisfy { node.constantTensor($0) != nil }
    let constants = isConstant ? [try weights(loading, 1, scale: 8), try weights(loading, 2, scale: 10)] : nil
    return { (call) throws(TensorError) in
      var parts = constants ?? []
      if parts.isEmpty { parts = [try weights(call, 1, scale: 8), try weights(call, 2, scale: 10)] }
      let input = try call.tensor(0)
      let quantized = try call.applyAll("DynamicQuantizeLinear", [input], outputs: 3)
      guard quantized.count == 3 else { return [] }
      let levels = try call.apply("DequantizeLinear", quantized[0], quantized[1], quantized[2])
      var inputs: [Tensor?] = [levels, parts[0], parts[1]]
      for index in 3..<8 { inputs.append(try call.optionalTensor(index)) }
      let names = [
        "activation_alpha", "activation_beta", "activations", "clip", "direction", "hidden_size", "input_forget",
      ]
      return try call.applyAll("LSTM", inputs, with: call.attributes.passing(names), outputs: 3).map(Value.tensor)
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
