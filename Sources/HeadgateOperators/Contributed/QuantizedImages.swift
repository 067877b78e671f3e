import HeadgateTensors

/// Convolution and pooling of images of 8-bit integers, whose channels may come last.
enum QuantizedImages {
  static let table: [OperatorDefinition] = [
    .contributed("QLinearConv", convolution), .contributed("QLinearAveragePool", averagePool),
    .contributed("QLinearGlobalAveragePool", globalAveragePool), .contributed("NhwcMaxPool", maximumPool),
  ]

  private static let window = ["auto_pad", "dilations", "kernel_shape", "pads", "strides", "ceil_mode"]

  private static func convolution(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let isLast = try call.attributes.flag("channels_last")
    var inputs: [Tensor?] = []
    for index in 0..<9 { inputs.append(try call.optionalTensor(index)) }
    if isLast { inputs[0] = try call.tensor(0).channelsSecond(call) }
    let names = ["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"]
    let outputs = try call.applyAll("QLinearConv", inputs, with: call.attributes.passing(names), outputs: 1)
    return try outputs.map { (output) throws(TensorError) in .tensor(isLast ? try output.channelsLast(call) : output) }
  }

  private static func averagePool(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let from = try LinearQuantity(call, at: 1, type: input.elementType)
    let to = try LinearQuantity(call, at: 3, type: input.elementType)
    let isLast = try call.attributes.flag("channels_last")
    let images = try from.dequantized(isLast ? input.channelsSecond(call) : input, call)
    let means = try call.apply(
      "AveragePool", images, with: call.attributes.passing(window + ["count_include_pad"]))
    let result = try to.quantized(means, call)
    return [.tensor(isLast ? try result.channelsLast(call) : result)]
  }

  /// Sums of integers, scaled once.
  private static func globalAveragePool(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    guard input.rank > 2 else { throw TensorError(.shape, "images must have 3 axes or more, got shape \(input.shape)") }
    let from = try LinearQuantity(call, at: 1, type: input.elementType)
    let to = try LinearQuantity(call, at: 3, type: input.elementType)
    let axes = try call.attributes.flag("channels_last") ? Array(1..<input.rank - 1) : Array(2..<input.rank)
    let elements = try Casting.convert(input, to: .int32, call)
    let shifted = try call.apply("Sub", elements, Tensor(shape: [], [from.zero]))
    let sums = try call.apply("ReduceSum", shifted, call.list(axes))
    let count = axes.reduce(1) { $0 &* input.shape[$1] }
    return [.tensor(try to.requantized(sums, by: [from.scale / (to.scale * Float(count))], call))]
  }

  private static func maximumPool(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let images = try call.tensor(0).channelsSecond(call)
    return [.tensor(try call.apply("MaxPool", images, with: call.attributes.passing(window)).channelsLast(call))]
  }
}
