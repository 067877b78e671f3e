import HeadgateTensors

/// CausalConvWithState: a depthwise convolution along time that sees only the past, of which the end of the
/// input is handed on to the next call.
enum CausalConvolution {
  static func causal(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let weights = try call.tensor(1)
    let bias = try call.optionalTensor(2)
    let past = try call.optionalTensor(3)
    for tensor in [weights, bias, past] { if let tensor { try input.check(sameTypeAs: tensor) } }
    guard input.rank == 3, weights.rank == 3, weights.shape[0] == input.shape[1], weights.shape[1] == 1,
      weights.shape[2] > 0
    else {
      throw TensorError(
        .shape,
        "an input of shape \(input.shape) and weights of shape \(weights.shape) are not [batch, channels, "
          + "length] and [channels, 1, kernel]")
    }
    let state = [input.shape[0], input.shape[1], weights.shape[2] - 1]
    if let past, past.shape != state {
      throw TensorError(.shape, "a past state of shape \(past.shape) does not have the expected shape \(state)")
    }
    try ConvolutionLayout.check(bias: bias, channels: input.shape[1])
    let activation = try call.attributes.string("activation") ?? "none"
    guard ["none", "silu", "swish"].contains(activation) else {
      throw TensorError(.invalidValue, "'\(activation)' is no known activation")
    }
    let visitor = CausalVisitor(
      input: input, weights: weights, bias: bias, past: past, call: call)
    let (sums, present) = try input.elementType.visit(visitor)
    guard activation != "none" else { return [.tensor(sums), .tensor(present)] }
    let gated = try input.elementType.visit(SigmoidGate(input: sums, call: call))
    return [.tensor(gated), .tensor(present)]
  }
}

private struct CausalVisitor: RealVisitor {
  let input: Tensor
  let weights: Tensor
  let bias: Tensor?
  let past: Tensor?
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> (sums: Tensor, present: Tensor) {
    let x = try input.elements(type)
    let w = try weights.elements(type)
    let b = try bias?.elements(type)
    let before = try past?.elements(type)
    let (channels, length, memory) = (input.shape[1], input.shape[2], weights.shape[2] - 1)
    let rows = input.shape[0] &* channels
    let extended = try call.make(type, [input.shape[0], channels, memory + length]) { output in
      guard let y = output.baseAddress, !output.isEmpty else { return }
      for row in 0..<rows {
        let target = y + row * (memory + length)
        if let before = before?.baseAddress {
          target.update(from: before + row * memory, count: memory)
        } else {
          NumberRows.clear(target, count: memory)
        }
        if let x = x.baseAddress { (target + memory).update(from: x + row * length, count: length) }
      }
    }
    return try extended.withElements(type) { (sequence) throws(TensorError) in
      let sums = try call.make(type, input.shape) { output in
        guard let y = output.baseAddress, let w = w.baseAddress, let sequence = sequence.baseAddress, !output.isEmpty
        else {
          return
        }
        for row in 0..<rows {
          let channel = row % channels
          NumberRows.fill(y + row * length, count: length, with: b.map { $0[channel] } ?? T.zero)
          NumberRows.add(
            taps: memory + 1, w + channel * (memory + 1), sequence + row * (memory + length), gap: 1, stride: 1,
            to: y + row * length, count: length)
        }
      }
      let present = try call.make(type, [input.shape[0], channels, memory]) { output in
        guard let y = output.baseAddress, let sequence = sequence.baseAddress, !output.isEmpty else { return }
        for row in 0..<rows {
          (y + row * memory).update(from: sequence + row * (memory + length) + length, count: memory)
        }
      }
      return (sums, present)
    }
  }
}

/// `x * sigmoid(x)`
private struct SigmoidGate: RealVisitor {
  let input: Tensor
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try input.elements(type)
    return try call.make(type, input.shape) { output in
      for index in x.indices { output[index] = x[index] / (1 + T.exp(-x[index])) }
    }
  }
}
