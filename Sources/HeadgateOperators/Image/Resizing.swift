import HeadgateTensors

/// Operators that bring a tensor to another size along its axes. Every axis is resampled by itself, for all
/// modes are products of one-dimensional ones.
enum Resizing {
  static let table: [OperatorDefinition] = [
    .op("Resize", since: 10, scaled), .op("Resize", since: 11, resize),
    .op("Upsample", since: 1, upsampleImage), .op("Upsample", since: 7, upsample), .op("Upsample", since: 9, scaled),
  ]

  private static func resize(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let sampling = try Sampling(call.attributes)
    let axes = try chosenAxes(input.shape, call)
    let region = try region(axes.count, sampling, call)
    var resized: [ResizedAxis] = []
    if let sizes = try call.ints(3), !sizes.isEmpty {
      let scales = try policyScales(sizes, input.shape, axes, call)
      for (index, axis) in axes.enumerated() {
        resized.append(
          try ResizedAxis(axis, from: input.shape[axis], size: sizes[index], policyScale: scales, region(index)))
      }
    } else {
      let scales = try scales(try call.optionalTensor(2), count: axes.count, call)
      for (index, axis) in axes.enumerated() {
        resized.append(try ResizedAxis(axis, from: input.shape[axis], scale: scales[index], region(index)))
      }
    }
    return [.tensor(try resample(input, resized, sampling, call))]
  }

  /// Resize before opset 11 and Upsample: scales only.
  private static func scaled(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let scales = try scales(try call.optionalTensor(1), count: input.rank, call)
    return [.tensor(try scaled(input, by: scales, call))]
  }

  private static func upsample(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    guard let scales = try call.attributes.floats("scales"), scales.count == input.rank else {
      throw TensorError(.shape, "one scale for each axis of shape \(input.shape) is needed")
    }
    return [.tensor(try scaled(input, by: scales, call))]
  }

  private static func upsampleImage(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    guard input.rank == 4, let height = try call.attributes.float("height_scale"),
      let width = try call.attributes.float("width_scale")
    else { throw TensorError(.shape, "an image [batch, channels, height, width] and two scales are needed") }
    return [.tensor(try scaled(input, by: [1, 1, height, width], call))]
  }

  private static func scaled(_ input: Tensor, by scales: [Float], _ call: OperatorCall) throws(TensorError) -> Tensor {
    var resized: [ResizedAxis] = []
    for axis in input.shape.indices {
      resized.append(try ResizedAxis(axis, from: input.shape[axis], scale: scales[axis], ResizedAxis.whole))
    }
    return try resample(input, resized, try Sampling(oldAttributes: call.attributes), call)
  }

  private static func chosenAxes(_ shape: Shape, _ call: OperatorCall) throws(TensorError) -> [Int] {
    guard let wanted = try call.attributes.ints("axes") else { return Array(shape.indices) }
    var axes: [Int] = []
    for axis in wanted {
      let axis = try shape.axis(axis)
      guard !axes.contains(axis) else { throw TensorError(.invalidValue, "axes \(wanted) repeat") }
      axes.append(axis)
    }
    return axes
  }

  private static func scales(
    _ tensor: Tensor?, count: Int, _ call: OperatorCall
  ) throws(TensorError) -> [Float] {
    guard let tensor else { throw TensorError(.missing, "neither scales nor sizes are given") }
    guard tensor.count == count else {
      throw TensorError(.shape, "\(tensor.count) scales do not fit \(count) axes")
    }
    return try Casting.convert(tensor, to: .float, call).floats()
  }

  /// Start and end of the region that `tf_crop_and_resize` looks at, for each of the chosen axes.
  private static func region(
    _ count: Int, _ sampling: Sampling, _ call: OperatorCall
  ) throws(TensorError) -> (Int) -> ResizedAxis.Region {
    guard sampling.coordinates == .tfCropAndResize else { return { _ in ResizedAxis.whole } }
    guard let tensor = try call.optionalTensor(1), tensor.count == 2 * count else {
      throw TensorError(.shape, "a region needs \(count) starts and \(count) ends")
    }
    let bounds = try Casting.convert(tensor, to: .float, call).floats()
    return { index in ResizedAxis.Region(start: bounds[index], end: bounds[index + count]) }
  }

  /// The one scale of all axes when sizes are to keep the ratio of the extents, nil when they are taken as they are.
  private static func policyScales(
    _ sizes: [Int], _ shape: Shape, _ axes: [Int], _ call: OperatorCall
  ) throws(TensorError) -> Double? {
    guard sizes.count == axes.count else {
      throw TensorError(.shape, "\(sizes.count) sizes do not fit \(axes.count) axes")
    }
    let policy = try call.attributes.string("keep_aspect_ratio_policy") ?? "stretch"
    if policy == "stretch" { return nil }
    guard policy == "not_larger" || policy == "not_smaller" else {
      throw TensorError(.unsupported, "keep_aspect_ratio_policy '\(policy)' is unknown")
    }
    guard axes.allSatisfy({ shape[$0] > 0 }) else {
      throw TensorError(.shape, "shape \(shape) has no ratio that could be kept")
    }
    let scales = zip(sizes, axes).map { Double($0) / Double(shape[$1]) }
    return policy == "not_larger" ? scales.min() : scales.max()
  }

  private static func resample(
    _ input: Tensor, _ axes: [ResizedAxis], _ sampling: Sampling, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    let changed = axes.filter { !$0.isIdentity }.sorted { $0.axis > $1.axis }
    var shape = input.shape
    for axis in changed { shape[axis.axis] = axis.to }
    if changed.isEmpty { return input }
    // An output without elements needs no tables, whose size its other extents would decide.
    if try shape.elementCount() == 0 {
      return try Tensor(uninitialized: input.elementType, shape: shape, budget: call.budget)
    }
    guard input.count > 0 else { throw TensorError(.shape, "shape \(input.shape) has nothing to resize to \(shape)") }
    // Innermost axis first: the outer ones are then whole rows of the output.
    if sampling.mode == .nearest {
      var result = input
      for axis in changed { result = try NearestPass.run(result, axis, sampling, call) }
      return result
    }
    return try FilterPass.run(input, changed, sampling, call)
  }
}
