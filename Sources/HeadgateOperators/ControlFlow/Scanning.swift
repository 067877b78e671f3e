import HeadgateTensors

/// Scan: as Loop, over the slices of inputs.
enum Scanning {
  static func scan(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let walk = try Walk(call, inputs: call.inputs)
    let scanCount = walk.scanCount
    let outputCount = walk.outputCount
    let inputAxes = try flags("scan_input_axes", scanCount, call)
    let inputDirections = try flags("scan_input_directions", scanCount, call)
    let outputAxes = try flags("scan_output_axes", outputCount, call)
    let outputDirections = try flags("scan_output_directions", outputCount, call)

    var scanned: [Walk.Input] = []
    for index in 0..<scanCount {
      let tensor = try call.tensor(walk.stateCount + index)
      let axis = try tensor.shape.axis(inputAxes[index])
      scanned.append(Walk.Input(tensor: tensor, axis: axis, isReversed: inputDirections[index] == 1))
    }
    let (state, stacks) = try walk.run(Array(call.inputs[..<walk.stateCount]), scanned)
    var outputs = state.map { $0 ?? .absent }
    for index in 0..<outputCount {
      let isReversed = outputDirections[index] == 1
      outputs.append(.tensor(try stacks.joined(index, axis: outputAxes[index], reversed: isReversed, call)))
    }
    return outputs
  }

  /// The first version walks each item of a batch by itself, over its own length: states are `[batch, ...]`,
  /// inputs and stacked outputs `[batch, length, ...]`, and what lies beyond an item's length is zero.
  static func scanBatches(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let given = Array(call.inputs.dropFirst())
    let walk = try Walk(call, inputs: given)
    let directions = try flags("directions", walk.scanCount, call)
    var tensors: [Tensor] = []
    for index in given.indices { tensors.append(try call.tensor(index + 1)) }
    let leading = Array(tensors[walk.stateCount].shape.prefix(2))
    guard leading.count == 2, tensors[walk.stateCount...].allSatisfy({ Array($0.shape.prefix(2)) == leading }),
      tensors.allSatisfy({ $0.shape.first == leading[0] })
    else { throw TensorError(.shape, "the inputs differ in their batch or length: \(tensors.map(\.shape))") }
    let (batch, longest) = (leading[0], leading[1])
    // Items without elements cost no memory by which the budget could count them.
    try call.budget.countSteps(batch)
    let lengths = try call.ints(0) ?? [Int](repeating: longest, count: batch)
    guard lengths.count == batch, lengths.allSatisfy({ $0 >= 0 && $0 <= longest }) else {
      throw TensorError(.invalidValue, "lengths \(lengths.prefix(20)) do not fit a batch of \(batch) by \(longest)")
    }

    var states = [[Tensor]](repeating: [], count: walk.stateCount)
    var items: [Stacks] = []
    for index in 0..<batch {
      let rows = try tensors.map { (tensor) throws(TensorError) in
        try tensor.rows(index..<index + 1).reshaped(to: Array(tensor.shape.dropFirst()))
      }
      var scanned: [Walk.Input] = []
      for place in 0..<walk.scanCount {
        let row = try rows[walk.stateCount + place].rows(0..<lengths[index])
        scanned.append(Walk.Input(tensor: row, axis: 0, isReversed: directions[place] == 1))
      }
      let (state, stacks) = try walk.run(rows[..<walk.stateCount].map { .tensor($0) }, scanned)
      for (place, value) in state.enumerated() {
        guard case .tensor(let tensor)? = value else { throw TensorError(.elementType, "a state is no tensor") }
        states[place].append(tensor)
      }
      items.append(stacks)
    }

    var outputs: [Value] = []
    for (place, items) in states.enumerated() {
      outputs.append(.tensor(items.isEmpty ? tensors[place] : try Arranging.stacked(items, axis: 0, call)))
    }
    for place in 0..<walk.outputCount {
      outputs.append(.tensor(try padded(items, place, leading, walk, call)))
    }
    return outputs
  }

  /// One stacked output of all items, `[batch, length, ...]`.
  private static func padded(
    _ items: [Stacks], _ place: Int, _ leading: Shape, _ walk: Walk, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    guard let example = items.lazy.compactMap({ $0.slices[place].first }).first else {
      return try Stacks(walk.body, skipping: walk.stateCount).empty(place, axis: 0, leading: leading, call)
    }
    var rows: [Tensor] = []
    for item in items {
      let slices = item.slices[place]
      var parts: [Tensor] = slices.isEmpty ? [] : [try Arranging.stacked(slices, axis: 0, call)]
      let missing = leading[1] - slices.count
      if missing > 0 {
        parts.append(try Tensor(zeros: example.elementType, shape: [missing] + example.shape, budget: call.budget))
      }
      rows.append(try Arranging.joined(parts, axis: 0, call))
    }
    return try Arranging.stacked(rows, axis: 0, call)
  }

  /// A number for each input or output; all 0 when the attribute is absent.
  private static func flags(_ name: String, _ count: Int, _ call: OperatorCall) throws(TensorError) -> [Int] {
    guard let flags = try call.attributes.ints(name) else { return [Int](repeating: 0, count: count) }
    guard flags.count == count else {
      throw TensorError(.shape, "attribute '\(name)' has \(flags.count) entries for \(count) values")
    }
    return flags
  }
}

/// The steps of one Scan.
private struct Walk {
  struct Input {
    let tensor: Tensor
    let axis: Int
    let isReversed: Bool
  }

  let call: OperatorCall
  let body: any Subgraph
  let stateCount: Int
  let scanCount: Int
  let outputCount: Int

  /// - Parameter inputs: the states, then the inputs that are walked.
  init(_ call: OperatorCall, inputs: [Value?]) throws(TensorError) {
    body = try ControlFlow.graph("body", call)
    guard let scanCount = try call.attributes.int("num_scan_inputs"), scanCount > 0, scanCount <= inputs.count,
      body.inputCount == inputs.count
    else { throw TensorError(.shape, "the body does not fit the inputs") }
    self.call = call
    self.scanCount = scanCount
    stateCount = inputs.count - scanCount
    outputCount = body.outputCount - stateCount
    guard outputCount >= 0 else { throw TensorError(.shape, "the body gives too few outputs") }
  }

  func run(
    _ initial: [Value?], _ scanned: [Input]
  ) throws(TensorError) -> (state: [Value?], stacks: Stacks) {
    let length = scanned[0].tensor.shape[scanned[0].axis]
    guard scanned.allSatisfy({ $0.tensor.shape[$0.axis] == length }) else {
      throw TensorError(.shape, "the scanned axes have different lengths")
    }
    var state = initial
    var stacks = Stacks(body, skipping: stateCount)
    for step in 0..<length {
      try call.budget.countSteps()
      var slices: [Value?] = []
      for input in scanned {
        var shape = input.tensor.shape
        shape.remove(at: input.axis)
        let place = input.isReversed ? length - 1 - step : step
        slices.append(.tensor(try Gathering.take(input.tensor, input.axis, [place], shape, call)))
      }
      let results = try body.run(state + slices, outer: call)
      guard results.count == body.outputCount else { throw TensorError(.missing, "the body omits an output") }
      state = results[..<stateCount].map(\.present)
      try stacks.append(results[stateCount...])
    }
    return (state, stacks)
  }
}
