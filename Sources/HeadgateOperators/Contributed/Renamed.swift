import HeadgateTensors

/// Operators of ONNX Runtime that ONNX has taken over since, some of them in another form.
enum Renamed {
  static let table: [OperatorDefinition] = [
    .contributed("Trilu", triangle), .contributed("Range", range), .contributed("Pad", pad),
    .contributed("Unique", unique), .contributed("ExpandDims", expandDimensions), .contributed("GatherND", gatherND),
    .contributed("GridSample", sampleGrid),
  ]

  private static func triangle(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let attributes = call.attributes.passing(["upper"])
    return [.tensor(try call.apply("Trilu", call.tensor(0), call.optionalTensor(1), with: attributes))]
  }

  /// The step may be left out, and each number may be a list of one.
  private static func range(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let start = try call.tensor(0)
    let given = try call.optionalTensor(2)
    let one = try call.scalar(1, like: start)
    let delta = given ?? one
    let limit = try call.tensor(1)
    guard start.count == 1, limit.count == 1, delta.count == 1 else {
      throw TensorError(.shape, "start, limit and delta must be one number each")
    }
    return [
      .tensor(try call.apply("Range", start.reshaped(to: []), limit.reshaped(to: []), delta.reshaped(to: [])))
    ]
  }

  private static func pad(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let pads = try call.tensor(1)
    let value = try call.optionalTensor(2)
    guard value?.count ?? 1 == 1 else { throw TensorError(.shape, "the value must be one number") }
    return [
      .tensor(
        try call.apply(
          "Pad", call.tensor(0), pads.reshaped(to: [pads.count]), value?.reshaped(to: []),
          with: call.attributes.passing(["mode"])))
    ]
  }

  /// The different elements of a list in the order in which they appear, where each element is among them, and how
  /// often each appears.
  private static func unique(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    guard input.rank == 1 else { throw TensorError(.shape, "takes a list, got shape \(input.shape)") }
    let outputs = try call.applyAll("Unique", [input], with: [("sorted", .int(0))], outputs: 4)
    guard outputs.count == 4 else { return [] }
    return [.tensor(outputs[0]), .tensor(outputs[2]), .tensor(outputs[3])]
  }

  private static func expandDimensions(_ call: OperatorCall) throws(TensorError) -> [Value] {
    guard let axis = try call.tensor(1).ints().first else { throw TensorError(.missing, "no axis is given") }
    return [.tensor(try call.apply("Unsqueeze", call.tensor(0), call.list([axis])))]
  }

  private static func gatherND(_ call: OperatorCall) throws(TensorError) -> [Value] {
    [.tensor(try call.apply("GatherND", call.tensor(0), call.tensor(1)))]
  }

  /// The modes have had other names since.
  private static func sampleGrid(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let mode = try call.attributes.string("mode") ?? "bilinear"
    let names = ["bilinear": "linear", "bicubic": "cubic"]
    return [
      .tensor(
        try call.apply(
          "GridSample", call.tensor(0), call.tensor(1),
          with: [("mode", .string(names[mode] ?? mode))] + call.attributes.passing(["align_corners", "padding_mode"])))
    ]
  }
}
