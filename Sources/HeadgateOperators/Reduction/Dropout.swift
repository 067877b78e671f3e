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
    // Without a seed a node has one of its own, made of its name: runs can be repeated.
    let seed = try call.attributes.int("seed").map { UInt32(truncatingIfNeeded: $0) } ?? hash(call.node.name)
    let mask = try call.make(Bool.self, input.shape) { output in
      // The generator, its seeding and its doubles are those of numpy's RandomState, which the standard's
      // reference draws from.
      var generator = MersenneTwister(seed: seed)
      for index in output.indices { output[index] = generator.nextDouble() >= ratio }
    }
    let wide = try call.widened(input)
    let kept = try wide.elementType.visitWide(Kept(input: wide, mask: mask, factor: 1 / (1 - ratio), call: call))
    return [.tensor(try call.narrowed(kept, to: input.elementType)), .tensor(mask)]
  }

  /// FNV-1a, for it must be the same in each process.
  private static func hash(_ name: String) -> UInt32 {
    name.utf8.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }
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
