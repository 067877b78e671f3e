import HeadgateTensors

/// Normalisation as networks use it.
enum Normalization {
  static let table: [OperatorDefinition] = [
    // The statistics have types of their own: those of running mean and variance, or of the stash.
    .op("BatchNormalization", since: 1, BatchNormalization.byOutputCount).computingInSingle(outputsLike: [0, 3, 4]),
    .op("BatchNormalization", since: 14, BatchNormalization.byMode).computingInSingle(outputsLike: [0, 3, 4]),
    .op("InstanceNormalization", since: 1, ChannelNormalization.instances).computingInSingle(),
    .op("GroupNormalization", since: 18, ChannelNormalization.groupsScaledAlike).computingInSingle(),
    .op("GroupNormalization", since: 21, ChannelNormalization.groups).computingInSingle(),
    .op("LayerNormalization", since: 17, layer).computingInSingle(outputsLike: [0, nil, nil]),
    .op("RMSNormalization", since: 23, rootMeanSquare).computingInSingle(outputsLike: [1]),
    .op("LpNormalization", since: 1, lp).computingInSingle(),
    .op("MeanVarianceNormalization", since: 9, meanVariance).computingInSingle(),
    .op("LRN", since: 1, LocalResponse.normalize).computingInSingle(),
    .op("Dropout", since: 1, Dropout.atInference), .op("Dropout", since: 12, Dropout.byMode),
  ]

  private static func layer(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let axis = try input.shape.axis(try call.attributes.int("axis") ?? -1)
    let rows = RowNormalization(
      input: input, rowShape: Array(input.shape[axis...]), scale: try call.tensor(1), bias: try call.optionalTensor(2),
      epsilon: Double(try call.attributes.float("epsilon") ?? 1e-5), centers: true,
      givesStatistics: call.node.usedOutputs.dropFirst().contains(true), call: call)
    var results = try input.elementType.visit(rows)
    if let stash = try Casting.elementType(call.attributes, attribute: "stash_type"), stash != .float {
      for index in results.indices.dropFirst() {
        guard case .tensor(let statistic) = results[index] else { continue }
        results[index] = .tensor(try Casting.convert(statistic, to: stash, call))
      }
    }
    return results
  }

  /// The result has the scale's type, which may be another than the input's.
  private static func rootMeanSquare(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let scale = try call.tensor(1)
    var input = try call.tensor(0)
    let axis = try input.shape.axis(try call.attributes.int("axis") ?? -1)
    if input.elementType != scale.elementType {
      let isDouble = input.elementType == .double || scale.elementType == .double
      input = try Casting.convert(input, to: isDouble ? .double : .float, call)
    }
    let rows = RowNormalization(
      input: input, rowShape: Array(input.shape[axis...]), scale: scale, bias: nil,
      epsilon: Double(try call.attributes.float("epsilon") ?? 1e-5), centers: false, call: call)
    guard case .tensor(let result) = try input.elementType.visit(rows)[0] else { return [] }
    return [.tensor(try Casting.convert(result, to: scale.elementType, call))]
  }

  private static func lp(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let axis = try input.shape.axis(try call.attributes.int("axis") ?? -1)
    let power = try call.attributes.int("p") ?? 2
    guard power == 1 || power == 2 else {
      throw TensorError(.invalidValue, "the norm is of order \(power), not 1 or 2")
    }
    let visitor = LpVisitor(input: input, axis: axis, isL1: power == 1, call: call)
    return [.tensor(try input.elementType.visit(visitor))]
  }

  private static func meanVariance(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    var axes: Set<Int> = []
    for axis in try call.attributes.ints("axes") ?? [0, 2, 3] { axes.insert(try input.shape.axis(axis)) }
    let order = input.shape.indices.filter { !axes.contains($0) } + axes.sorted()
    let moved = try Arranging.permuted(input, order, call)
    let rowShape = axes.sorted().map { input.shape[$0] }
    let one = try Casting.convert(try Tensor(shape: [], floats: [1]), to: input.elementType, call)
    let rows = RowNormalization(
      input: moved, rowShape: rowShape, scale: one, bias: nil, epsilon: 1e-18, centers: true, call: call)
    guard case .tensor(let result) = try input.elementType.visit(rows)[0] else { return [] }
    return [
      .tensor(try Arranging.permuted(result, input.shape.indices.map { axis in order.firstIndex(of: axis) ?? 0 }, call))
    ]
  }
}

private struct LpVisitor: RealVisitor {
  let input: Tensor
  let axis: Int
  let isL1: Bool
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let walk = AxisWalk(input.shape, axis: axis)
    let x = try input.elements(type)
    return try call.make(type, input.shape) { (output) throws(TensorError) in
      guard !output.isEmpty else { return }
      try walk.forEachLane { _, start in
        var norm: T = 0
        for index in 0..<walk.extent {
          let value = x[start + index * walk.inner]
          norm += isL1 ? abs(value) : value * value
        }
        if !isL1 { norm = norm.squareRoot() }
        for index in 0..<walk.extent {
          output[start + index * walk.inner] = norm == 0 ? 0 : x[start + index * walk.inner] / norm
        }
      }
    }
  }
}
