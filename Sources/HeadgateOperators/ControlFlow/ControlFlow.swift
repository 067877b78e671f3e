import HeadgateTensors

/// Operators that run graphs held in their attributes.
enum ControlFlow {
  static let table: [OperatorDefinition] = [
    .op("If", since: 1, branch), .op("Loop", since: 1, loop), .op("Scan", since: 9, scan),
  ]

  /// The share of the run's memory limit that one step of a loop stands for: a wrong count in a file
  /// can then neither hold a thread for ever nor pile up small tensors without end.
  private static let bytesPerStep = 1024

  private static func branch(_ call: OperatorCall) throws(TensorError) -> [Value] {
    guard let condition = try call.tensor(0).bools().first else {
      throw TensorError(.shape, "the condition is empty")
    }
    return try graph(condition ? "then_branch" : "else_branch", call).run([], outer: call)
  }

  /// Carried values go from step to step; the remaining outputs of the body are stacked.
  private static func loop(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let body = try graph("body", call)
    let limit = try call.ints(0)?.first ?? .max
    var goesOn = try call.optionalTensor(1)?.bools().first ?? true
    var carried = Array(call.inputs.dropFirst(2))
    let carriedCount = body.inputCount - 2
    guard carriedCount >= 0, carried.count <= carriedCount, body.outputCount > carriedCount else {
      throw TensorError(.shape, "the body does not fit the \(carried.count) values that are carried")
    }
    carried += [Value?](repeating: nil, count: carriedCount - carried.count)
    var stacks = [[Tensor]](repeating: [], count: body.outputCount - 1 - carriedCount)
    var step = 0
    while goesOn, step < limit {
      guard step < call.budget.limit / bytesPerStep else {
        throw TensorError(.memoryLimit, "the loop passes \(step) steps; raise maxRunBytes if that is meant")
      }
      let counter = try Tensor(shape: [], integers: [Int64(step)])
      let flag = try Tensor(shape: [], bools: [goesOn])
      let results = try body.run([.tensor(counter), .tensor(flag)] + carried, outer: call)
      guard results.count == body.outputCount, let next = try results[0].tensor?.bools().first else {
        throw TensorError(.elementType, "the body gives no condition")
      }
      goesOn = next
      carried = Array(results[1...carriedCount])
      try stack(results[(carriedCount + 1)...], onto: &stacks)
      step += 1
    }
    var outputs: [Value] = []
    for value in carried {
      guard let value else { throw TensorError(.missing, "a carried value is absent") }
      outputs.append(value)
    }
    for slices in stacks { outputs.append(.tensor(try stacked(slices, axis: 0, reversed: false, call))) }
    return outputs
  }

  /// As Loop, over the slices of inputs.
  private static func scan(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let body = try graph("body", call)
    guard let scanCount = try call.attributes.int("num_scan_inputs"), scanCount > 0, scanCount <= call.inputs.count,
      body.inputCount == call.inputs.count
    else { throw TensorError(.shape, "the body does not fit the inputs") }
    let stateCount = call.inputs.count - scanCount
    guard body.outputCount >= stateCount else { throw TensorError(.shape, "the body gives too few outputs") }
    let outputCount = body.outputCount - stateCount
    let inputAxes = try call.attributes.ints("scan_input_axes") ?? [Int](repeating: 0, count: scanCount)
    let inputDirections = try call.attributes.ints("scan_input_directions") ?? [Int](repeating: 0, count: scanCount)
    let outputAxes = try call.attributes.ints("scan_output_axes") ?? [Int](repeating: 0, count: outputCount)
    let outputDirections = try call.attributes.ints("scan_output_directions") ?? [Int](repeating: 0, count: outputCount)
    guard inputAxes.count == scanCount, inputDirections.count == scanCount, outputAxes.count == outputCount,
      outputDirections.count == outputCount
    else { throw TensorError(.shape, "axes or directions do not fit the inputs") }

    var scanned: [(tensor: Tensor, axis: Int, isReversed: Bool)] = []
    for index in 0..<scanCount {
      let tensor = try call.tensor(stateCount + index)
      scanned.append((tensor, try tensor.shape.axis(inputAxes[index]), inputDirections[index] == 1))
    }
    let length = scanned[0].tensor.shape[scanned[0].axis]
    guard scanned.allSatisfy({ $0.tensor.shape[$0.axis] == length }) else {
      throw TensorError(.shape, "the scanned axes have different lengths")
    }
    var state = Array(call.inputs[..<stateCount])
    var stacks = [[Tensor]](repeating: [], count: outputCount)
    for step in 0..<length {
      var slices: [Value?] = []
      for (tensor, axis, isReversed) in scanned {
        var shape = tensor.shape
        shape.remove(at: axis)
        slices.append(.tensor(try Gathering.take(tensor, axis, [isReversed ? length - 1 - step : step], shape, call)))
      }
      let results = try body.run(state + slices, outer: call)
      guard results.count == body.outputCount else { throw TensorError(.missing, "the body omits an output") }
      state = Array(results[..<stateCount])
      try stack(results[stateCount...], onto: &stacks)
    }
    var outputs = state.compactMap { $0 }
    for (index, slices) in stacks.enumerated() {
      outputs.append(
        .tensor(try stacked(slices, axis: outputAxes[index], reversed: outputDirections[index] == 1, call)))
    }
    return outputs
  }

  private static func graph(_ name: String, _ call: OperatorCall) throws(TensorError) -> any Subgraph {
    guard let graph = try call.attributes.graph(name) else {
      throw TensorError(.missing, "attribute '\(name)' is absent")
    }
    return graph
  }

  private static func stack(_ values: ArraySlice<Value>, onto stacks: inout [[Tensor]]) throws(TensorError) {
    for (index, value) in values.enumerated() {
      guard case .tensor(let tensor) = value else { throw TensorError(.elementType, "only tensors can be stacked") }
      stacks[index].append(tensor)
    }
  }

  private static func stacked(
    _ slices: [Tensor], axis: Int, reversed: Bool, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    // Without a single step the shape of a slice is unknown, and an empty list is all there is.
    guard let first = slices.first else { return try Tensor(shape: [0], floats: []) }
    let position = try ([1] + first.shape).axis(axis)
    var raised: [Tensor] = []
    for slice in reversed ? slices.reversed() : slices {
      var shape = slice.shape
      guard position <= shape.count else { throw TensorError(.shape, "slices differ in rank") }
      shape.insert(1, at: position)
      raised.append(try slice.reshaped(to: shape))
    }
    return try Arranging.joined(raised, axis: position, call)
  }
}
