import HeadgateTensors

/// The activation functions of networks.
enum Activation {
  static let table: [OperatorDefinition] = [
    .op("Relu", since: 1, RealFunctions.mapNumbers(Relu())), .op("Sigmoid", since: 1, RealFunctions.map(Sigmoid())),
    .op("Softplus", since: 1, RealFunctions.map(Softplus())), .op("Softsign", since: 1, RealFunctions.map(Softsign())),
    .op("HardSwish", since: 14, RealFunctions.map(HardSwish())), .op("Mish", since: 18, RealFunctions.map(Mish())),
    .prepared("LeakyRelu", since: 1) { (node) throws(TensorError) in
      RealFunctions.map(LeakyRelu(alpha: Double(try node.attributes.float("alpha") ?? 0.01)))
    },
    .prepared("ThresholdedRelu", since: 10) { (node) throws(TensorError) in
      RealFunctions.map(ThresholdedRelu(alpha: Double(try node.attributes.float("alpha") ?? 1)))
    },
    .prepared("Elu", since: 1) { (node) throws(TensorError) in
      RealFunctions.map(Elu(alpha: Double(try node.attributes.float("alpha") ?? 1)))
    },
    .prepared("Celu", since: 12) { (node) throws(TensorError) in
      RealFunctions.map(Celu(alpha: Double(try node.attributes.float("alpha") ?? 1)))
    },
    // The first version had rounder defaults.
    .prepared("Selu", since: 1) { (node) throws(TensorError) in try selu(node, alpha: 1.6732, gamma: 1.0507) },
    .prepared("Selu", since: 6) { (node) throws(TensorError) in
      try selu(node, alpha: 1.67326319217681884765625, gamma: 1.05070102214813232421875)
    },
    .prepared("HardSigmoid", since: 1) { (node) throws(TensorError) in
      RealFunctions.map(
        HardSigmoid(
          alpha: Double(try node.attributes.float("alpha") ?? 0.2),
          beta: Double(try node.attributes.float("beta") ?? 0.5)))
    },
    .prepared("Shrink", since: 9) { (node) throws(TensorError) in
      RealFunctions.mapNumbers(
        Shrink(
          lambda: Double(try node.attributes.float("lambd") ?? 0.5),
          bias: Double(try node.attributes.float("bias") ?? 0)))
    },
    .prepared("Swish", since: 24) { (node) throws(TensorError) in
      RealFunctions.map(Swish(alpha: Double(try node.attributes.float("alpha") ?? 1)))
    },
    .prepared("Gelu", since: 20, gelu),
    .op("Gelu", domain: "com.microsoft", since: 1, RealFunctions.map(Gelu())),
    .op("Clip", since: 1) { (call) throws(TensorError) in try clipByAttributes(call, bound: nil) },
    .op("Clip", since: 6) { (call) throws(TensorError) in
      try clipByAttributes(call, bound: Double(Float.greatestFiniteMagnitude))
    },
    .op("Clip", since: 11, clipByInputs),
  ].computingWide()

  private static func selu(_ node: OperatorNode, alpha: Float, gamma: Float) throws(TensorError) -> Kernel {
    RealFunctions.map(
      Selu(
        alpha: Double(try node.attributes.float("alpha") ?? alpha),
        gamma: Double(try node.attributes.float("gamma") ?? gamma)))
  }

  private static func gelu(_ node: OperatorNode) throws(TensorError) -> Kernel {
    try node.attributes.string("approximate") == "tanh" ? RealFunctions.map(TanhGelu()) : RealFunctions.map(Gelu())
  }

  /// - Parameter bound: the bounds, with both signs, where the node names none.
  private static func clipByAttributes(_ call: OperatorCall, bound: Double?) throws(TensorError) -> [Value] {
    let low = try call.attributes.float("min").map(Double.init) ?? bound.map { -$0 }
    let high = try call.attributes.float("max").map(Double.init) ?? bound
    let input = try call.tensor(0)
    return [.tensor(try input.elementType.visit(Clipping(input: input, low: low, high: high, call: call)))]
  }

  private static func clipByInputs(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    return [.tensor(try input.elementType.visit(ClippingByTensors(input: input, call: call)))]
  }
}

struct Relu: NumberFunction {
  @inline(__always) func apply<T: Number>(_ x: T) -> T { x < T.zero ? T.zero : x }
}
struct Sigmoid: RealFunction {
  var rowFunction: RowFunction? { .sigmoid }
  @inline(__always) func apply<T: Real>(_ x: T) -> T { 1 / (1 + T.exp(-x)) }
}
struct Softplus: RealFunction {
  /// log(1 + e^x) without overflow for great x.
  func apply<T: Real>(_ x: T) -> T { x > 0 ? x + T.log1p(T.exp(-x)) : T.log1p(T.exp(x)) }
}
struct Softsign: RealFunction {
  func apply<T: Real>(_ x: T) -> T { x / (1 + abs(x)) }
}
struct HardSwish: RealFunction {
  func apply<T: Real>(_ x: T) -> T { x * T.maximum(0, T.minimum(1, x / 6 + 0.5)) }
}
struct Mish: RealFunction {
  func apply<T: Real>(_ x: T) -> T { x * T.tanh(Softplus().apply(x)) }
}
struct Swish: RealFunction {
  let alpha: Double
  func apply<T: Real>(_ x: T) -> T { x / (1 + T.exp(-T(alpha) * x)) }
}
struct LeakyRelu: RealFunction {
  let alpha: Double
  @inline(__always) func apply<T: Real>(_ x: T) -> T { x < 0 ? T(alpha) * x : x }
}
struct ThresholdedRelu: RealFunction {
  let alpha: Double
  func apply<T: Real>(_ x: T) -> T { x > T(alpha) ? x : 0 }
}
struct Elu: RealFunction {
  let alpha: Double
  func apply<T: Real>(_ x: T) -> T { x < 0 ? T(alpha) * T.expm1(x) : x }
}
struct Celu: RealFunction {
  let alpha: Double
  func apply<T: Real>(_ x: T) -> T { x < 0 ? T(alpha) * T.expm1(x / T(alpha)) : x }
}
struct Selu: RealFunction {
  let alpha: Double
  let gamma: Double
  func apply<T: Real>(_ x: T) -> T { x > 0 ? T(gamma) * x : T(gamma) * (T(alpha) * T.exp(x) - T(alpha)) }
}
struct HardSigmoid: RealFunction {
  let alpha: Double
  let beta: Double
  func apply<T: Real>(_ x: T) -> T { T.maximum(0, T.minimum(1, T(alpha) * x + T(beta))) }
}
struct Gelu: RealFunction {
  var rowFunction: RowFunction? { .gelu }
  func apply<T: Real>(_ x: T) -> T { 0.5 * x * (1 + T.erf(x * T(0.5.squareRoot()))) }
}
struct TanhGelu: RealFunction {
  func apply<T: Real>(_ x: T) -> T {
    0.5 * x * (1 + T.tanh(T((2 / Double.pi).squareRoot()) * (x + T(0.044715) * x * x * x)))
  }
}
struct Shrink: NumberFunction {
  let lambda: Double
  let bias: Double
  func apply<T: Number>(_ x: T) -> T {
    let value = x.asDouble
    return value < -lambda ? T(nearest: value + bias) : value > lambda ? T(nearest: value - bias) : T.zero
  }
}

private struct Clipping: WideNumberVisitor {
  let input: Tensor
  let low: Double?
  let high: Double?
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    try clip(input, low.map { T(nearest: $0) } ?? T.lowest, high.map { T(nearest: $0) } ?? T.highest, call)
  }
}

private struct ClippingByTensors: WideNumberVisitor {
  let input: Tensor
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    try clip(input, try bound(1) ?? T.lowest, try bound(2) ?? T.highest, call)
  }

  private func bound<T: Number>(_ index: Int) throws(TensorError) -> T? {
    guard let tensor = try call.optionalTensor(index) else { return nil }
    call.recorder?.noteRead(of: index)
    guard tensor.count == 1 else { throw TensorError(.shape, "a bound has shape \(tensor.shape), not one element") }
    return try tensor.elements(T.self)[0]
  }
}

/// NaN stays NaN; when the bounds cross, the upper one holds.
private func clip<T: Number>(
  _ input: Tensor, _ low: T, _ high: T, _ call: OperatorCall
) throws(TensorError) -> Tensor {
  let x = try input.elements(T.self)
  return try call.produce(T.self, input.shape, reading: input) { output in
    for index in 0..<x.count {
      let raised = x[index] < low ? low : x[index]
      output[index] = raised > high ? high : raised
    }
  }
}
