import HeadgateTensors

/// Losses of classifiers against known labels.
enum CrossEntropy {
  static let table: [OperatorDefinition] = [
    .op("NegativeLogLikelihoodLoss", since: 12, negativeLogLikelihood),
    .op("SoftmaxCrossEntropyLoss", since: 12, softmaxCrossEntropy),
  ]

  enum LossReduction: String, Sendable {
    case none, sum, mean
  }

  /// Log-probabilities `[N, C, d1, ...]` and labels `[N, d1, ...]`; the loss of each label, their sum or mean.
  private static func negativeLogLikelihood(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    return [.tensor(try input.elementType.visit(LabelLoss(logProbabilities: input, call: call)))]
  }

  /// The same of scores, whose log-softmax along the second axis is the second output.
  private static func softmaxCrossEntropy(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let scores = try call.tensor(0)
    let logProbabilities = try scores.elementType.visit(ClassLogSoftmax(scores: scores, call: call))
    let loss = try scores.elementType.visit(LabelLoss(logProbabilities: logProbabilities, call: call))
    return [.tensor(loss), .tensor(logProbabilities)]
  }

  /// The classes of a tensor `[N, C, d1, ...]` as lanes.
  fileprivate static func classes(of tensor: Tensor) throws(TensorError) -> AxisWalk {
    guard tensor.rank >= 2 else {
      throw TensorError(.shape, "takes scores [batch, classes, ...], got shape \(tensor.shape)")
    }
    return AxisWalk(tensor.shape, axis: 1)
  }
}

private struct ClassLogSoftmax: RealVisitor {
  let scores: Tensor
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let walk = try CrossEntropy.classes(of: scores)
    let x = try scores.elements(type)
    return try call.make(type, scores.shape) { (output) throws(TensorError) in
      guard walk.extent > 0 else { return }
      try walk.forEachLane { _, start in
        var greatest = x[start]
        for index in 1..<walk.extent { greatest = T.maximum(greatest, x[start + index * walk.inner]) }
        var total = 0.0
        for index in 0..<walk.extent { total += Double(T.exp(x[start + index * walk.inner] - greatest)) }
        let shift = Double(greatest) + Double.log(total)
        for index in 0..<walk.extent {
          let place = start + index * walk.inner
          output[place] = T(Double(x[place]) - shift)
        }
      }
    }
  }
}

private struct LabelLoss: RealVisitor {
  let logProbabilities: Tensor
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let walk = try CrossEntropy.classes(of: logProbabilities)
    let name = try call.attributes.string("reduction") ?? "mean"
    guard let reduction = CrossEntropy.LossReduction(rawValue: name) else {
      throw TensorError(.invalidValue, "attribute 'reduction' is '\(name)'")
    }
    let ignored = try call.attributes.int("ignore_index")
    let labels = try call.tensor(1)
    let expected = [logProbabilities.shape[0]] + logProbabilities.shape[2...]
    guard labels.shape == expected else {
      throw TensorError(.shape, "labels of shape \(labels.shape) do not fit scores of shape \(logProbabilities.shape)")
    }
    let weights = try call.optionalTensor(2)
    guard weights?.count ?? walk.extent == walk.extent else {
      throw TensorError(.shape, "weights of shape \(weights?.shape ?? []) do not fit \(walk.extent) classes")
    }
    let classWeights = try weights?.elements(type)
    let classes = try labels.ints()
    var loss = 0.0
    var weightTotal = 0.0
    let losses = try logProbabilities.withElements(type) { (x) throws(TensorError) -> Tensor? in
      func visitLabels(_ body: (_ label: Int, _ loss: T) -> Void) throws(TensorError) {
        try walk.forEachLane { (lane, start) throws(TensorError) in
          let label = classes[lane]
          if label == ignored { return body(lane, 0) }
          guard label >= 0, label < walk.extent else {
            throw TensorError(.invalidValue, "label \(label) is outside of the \(walk.extent) classes")
          }
          let weight = classWeights?[label] ?? 1
          weightTotal += Double(weight)
          body(lane, -x[start + label * walk.inner] * weight)
        }
      }
      guard reduction == .none else {
        try visitLabels { loss += Double($1) }
        return nil
      }
      return try call.make(type, labels.shape) { (output) throws(TensorError) in
        try visitLabels { output[$0] = $1 }
      }
    }
    if let losses { return losses }
    return try Tensor(shape: [], [T(reduction == .mean ? loss / weightTotal : loss)])
  }
}
