import HeadgateTensors

/// An activation function of a recurrent layer, by the names that ONNX gives them.
enum RecurrentActivation: Sendable {
  case tanh
  case sigmoid
  case relu
  case affine(Double, Double)
  case leakyRelu(Double)
  case thresholdedRelu(Double)
  case scaledTanh(Double, Double)
  case hardSigmoid(Double, Double)
  case elu(Double)
  case softsign
  case softplus

  /// - Parameters:
  ///   - alphas: what is left of attribute `activation_alpha`; a function takes one if it has use for it.
  ///   - betas: the same of `activation_beta`.
  init(_ name: String, _ alphas: inout ArraySlice<Float>, _ betas: inout ArraySlice<Float>) throws(TensorError) {
    func alpha(_ fallback: Double) -> Double { alphas.popFirst().map(Double.init) ?? fallback }
    func beta(_ fallback: Double) -> Double { betas.popFirst().map(Double.init) ?? fallback }
    // Exporters differ in how they write capitals.
    switch name.lowercased() {
    case "tanh": self = .tanh
    case "sigmoid": self = .sigmoid
    case "relu": self = .relu
    case "affine": self = .affine(alpha(1), beta(0))
    case "leakyrelu": self = .leakyRelu(alpha(0.01))
    case "thresholdedrelu": self = .thresholdedRelu(alpha(1))
    case "scaledtanh": self = .scaledTanh(alpha(1), beta(1))
    case "hardsigmoid": self = .hardSigmoid(alpha(0.2), beta(0.5))
    case "elu": self = .elu(alpha(1))
    case "softsign": self = .softsign
    case "softplus": self = .softplus
    default: throw TensorError(.unsupported, "a recurrent layer has an activation function of an unknown name")
    }
  }

  /// Clips each element to `±clip`, then replaces it by the function of it.
  func apply<C: Real>(_ values: UnsafeMutablePointer<C>, count: Int, clip: C) {
    if clip < C.infinity {
      for index in 0..<count {
        values[index] = values[index] > clip ? clip : values[index] < -clip ? -clip : values[index]
      }
    }
    switch self {
    case .tanh: map(values, count, HyperbolicTangent())
    case .sigmoid: map(values, count, Sigmoid())
    case .relu: for index in 0..<count { values[index] = Relu().apply(values[index]) }
    case .affine(let alpha, let beta):
      for index in 0..<count { values[index] = C(alpha) * values[index] + C(beta) }
    case .leakyRelu(let alpha): map(values, count, LeakyRelu(alpha: alpha))
    case .thresholdedRelu(let alpha):
      // At the threshold itself it passes here, unlike the operator of that name.
      for index in 0..<count where values[index] < C(alpha) { values[index] = 0 }
    case .scaledTanh(let alpha, let beta):
      for index in 0..<count { values[index] = C(alpha) * C.tanh(C(beta) * values[index]) }
    case .hardSigmoid(let alpha, let beta): map(values, count, HardSigmoid(alpha: alpha, beta: beta))
    case .elu(let alpha): map(values, count, Elu(alpha: alpha))
    case .softsign: map(values, count, Softsign())
    case .softplus: map(values, count, Softplus())
    }
  }

  @inline(__always)
  private func map<C: Real>(_ values: UnsafeMutablePointer<C>, _ count: Int, _ function: some RealFunction) {
    function.apply(UnsafePointer(values), into: values, count: count)
  }
}
