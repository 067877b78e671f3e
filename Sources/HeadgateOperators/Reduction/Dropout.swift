import HeadgateTensors

/// Dropout: nothing is dropped at inference; in training each element is, with a probability.
enum Dropout {
  /// Before opset 12 only inference is described, or training as a mode of a framework that runs the model.
  static func atInference(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    guard call.node.outputCount > 1 else { return [.tensor(input)] }
    let mask = try call.make(Bool.self, input.shape) { $0.update(repeating: true) }
    // The mask had the input's type before it became bool.
    return [
      .tensor(input), .tensor(call.node.opset < 10 ? try Casting.convert(mask, to: input.elementType, call) : mask),
    ]
  }

  static func byMode(_ call: OperatorCall) throws(TensorError) -> [Value] {
    guard try call.optionalTensor(2)?.bools().first == true else { return try atInference(call) }
    let input = try call.tensor(0)
    var ratio = 0.5
    if let tensor = try call.optionalTensor(1) {
      guard let value = try Casting.convert(tensor, to: .double, call).doubles().first, value >= 0, value < 1 else {
        throw TensorError(.invalidValue, "the ratio must be one number from 0 to below 1")
      }
      ratio = value
    }
    guard ratio > 0 else { return try atInference(call) }
    // The draws are those of numpy's RandomState, which the standard's reference takes them from.
    var source = try call.makeRandomSource()
    let mask = try call.make(Bool.self, input.shape) { output in
      for index in output.indices { output[index] = source.uniform() >= ratio }
    }
    // Types that hold few bits are scaled in single.
    let wide = input.elementType == .double ? input : try Casting.convert(input, to: .float, call)
    let kept = try wide.elementType.visit(Kept(input: wide, mask: mask, factor: 1 / (1 - ratio), call: call))
    return [.tensor(try Casting.convert(kept, to: input.elementType, call)), .tensor(mask)]
  }
}

private struct Kept: RealVisitor {
  let input: Tensor
  let mask: Tensor
  let factor: Double
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try input.elements(type)
    return try mask.withElements(Bool.self) { (mask) throws(TensorError) in
      try call.make(type, input.shape) { output in
        for index in x.indices { output[index] = mask[index] ? T(Double(x[index]) * factor) : 0 }
      }
    }
  }
}
