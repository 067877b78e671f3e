import HeadgateTensors

/// Support vector machines, as libsvm and liblinear train them.
enum SupportVectorMachines {
  static let table: [OperatorDefinition] = [
    .classical("SVMClassifier", since: 1, prepare: classifier),
    .classical("SVMRegressor", since: 1, prepare: regressor),
  ]

  /// Input `[rows, features]`; outputs the labels `[rows]` and the scores `[rows, n]`, floats.
  private static func classifier(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let labels = try ClassLabels(node.attributes, strings: "classlabels_strings", integers: "classlabels_ints")
    let transform = try PostTransform(node.attributes)
    let perClass = try node.attributes.ints("vectors_per_class") ?? []
    guard perClass.contains(where: { $0 != 0 }) else {
      return try linearClassifier(node.attributes, labels, transform)
    }
    let machine = try PairwiseMachine(node.attributes, classes: labels.count, vectorsPerClass: perClass)
    let width = machine.hasProbabilities ? labels.count : max(machine.pairCount, 2)
    return { (call) throws(TensorError) in
      let input = try Rows(try call.tensor(0)).floats(call)
      defer { withExtendedLifetime(input) {} }
      try input.require(columns: machine.kernel.features)
      return try labels.outputs(rows: input.count, width: width, call: call) { (classes, scores) throws(TensorError) in
        let elements = try input.tensor.elements(Float.self)
        var work = machine.makeWork()
        for row in 0..<input.count {
          let features = UnsafeBufferPointer(rebasing: elements[row * input.columns..<(row + 1) * input.columns])
          classes[row] = Int64(machine.decide(features, &work))
          let output = UnsafeMutableBufferPointer(rebasing: scores[row * width..<(row + 1) * width])
          if machine.hasProbabilities {
            machine.writeProbabilities(&work, output)
            transform.apply(output)
          } else {
            for pair in 0..<machine.pairCount { output[pair] = work.decisions[pair] }
            finish(output, pairs: machine.pairCount, transform)
          }
        }
      }
    }
  }

  /// Transforms raw decisions; a single one becomes two columns.
  private static func finish(_ scores: UnsafeMutableBufferPointer<Float>, pairs: Int, _ transform: PostTransform) {
    guard pairs == 1 else { return transform.apply(scores) }
    let decision = scores[0]
    switch transform {
    case .none: (scores[0], scores[1]) = (-decision, decision)
    case .probit: (scores[0], scores[1]) = (PostTransform.probit(decision), 0)
    case .logistic: (scores[0], scores[1]) = (PostTransform.logistic(-decision), PostTransform.logistic(decision))
    // ONNX Runtime takes the decision as a probability here.
    case .softmax, .softmaxZero: (scores[0], scores[1]) = (1 - decision, decision)
    }
  }

  /// Without support vectors: one weighted sum a class, all shifted by the first of `rho`.
  private static func linearClassifier(
    _ attributes: Attributes, _ labels: ClassLabels, _ transform: PostTransform
  ) throws(TensorError) -> Kernel {
    let coefficients = try attributes.floats("coefficients") ?? []
    let count = labels.count
    guard !coefficients.isEmpty, coefficients.count.isMultiple(of: count) else {
      throw TensorError(
        .invalidValue, "attribute 'coefficients' has \(coefficients.count) values for \(count) classes")
    }
    guard let shift = try attributes.floats("rho")?.first else {
      throw TensorError(.missing, "attribute 'rho' is absent")
    }
    let kernel = KernelFunction(linear: coefficients, vectors: count)
    let allPositive = coefficients.allSatisfy { $0 >= 0 }
    return { (call) throws(TensorError) in
      let input = try Rows(try call.tensor(0)).floats(call)
      defer { withExtendedLifetime(input) {} }
      try input.require(columns: kernel.features)
      return try labels.outputs(rows: input.count, width: count, call: call) { (classes, scores) throws(TensorError) in
        let elements = try input.tensor.elements(Float.self)
        for row in 0..<input.count {
          let output = UnsafeMutableBufferPointer(rebasing: scores[row * count..<(row + 1) * count])
          kernel.apply(
            to: UnsafeBufferPointer(rebasing: elements[row * input.columns..<(row + 1) * input.columns]), into: output)
          for index in 0..<count { output[index] += shift }
          let best = LinearModels.greatest(output)
          let isSecond = count == 2 && (allPositive ? output[best] >= 0.5 : output[best] > 0)
          classes[row] = isSecond ? 1 : Int64(best)
          if count > 1 {
            transform.apply(output)
          } else if transform == .probit {
            output[0] = PostTransform.probit(output[0])
          }
        }
      }
    }
  }

  /// Input `[rows, features]`, output `[rows, 1]`, floats; 1 or -1 with `one_class`.
  private static func regressor(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let attributes = node.attributes
    let coefficients = try attributes.floats("coefficients") ?? []
    let supports = try attributes.int("n_supports") ?? 0
    let isOneClass = try attributes.flag("one_class")
    guard let shift = try attributes.floats("rho")?.first else {
      throw TensorError(.missing, "attribute 'rho' is absent")
    }
    guard !coefficients.isEmpty, supports >= 0, supports == 0 || coefficients.count == supports else {
      throw TensorError(
        .invalidValue, "attribute 'coefficients' has \(coefficients.count) values for \(supports) support vectors")
    }
    let kernel =
      supports == 0
      ? KernelFunction(linear: coefficients, vectors: 1) : try KernelFunction(attributes, vectors: supports)
    return { (call) throws(TensorError) in
      let input = try Rows(try call.tensor(0)).floats(call)
      defer { withExtendedLifetime(input) {} }
      try input.require(columns: kernel.features)
      let output = try call.make(Float.self, [input.count, 1]) { (output) throws(TensorError) in
        let elements = try input.tensor.elements(Float.self)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: kernel.vectors) { values in
          for row in 0..<input.count {
            kernel.apply(
              to: UnsafeBufferPointer(rebasing: elements[row * input.columns..<(row + 1) * input.columns]),
              into: values)
            let sum = supports == 0 ? values[0] : dot(coefficients, values)
            output[row] = isOneClass ? (sum + shift > 0 ? 1 : -1) : sum + shift
          }
        }
      }
      return [.tensor(output)]
    }
  }

  private static func dot(_ a: [Float], _ b: UnsafeMutableBufferPointer<Float>) -> Float {
    a.withUnsafeBufferPointer { a in
      guard let first = a.baseAddress, let second = b.baseAddress else { return 0 }
      return Vectors.dot(first, second, count: a.count)
    }
  }
}
