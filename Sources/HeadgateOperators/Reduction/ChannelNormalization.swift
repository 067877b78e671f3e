import HeadgateTensors

/// Normalises groups of channels of each image to mean 0 and variance 1, then scales them.
enum ChannelNormalization {
  /// Each channel by itself.
  static func instances(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    return try normalize(call, groups: input.rank < 2 ? 0 : max(input.shape[1], 1), parametersPerGroup: false)
  }

  /// Opset 18 had one scale and one bias for each group.
  static func groupsScaledAlike(_ call: OperatorCall) throws(TensorError) -> [Value] {
    try normalize(call, groups: try groupCount(call), parametersPerGroup: true)
  }

  static func groups(_ call: OperatorCall) throws(TensorError) -> [Value] {
    try normalize(call, groups: try groupCount(call), parametersPerGroup: false)
  }

  private static func groupCount(_ call: OperatorCall) throws(TensorError) -> Int {
    guard let count = try call.attributes.int("num_groups") else {
      throw TensorError(.missing, "attribute 'num_groups' is absent")
    }
    return count
  }

  private static func normalize(
    _ call: OperatorCall, groups: Int, parametersPerGroup: Bool
  ) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    guard input.rank >= 2, groups > 0, input.shape[1] % groups == 0 else {
      throw TensorError(.shape, "the channels of shape \(input.shape) do not make \(groups) groups")
    }
    let (scale, bias) = (try call.tensor(1), try call.tensor(2))
    let expected = parametersPerGroup ? groups : input.shape[1]
    guard scale.shape == [expected], bias.shape == [expected] else {
      throw TensorError(
        .shape,
        "scale and bias of shapes \(scale.shape) and \(bias.shape) do not fit \(expected) "
          + (parametersPerGroup ? "groups" : "channels"))
    }
    let visitor = GroupVisitor(
      input: input, scale: try Casting.convert(scale, to: .double, call),
      bias: try Casting.convert(bias, to: .double, call), groups: groups, parametersPerGroup: parametersPerGroup,
      epsilon: Double(try call.attributes.float("epsilon") ?? 1e-5), call: call)
    return [.tensor(try input.elementType.visit(visitor))]
  }
}

private struct GroupVisitor: RealVisitor {
  let input: Tensor
  let scale: Tensor
  let bias: Tensor
  let groups: Int
  let parametersPerGroup: Bool
  let epsilon: Double
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try input.elements(type)
    let (factors, offsets) = (try scale.doubles(), try bias.doubles())
    let channels = input.shape[1] / groups
    let inner = input.shape.extent(of: 2..<input.rank)
    return try call.make(type, input.shape) { output in
      // A shape without elements may have any extents, which must not be multiplied or walked.
      guard let x = x.baseAddress, let y = output.baseAddress, !output.isEmpty else { return }
      let length = channels * inner
      for row in 0..<output.count / length {
        let (mean, variance) = NumberRows.moments(x + row * length, count: length)
        let inverse = 1 / (variance + epsilon).squareRoot()
        for channel in 0..<channels {
          let parameter = parametersPerGroup ? row % groups : row % groups * channels + channel
          let start = row * length + channel * inner
          NumberRows.center(
            x + start, at: mean, times: factors[parameter] * inverse, plus: offsets[parameter], into: y + start,
            count: inner)
        }
      }
    }
  }
}
