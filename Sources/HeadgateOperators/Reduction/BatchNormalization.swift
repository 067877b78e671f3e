import HeadgateTensors

/// Normalises each channel over the batch: `(x - mean) / sqrt(variance + epsilon) * scale + bias`, with stored
/// statistics at inference and the batch's own in training.
enum BatchNormalization {
  /// Before opset 14 a node is in training when it has the outputs of training: running mean and variance, then the
  /// batch's own.
  static func byOutputCount(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let isTest = try call.attributes.flag("is_test")
    let isSpatial = call.node.opset >= 9 ? true : try call.attributes.int("spatial") != 0
    return try normalize(call, isTraining: call.node.outputCount > 1 && !isTest, isSpatial: isSpatial)
  }

  static func byMode(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let isTraining = try call.attributes.flag("training_mode")
    return Array(try normalize(call, isTraining: isTraining, isSpatial: true).prefix(3))
  }

  private static func normalize(
    _ call: OperatorCall, isTraining: Bool, isSpatial: Bool
  ) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let channels = ChannelView(input.shape, isSpatial: isSpatial)
    let epsilon = Double(try call.attributes.float("epsilon") ?? 1e-5)
    let momentum = Double(try call.attributes.float("momentum") ?? 0.9)
    let scale = try parameter(call, 1, channels.count)
    let bias = try parameter(call, 2, channels.count)
    var mean = try parameter(call, 3, channels.count)
    var variance = try parameter(call, 4, channels.count)
    var statistics: [Value] = []
    if isTraining {
      let own = try input.elementType.visit(ChannelMoments(input: input, channels: channels))
      for (running, current, index) in [(mean, own.means, 3), (variance, own.variances, 4)] {
        let next = zip(running, current).map { $0 * momentum + $1 * (1 - momentum) }
        statistics.append(try tensor(next, like: try call.tensor(index), call))
      }
      (mean, variance) = (own.means, own.variances)
      statistics.append(try tensor(mean, like: try call.tensor(3), call))
      statistics.append(try tensor(variance, like: try call.tensor(4), call))
    }
    let factors = scale.indices.map { scale[$0] / (variance[$0] + epsilon).squareRoot() }
    let offsets = scale.indices.map { bias[$0] - mean[$0] * factors[$0] }
    let scaling = ChannelScaling(input: input, channels: channels, factors: factors, offsets: offsets, call: call)
    let result = try input.elementType.visit(scaling)
    return [.tensor(result)] + statistics
  }

  private static func parameter(
    _ call: OperatorCall, _ index: Int, _ channels: Int
  ) throws(TensorError) -> [Double] {
    let tensor = try call.tensor(index)
    guard tensor.count == channels else {
      throw TensorError(.shape, "input \(index) of shape \(tensor.shape) does not fit \(channels) channels")
    }
    return try Casting.convert(tensor, to: .double, call).doubles()
  }

  private static func tensor(
    _ values: [Double], like parameter: Tensor, _ call: OperatorCall
  ) throws(TensorError) -> Value {
    let tensor = try Tensor(shape: parameter.shape, doubles: values)
    return .tensor(try Casting.convert(tensor, to: parameter.elementType, call))
  }
}

/// A shape as `[batch, count, inner]`.
private struct ChannelView {
  let batch: Int
  let count: Int
  let inner: Int

  /// - Parameter isSpatial: whether a channel is all elements of an index of the second axis, or each its own.
  init(_ shape: Shape, isSpatial: Bool) {
    batch = shape.first ?? 1
    // An input of one axis has one channel.
    count = shape.count < 2 ? 1 : isSpatial ? shape[1] : shape.extent(of: 1..<shape.count)
    inner = isSpatial && shape.count > 2 ? shape.extent(of: 2..<shape.count) : 1
  }
}

private struct ChannelMoments: RealVisitor {
  let input: Tensor
  let channels: ChannelView

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> (means: [Double], variances: [Double]) {
    let x = try input.elements(type)
    let (count, inner) = (channels.count, channels.inner)
    var means = [Double](repeating: 0, count: count)
    var variances = means
    // A shape without elements may have any extents, which must not be multiplied or walked.
    guard let x = x.baseAddress, input.count > 0 else {
      let none = [Double](repeating: .nan, count: count)
      return (none, none)
    }
    let elements = Double(channels.batch * inner)
    for row in 0..<channels.batch * count {
      means[row % count] += NumberRows.sum(x + row * inner, count: inner)
    }
    for channel in 0..<count { means[channel] /= elements }
    for row in 0..<channels.batch * count {
      variances[row % count] += NumberRows.squares(x + row * inner, count: inner, around: means[row % count])
    }
    for channel in 0..<count { variances[channel] /= elements }
    return (means, variances)
  }
}

private struct ChannelScaling: RealVisitor {
  let input: Tensor
  let channels: ChannelView
  let factors: [Double]
  let offsets: [Double]
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try input.elements(type)
    let (count, inner) = (channels.count, channels.inner)
    let factors = factors.map { T($0) }
    let offsets = offsets.map { T($0) }
    return try call.make(type, input.shape) { output in
      guard let x = x.baseAddress, let y = output.baseAddress, !output.isEmpty else { return }
      if inner == 1 {
        for row in 0..<channels.batch {
          let (from, to) = (x + row * count, y + row * count)
          for channel in 0..<count { to[channel] = from[channel] * factors[channel] + offsets[channel] }
        }
      } else {
        for row in 0..<channels.batch * count {
          NumberRows.scale(
            x + row * inner, by: factors[row % count], plus: offsets[row % count], into: y + row * inner, count: inner)
        }
      }
    }
  }
}
