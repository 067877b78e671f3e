import HeadgateTensors

/// Linear models: one weighted sum of the features for each class or target.
enum LinearModels {
  static let table: [OperatorDefinition] = [
    .classical("LinearClassifier", since: 1, prepare: classifier),
    .classical("LinearRegressor", since: 1, prepare: regressor),
  ]

  /// Input `[rows, features]`; outputs the labels `[rows]` and the scores `[rows, classes]`, floats.
  private static func classifier(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let attributes = node.attributes
    let labels = try ClassLabels(attributes, strings: "classlabels_strings", integers: "classlabels_ints")
    let intercepts = try attributes.floats("intercepts") ?? []
    let weights = try Weights(attributes, targets: intercepts.isEmpty ? labels.count : intercepts.count, intercepts)
    let transform = try PostTransform(attributes)
    let single = weights.targets == 1
    guard single ? labels.count <= 2 : labels.count >= weights.targets else {
      throw TensorError(
        .invalidValue, "\(labels.count) class labels do not fit the \(weights.targets) of attribute 'intercepts'")
    }
    // A single sum is the score of the second class; the first class then gets the rest.
    let addsSecondClass = single && labels.count == 2
    let width = addsSecondClass ? 2 : weights.targets
    return { (call) throws(TensorError) in
      let input = try Rows(try call.tensor(0)).floats(call)
      try weights.check(input)
      return try labels.outputs(rows: input.count, width: width, call: call) { (classes, scores) throws(TensorError) in
        for row in 0..<input.count {
          let sums = UnsafeMutableBufferPointer(rebasing: scores[row * width..<(row + 1) * width])
          try weights.multiply(input, row: row, into: sums)
          classes[row] = single ? (sums[0] > 0 && labels.count == 2 ? 1 : 0) : Int64(greatest(sums))
          finish(sums, transform, addsSecondClass: addsSecondClass)
        }
      }
    }
  }

  /// Transforms one row of scores; a single score is transformed by PROBIT only, as ONNX Runtime does.
  private static func finish(
    _ scores: UnsafeMutableBufferPointer<Float>, _ transform: PostTransform, addsSecondClass: Bool
  ) {
    if addsSecondClass {
      let score = scores[0]
      switch transform {
      case .logistic: (scores[0], scores[1]) = (PostTransform.logistic(-score), PostTransform.logistic(score))
      case .probit: (scores[0], scores[1]) = (PostTransform.probit(score), 0)
      default: (scores[0], scores[1]) = (1 - score, score)
      }
    } else if scores.count == 1 {
      if transform == .probit { scores[0] = PostTransform.probit(scores[0]) }
    } else {
      transform.apply(scores)
    }
  }

  /// The index of the greatest score; the first among equals.
  static func greatest(_ scores: UnsafeMutableBufferPointer<Float>) -> Int {
    var best = 0
    for index in scores.indices where scores[index] > scores[best] { best = index }
    return best
  }

  /// Input `[rows, features]`, output `[rows, targets]`, floats.
  private static func regressor(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let attributes = node.attributes
    let targets = try attributes.int("targets") ?? 1
    guard targets > 0 else { throw TensorError(.invalidValue, "attribute 'targets' is \(targets)") }
    let intercepts = try attributes.floats("intercepts") ?? []
    // ONNX Runtime leaves intercepts out that do not fit the targets.
    let weights = try Weights(attributes, targets: targets, intercepts.count == targets ? intercepts : [])
    let transform = try PostTransform(attributes)
    return { (call) throws(TensorError) in
      let input = try Rows(try call.tensor(0)).floats(call)
      try weights.check(input)
      let output = try call.make(Float.self, [input.count, targets]) { (output) throws(TensorError) in
        for row in 0..<input.count {
          let sums = UnsafeMutableBufferPointer(rebasing: output[row * targets..<(row + 1) * targets])
          try weights.multiply(input, row: row, into: sums)
          finish(sums, transform, addsSecondClass: false)
        }
      }
      return [.tensor(output)]
    }
  }
}

/// The coefficients `[targets, features]` and intercepts `[targets]` of a linear model.
private struct Weights: Sendable {
  let targets: Int
  let features: Int
  let coefficients: [Float]
  let intercepts: [Float]

  init(_ attributes: Attributes, targets: Int, _ intercepts: [Float]) throws(TensorError) {
    let coefficients = try attributes.floats("coefficients") ?? []
    guard !coefficients.isEmpty, coefficients.count.isMultiple(of: targets) else {
      throw TensorError(
        .invalidValue,
        "attribute 'coefficients' has \(coefficients.count) values, which is no multiple of the \(targets) targets")
    }
    self.targets = targets
    self.features = coefficients.count / targets
    self.coefficients = coefficients
    self.intercepts = intercepts
  }

  func check(_ input: Rows) throws(TensorError) {
    try input.require(columns: features)
  }

  /// Writes the sums of one row of float features into the first `targets` places of `sums`.
  func multiply(_ input: Rows, row: Int, into sums: UnsafeMutableBufferPointer<Float>) throws(TensorError) {
    let elements = try input.tensor.elements(Float.self)
    coefficients.withUnsafeBufferPointer { coefficients in
      guard let first = elements.baseAddress, let weights = coefficients.baseAddress else { return }
      // SAFETY: `check` compared the columns with `features`; the coefficients are `targets * features`.
      for target in 0..<targets {
        sums[target] =
          Vectors.dot(first + row * features, weights + target * features, count: features)
          + (intercepts.isEmpty ? 0 : intercepts[target])
      }
    }
  }
}
