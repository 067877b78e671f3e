import HeadgateTensors

/// Operators of ONNX's domain that were experiments or left it, and that ONNX Runtime still runs.
enum EarlyOperators {
  static let table: [OperatorDefinition] = [
    .op("Affine", since: 1, affine).computingInSingle(), .op("Scale", since: 1, scale).computingInSingle(),
    .op("ImageScaler", since: 1, scaleImages).computingInSingle(), .op("Crop", since: 1, crop),
    .op("DynamicSlice", since: 1, slice),
    .op("ScaledTanh", since: 1) { (call) throws(TensorError) in
      let attributes = call.attributes
      return [
        .tensor(try scaledTanh(call.tensor(0), alpha: attributes.float("alpha"), beta: attributes.float("beta"), call))
      ]
    }.computingInSingle(),
    .op("ParametricSoftplus", since: 1) { (call) throws(TensorError) in
      let attributes = call.attributes
      return [
        .tensor(
          try parametricSoftplus(
            call.tensor(0), alpha: attributes.float("alpha"), beta: attributes.float("beta"), call))
      ]
    }.computingInSingle(),
    .op("ThresholdedRelu", since: 1) { (call) throws(TensorError) in
      [.tensor(try call.apply("ThresholdedRelu", call.tensor(0), with: call.attributes.passing(["alpha"])))]
    },
    .op("MeanVarianceNormalization", since: 1, normalize).computingInSingle(),
  ]

  /// `alpha * tanh(beta * x)`
  static func scaledTanh(
    _ x: Tensor, alpha: Float?, beta: Float?, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    let inner = try call.apply("Mul", x, call.scalar(beta ?? 1, like: x))
    return try call.apply("Mul", call.apply("Tanh", inner), call.scalar(alpha ?? 1, like: x))
  }

  /// `alpha * log(1 + exp(beta * x))`
  static func parametricSoftplus(
    _ x: Tensor, alpha: Float?, beta: Float?, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    let inner = try call.apply("Mul", x, call.scalar(beta ?? 1, like: x))
    return try call.apply("Mul", call.apply("Softplus", inner), call.scalar(alpha ?? 1, like: x))
  }

  private static func affine(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let x = try call.tensor(0)
    let scaled = try call.apply("Mul", x, call.scalar(call.attributes.float("alpha") ?? 1, like: x))
    return [.tensor(try call.apply("Add", scaled, call.scalar(call.attributes.float("beta") ?? 0, like: x)))]
  }

  private static func scale(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let x = try call.tensor(0)
    return [.tensor(try call.apply("Mul", x, call.scalar(call.attributes.float("scale") ?? 1, like: x)))]
  }

  /// `x * scale`, and to each channel a number of its own.
  private static func scaleImages(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let x = try call.tensor(0)
    let bias = try call.attributes.floats("bias") ?? []
    guard x.rank == 4, bias.count == x.shape[1] else {
      throw TensorError(.shape, "\(bias.count) numbers in 'bias' do not fit images of shape \(x.shape)")
    }
    let scaled = try call.apply("Mul", x, call.scalar(call.attributes.float("scale") ?? 1, like: x))
    let offsets = try Casting.convert(Tensor(shape: [bias.count, 1, 1], floats: bias), to: x.elementType, call)
    return [.tensor(try call.apply("Add", scaled, offsets))]
  }

  /// Takes borders (left, top, right, bottom) off images, or with `scale` keeps so many rows and columns.
  private static func crop(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let x = try call.tensor(0)
    guard let border = try call.attributes.ints("border"), border.count == 4, x.rank == 4,
      border.allSatisfy({ $0 >= 0 && $0 <= 1 << 48 })
    else {
      throw TensorError(.invalidValue, "an image of shape \(x.shape) needs the four widths of its border")
    }
    var ends = [x.shape[2] - border[3], x.shape[3] - border[2]]
    if let size = try call.attributes.ints("scale") {
      guard size.count == 2, size.allSatisfy({ $0 >= 0 && $0 <= 1 << 48 }) else {
        throw TensorError(.invalidValue, "attribute 'scale' must be a height and a width")
      }
      ends = [border[1] + size[0], border[0] + size[1]]
    }
    guard border[1] <= ends[0], border[0] <= ends[1], ends[0] <= x.shape[2], ends[1] <= x.shape[3] else {
      throw TensorError(.shape, "nothing is left of an image of shape \(x.shape) without borders of \(border)")
    }
    let starts = try call.list([border[1], border[0]])
    return [.tensor(try call.apply("Slice", x, starts, call.list(ends), call.list([2, 3])))]
  }

  private static func slice(_ call: OperatorCall) throws(TensorError) -> [Value] {
    [.tensor(try call.apply("Slice", call.tensor(0), call.tensor(1), call.tensor(2), call.optionalTensor(3)))]
  }

  /// Mean and variance of each channel over all images, or of all channels together.
  private static func normalize(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let x = try call.tensor(0)
    guard x.rank == 4 else { throw TensorError(.shape, "images must have 4 axes, got shape \(x.shape)") }
    let axes = try call.attributes.flag("across_channels") ? [0, 1, 2, 3] : [0, 2, 3]
    guard try call.attributes.int("normalize_variance") ?? 1 != 0 else {
      return [.tensor(try call.apply("Sub", x, call.apply("ReduceMean", x, call.list(axes))))]
    }
    let list = AttributeValue.ints(axes.map { Int64($0) })
    return [.tensor(try call.apply("MeanVarianceNormalization", x, with: [("axes", list)]))]
  }
}
