import HeadgateTensors

/// Loop: carried values go from step to step; the remaining outputs of the body are stacked.
enum Looping {
  /// The body's condition ends the loop even where the node is given none, as ONNX Runtime has it; the
  /// standard's text would ignore it there, and no exporter relies on that.
  static func loop(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let body = try ControlFlow.graph("body", call)
    let limit = try count(call)
    var goesOn = try condition(try call.optionalTensor(1)) ?? true
    var carried = Array(call.inputs.dropFirst(2))
    let carriedCount = body.inputCount - 2
    guard carriedCount >= 0, carried.count <= carriedCount, body.outputCount > carriedCount else {
      throw TensorError(.shape, "the body does not fit the \(carried.count) values that are carried")
    }
    carried += [Value?](repeating: nil, count: carriedCount - carried.count)
    var stacks = Stacks(body, skipping: 1 + carriedCount)
    var step = 0
    while goesOn, step < limit {
      try call.budget.countSteps()
      let counter = try Tensor(shape: [], integers: [Int64(step)])
      let flag = try Tensor(shape: [], bools: [goesOn])
      let results = try body.run([.tensor(counter), .tensor(flag)] + carried, outer: call)
      guard results.count == body.outputCount, let next = try condition(results[0].tensor) else {
        throw TensorError(.elementType, "the body gives no condition")
      }
      goesOn = next
      carried = results[1..<carriedCount + 1].map(\.present)
      try stacks.append(results[(carriedCount + 1)...])
      step += 1
    }
    var outputs = carried.map { $0 ?? .absent }
    for index in stacks.slices.indices {
      outputs.append(.tensor(try stacks.joined(index, axis: 0, reversed: false, call)))
    }
    return outputs
  }

  private static func count(_ call: OperatorCall) throws(TensorError) -> Int {
    guard let tensor = try call.optionalTensor(0) else { return .max }
    guard tensor.count == 1, let count = try tensor.ints().first else {
      throw TensorError(.shape, "the trip count has shape \(tensor.shape), not one element")
    }
    return count
  }

  private static func condition(_ tensor: Tensor?) throws(TensorError) -> Bool? {
    guard let tensor else { return nil }
    guard tensor.count == 1, let condition = try tensor.bools().first else {
      throw TensorError(.shape, "the condition has shape \(tensor.shape), not one element")
    }
    return condition
  }
}
