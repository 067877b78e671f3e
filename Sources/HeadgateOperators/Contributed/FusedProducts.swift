import HeadgateTensors

/// Products and convolutions with what came before or after them in the same node.
enum FusedProducts {
  static let table: [OperatorDefinition] = [
    .contributed("FusedMatMul", matMul), .contributed("TransposeMatMul", matMul), .contributed("FusedGemm", gemm),
    .prepared("FusedConv", domain: ContributedOperators.domain, since: 1, convolution),
  ].computingInSingle

  /// `alpha * A' B'`, where matrices may be transposed, and the first axis of a batch may come last of its axes.
  private static func matMul(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let attributes = call.attributes
    let (a, b) = (try call.tensor(0), try call.tensor(1))
    let alpha = try attributes.float("alpha") ?? 1
    if a.rank == 2, b.rank == 2 {
      let product = try call.apply("Gemm", a, b, with: attributes.passing(["transA", "transB", "alpha"]))
      return [.tensor(product)]
    }
    let left = try turned(a, matrix: attributes.flag("transA"), batch: attributes.flag("transBatchA"), call)
    let right = try turned(b, matrix: attributes.flag("transB"), batch: attributes.flag("transBatchB"), call)
    let product = try call.apply("MatMul", left, right)
    return [.tensor(alpha == 1 ? product : try call.apply("Mul", product, call.scalar(alpha, like: product)))]
  }

  private static func turned(
    _ tensor: Tensor, matrix: Bool, batch: Bool, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    let rank = tensor.rank
    guard rank > 1, matrix || (batch && rank > 2) else { return tensor }
    var order = Array(0..<rank)
    if batch, rank > 2 { order = Array(1..<rank - 1) + [0, rank - 1] }
    if matrix { order.swapAt(rank - 2, rank - 1) }
    return try Arranging.permuted(tensor, order, call)
  }

  private static func gemm(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let attributes = call.attributes
    let product = try call.apply(
      "Gemm", call.tensor(0), call.tensor(1), call.optionalTensor(2),
      with: attributes.passing(["alpha", "beta", "transA", "transB"]))
    let activation = FusedActivation(
      name: try attributes.string("activation") ?? "",
      parameters: [
        try attributes.float("activation_alpha"), try attributes.float("activation_beta"),
        try attributes.float("activation_gamma"),
      ])
    return [.tensor(try activation.apply(to: product, call))]
  }

  /// `activation(conv(X, W) + B + Z)`; numbers within bounds are made so, and Z is added, where the sums are made.
  private static func convolution(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let convolution = try PreparedConvolution(node)
    let activation = FusedActivation(
      name: try node.attributes.string("activation") ?? "",
      parameters: try node.attributes.floats("activation_params") ?? [])
    return { (call) throws(TensorError) in
      let summand = try call.optionalTensor(3)
      let layout = try convolution.layout(call)
      if let summand, summand.shape != layout.outputShape {
        throw TensorError(.shape, "a summand of shape \(summand.shape) does not fit \(layout.outputShape)")
      }
      if let bounds = activation.bounds {
        return [.tensor(try convolution.run(call, adding: summand, bounds: bounds))]
      }
      return [.tensor(try activation.apply(to: try convolution.run(call, adding: summand), call))]
    }
  }
}

/// The activation function that followed a node before an optimiser joined the two.
struct FusedActivation {
  let name: String
  /// What the function's own node had as attributes (or Clip as inputs), in the order of their names.
  let parameters: [Float?]

  /// What it does when that is to keep numbers within bounds, or nothing.
  var bounds: Bounds<Float>? {
    switch name {
    case "": Bounds()
    case "Relu": Bounds(least: 0)
    case "Clip": Bounds(least: parameter(0) ?? -.infinity, greatest: parameter(1) ?? .infinity)
    default: nil
    }
  }

  func apply(to tensor: Tensor, _ call: OperatorCall) throws(TensorError) -> Tensor {
    switch name {
    case "": return tensor
    case "Relu", "Tanh", "Sigmoid", "Softplus", "Softsign", "HardSwish": return try call.apply(name, tensor)
    case "LeakyRelu", "Elu", "ThresholdedRelu": return try call.apply(name, tensor, with: named(["alpha"]))
    case "HardSigmoid": return try call.apply(name, tensor, with: named(["alpha", "beta"]))
    case "Selu":
      // Fused products give its two under the first and the third name.
      return try call.apply(name, tensor, with: named(["alpha", parameters.count > 2 ? "" : "gamma", "gamma"]))
    case "Clip":
      let bounds = try parameters.prefix(2).map { (bound) throws(TensorError) in
        try bound.map { (bound) throws(TensorError) in try call.scalar(bound, like: tensor) }
      }
      return try call.apply(name, tensor, bounds.first ?? nil, bounds.count > 1 ? bounds[1] : nil)
    case "ScaledTanh": return try EarlyOperators.scaledTanh(tensor, alpha: parameter(0), beta: parameter(1), call)
    case "ParametricSoftplus":
      return try EarlyOperators.parametricSoftplus(tensor, alpha: parameter(0), beta: parameter(1), call)
    default: throw TensorError(.unsupported, "activation '\(name)' is not known to this version")
    }
  }

  private func parameter(_ index: Int) -> Float? { index < parameters.count ? parameters[index] : nil }

  private func named(_ names: [String]) -> [(name: String, value: AttributeValue)] {
    names.enumerated().compactMap { index, name in
      name.isEmpty ? nil : parameter(index).map { (name, .float($0)) }
    }
  }
}
