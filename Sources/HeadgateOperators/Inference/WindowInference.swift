import HeadgateTensors

/// Convolutions and pools: windows that move over the axes behind the first two.
enum WindowInference {
  static let rules: [InferenceRow] =
    [
      ("Conv", convolution), ("ConvInteger", integerConvolution), ("ConvTranspose", transposedConvolution),
      ("MaxPool", maxPool),
    ]
    + ["AveragePool", "LpPool"].rows(pool)
    + ["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"].rows(globalPool)

  private static let convolution: InferenceRule = { (call) throws(TensorError) in
    for index in 0..<2 { try call.require(index, .numbers) }
    return [InferredValue(try call.commonType(0..<2), try convolved(call))]
  }

  private static let integerConvolution: InferenceRule = { (call) throws(TensorError) in
    [InferredValue(.int32, try convolved(call))]
  }

  /// `[batch, filters, ...]` from `[batch, channels, ...]` and `[filters, channels / group, ...]`.
  private static func convolved(_ call: InferenceCall) throws(TensorError) -> PartialShape {
    let weights = call.shape(1)
    guard let input = call.shape(0) else {
      return weights.map { [nil, $0.first ?? nil] + [Int?](repeating: nil, count: max($0.count - 2, 0)) }
    }
    guard let weights else { return [input.first ?? nil] + [Int?](repeating: nil, count: max(input.count - 1, 0)) }
    guard weights.count == input.count, input.count >= 3 else {
      throw call.conflict(0, 1, "must have the same number of axes, 3 or more")
    }
    let group = try call.attributes.int("group") ?? 1
    if let channels = input[1], let each = Extent.product(weights[1], group), channels != each {
      throw call.conflict(
        0, 1, "do not fit: the filters take \(each) channels" + (group == 1 ? "" : " in \(group) groups"))
    }
    let kernel = try call.attributes.ints("kernel_shape")?.map { $0 } ?? Array(weights[2...])
    return [input[0], weights[0]] + (try windows(call, Array(input[2...]), kernel))
  }

  private static let transposedConvolution: InferenceRule = { (call) throws(TensorError) in
    let type = try call.commonType(0..<2)
    guard let input = call.shape(0), let weights = call.shape(1) else { return [InferredValue(type)] }
    guard weights.count == input.count, input.count >= 3 else {
      throw call.conflict(0, 1, "must have the same number of axes, 3 or more")
    }
    if let channels = input[1], let taken = weights[0], channels != taken {
      throw call.conflict(0, 1, "do not fit: the filters take \(taken) channels")
    }
    let filters = Extent.product(weights[1], try call.attributes.int("group") ?? 1)
    return [InferredValue(type, [input[0], filters] + [Int?](repeating: nil, count: input.count - 2))]
  }

  private static let pool: InferenceRule = { (call) throws(TensorError) in
    [InferredValue(call.type(0), try pooled(call))]
  }

  private static let maxPool: InferenceRule = { (call) throws(TensorError) in
    let shape = try pooled(call)
    return [InferredValue(call.type(0), shape), InferredValue(.int64, shape)]
  }

  private static func pooled(_ call: InferenceCall) throws(TensorError) -> PartialShape {
    guard let input = call.shape(0), input.count >= 3, let kernel = try call.attributes.ints("kernel_shape") else {
      return call.shape(0).map { [Int?](repeating: nil, count: $0.count) }
    }
    return [input[0], input[1]] + (try windows(call, Array(input[2...]), kernel.map { $0 }))
  }

  private static let globalPool: InferenceRule = { (call) throws(TensorError) in
    guard let input = call.shape(0), input.count >= 2 else { return [InferredValue(call.type(0))] }
    return [InferredValue(call.type(0), input.indices.map { $0 < 2 ? input[$0] : 1 })]
  }

  /// How many places a window has along each axis. Nothing is refused here: the forms that say how windows may reach
  /// beyond the edges are many, and the kernels check them.
  private static func windows(
    _ call: InferenceCall, _ extents: [Int?], _ kernel: [Int?]
  ) throws(TensorError) -> [Int?] {
    let open = [Int?](repeating: nil, count: extents.count)
    let ones = [Int](repeating: 1, count: extents.count)
    let strides = try call.attributes.ints("strides") ?? ones
    let dilations = try call.attributes.ints("dilations") ?? ones
    let pads = try call.attributes.ints("pads") ?? [Int](repeating: 0, count: 2 * extents.count)
    let padding = try call.attributes.string("auto_pad") ?? "NOTSET"
    let roundsUp = try call.attributes.flag("ceil_mode")
    guard kernel.count == extents.count, strides.count == extents.count, dilations.count == extents.count,
      pads.count == 2 * extents.count, strides.allSatisfy({ $0 > 0 }), !roundsUp
    else { return open }
    return extents.indices.map { axis in
      switch padding {
      case "SAME_UPPER", "SAME_LOWER":
        return Extent.quotient(Extent.sum(extents[axis], strides[axis] - 1), strides[axis])
      case "NOTSET", "VALID":
        let padded =
          padding == "VALID"
          ? extents[axis] : Extent.sum(extents[axis], Extent.sum(pads[axis], pads[axis + extents.count]))
        let reach = Extent.sum(Extent.product(Extent.difference(kernel[axis], 1), dilations[axis]), 1)
        return Extent.sum(Extent.quotient(Extent.difference(padded, reach), strides[axis]), 1)
      default: return nil
      }
    }
  }
}
