import HeadgateTensors

/// Normalisation as networks use it at inference.
enum Normalization {
  static let table: [OperatorDefinition] = [
    // The statistics have types of their own: those of running mean and variance, or of the stash.
    .op("BatchNormalization", since: 1, batch).computingInSingle(outputsLike: [0, 3, 4]),
    .op("LayerNormalization", since: 17, layer).computingInSingle(outputsLike: [0, nil, nil]),
    .op("InstanceNormalization", since: 1, instance).computingInSingle(),
    .op("LpNormalization", since: 1, lp).computingInSingle(),
    .op("MeanVarianceNormalization", since: 9, meanVariance).computingInSingle(),
    .op("RMSNormalization", since: 23, rootMeanSquare).computingInSingle(outputsLike: [1]),
  ]

  /// With stored mean and variance: `(x - mean) / sqrt(variance + epsilon) * scale + bias` for each channel.
  private static func batch(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    guard try !call.attributes.flag("training_mode") else {
      throw TensorError(.unsupported, "training mode is not run by this version")
    }
    return [.tensor(try input.elementType.visit(BatchVisitor(input: input, call: call)))]
  }

  private static func layer(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let axis = try input.shape.axis(try call.attributes.int("axis") ?? -1)
    let rows = RowNormalization(
      input: input, rowShape: Array(input.shape[axis...]), scale: try call.tensor(1), bias: try call.optionalTensor(2),
      epsilon: Double(try call.attributes.float("epsilon") ?? 1e-5), centers: true, call: call)
    var results = try input.elementType.visit(rows)
    if let stash = try Casting.elementType(call, attribute: "stash_type"), stash != .float {
      for index in results.indices.dropFirst() {
        guard case .tensor(let statistic) = results[index] else { continue }
        results[index] = .tensor(try Casting.convert(statistic, to: stash, call))
      }
    }
    return results
  }

  private static func rootMeanSquare(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let axis = try input.shape.axis(try call.attributes.int("axis") ?? -1)
    let rows = RowNormalization(
      input: input, rowShape: Array(input.shape[axis...]), scale: try call.tensor(1), bias: nil,
      epsilon: Double(try call.attributes.float("epsilon") ?? 1e-5), centers: false, call: call)
    return [try input.elementType.visit(rows)[0]]
  }

  private static func instance(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    return [.tensor(try input.elementType.visit(InstanceVisitor(input: input, call: call)))]
  }

  private static func lp(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let axis = try input.shape.axis(try call.attributes.int("axis") ?? -1)
    let power = try call.attributes.int("p") ?? 2
    return [.tensor(try input.elementType.visit(LpVisitor(input: input, axis: axis, isL1: power == 1, call: call)))]
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

private struct BatchVisitor: RealVisitor {
  let input: Tensor
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let channels = input.rank > 1 ? input.shape[1] : 1
    let epsilon = Double(try call.attributes.float("epsilon") ?? 1e-5)
    func parameter(_ index: Int) throws(TensorError) -> [Double] {
      let tensor = try call.tensor(index)
      guard tensor.count == channels else {
        throw TensorError(.shape, "parameters of shape \(tensor.shape) do not fit \(channels) channels")
      }
      return try Casting.convert(tensor, to: .double, call).doubles()
    }
    let (scale, bias) = (try parameter(1), try parameter(2))
    let (mean, variance) = (try parameter(3), try parameter(4))
    let factors = scale.indices.map { scale[$0] / (variance[$0] + epsilon).squareRoot() }
    let offsets = scale.indices.map { bias[$0] - mean[$0] * factors[$0] }
    let x = try input.elements(type)
    let inner = input.rank > 2 ? input.shape.extent(of: 2..<input.rank) : 1
    return try call.make(type, input.shape) { output in
      guard inner > 0, channels > 0 else { return }
      for row in 0..<x.count / inner {
        let (factor, offset) = (T(factors[row % channels]), T(offsets[row % channels]))
        for index in row * inner..<(row + 1) * inner { output[index] = x[index] * factor + offset }
      }
    }
  }
}

/// Normalises rows to mean 0 and variance 1, then scales: gives the result, the means and inverse deviations.
private struct RowNormalization: RealVisitor {
  let input: Tensor
  let rowShape: Shape
  let scale: Tensor
  let bias: Tensor?
  let epsilon: Double
  let centers: Bool
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> [Value] {
    let length = rowShape.extent(of: 0..<rowShape.count)
    let rows = length == 0 ? 0 : input.count / length
    let factors = try Casting.convert(try scale.expanded(to: rowShape, call), to: input.elementType, call)
    let offsets = try bias.map { (bias) throws(TensorError) in try bias.expanded(to: rowShape, call) }
    var means = [Float](repeating: 0, count: rows)
    var deviations = [Float](repeating: 0, count: rows)
    let x = try input.elements(type)
    let result = try call.make(type, input.shape) { (output) throws(TensorError) in
      let factor = try factors.elements(type)
      let offset = try offsets?.elements(type)
      for row in 0..<rows {
        let start = row * length
        var total = 0.0
        for index in 0..<length { total += Double(x[start + index]) }
        let mean = centers ? total / Double(length) : 0
        var squares = 0.0
        for index in 0..<length {
          let distance = Double(x[start + index]) - mean
          squares += distance * distance
        }
        let inverse = 1 / (squares / Double(length) + epsilon).squareRoot()
        means[row] = Float(mean)
        deviations[row] = Float(inverse)
        for index in 0..<length {
          let value = T((Double(x[start + index]) - mean) * inverse) * factor[index]
          output[start + index] = offset.map { value + $0[index] } ?? value
        }
      }
    }
    withExtendedLifetime((factors, offsets)) {}
    let outer = Array(input.shape.dropLast(rowShape.count)) + Shape(repeating: 1, count: rowShape.count)
    guard length > 0 else { return [.tensor(result)] }
    return [
      .tensor(result), .tensor(try Tensor(shape: outer, floats: means)),
      .tensor(try Tensor(shape: outer, floats: deviations)),
    ]
  }
}

private struct InstanceVisitor: RealVisitor {
  let input: Tensor
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    guard input.rank >= 2 else { throw TensorError(.shape, "shape \(input.shape) has no channels") }
    let epsilon = T(try call.attributes.float("epsilon") ?? 1e-5)
    let (scale, bias) = (try call.tensor(1), try call.tensor(2))
    let channels = input.shape[1]
    guard scale.count == channels, bias.count == channels else {
      throw TensorError(.shape, "scale and bias do not fit \(channels) channels")
    }
    let (factors, offsets) = (try scale.elements(type), try bias.elements(type))
    let length = input.shape.extent(of: 2..<input.rank)
    let x = try input.elements(type)
    return try call.make(type, input.shape) { output in
      guard length > 0 else { return }
      for row in 0..<x.count / length {
        let range = row * length..<(row + 1) * length
        let mean = range.reduce(T.zero) { $0 + x[$1] } / T(length)
        let variance = range.reduce(T.zero) { $0 + (x[$1] - mean) * (x[$1] - mean) } / T(length)
        let factor = factors[row % channels] / (variance + epsilon).squareRoot()
        for index in range { output[index] = (x[index] - mean) * factor + offsets[row % channels] }
      }
    }
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
