import HeadgateTensors

/// Operators that run graphs held in their attributes.
enum ControlFlow {
  static let table: [OperatorDefinition] = [
    .op("If", since: 1, branch), .op("Loop", since: 1, Looping.loop), .op("Scan", since: 8, Scanning.scanBatches),
    .op("Scan", since: 9, Scanning.scan), .op("SequenceMap", since: 17, sequenceMap),
  ]

  private static func branch(_ call: OperatorCall) throws(TensorError) -> [Value] {
    guard let condition = try call.tensor(0).bools().first else {
      throw TensorError(.shape, "the condition is empty")
    }
    return try graph(condition ? "then_branch" : "else_branch", call).run([], outer: call)
  }

  /// Runs the body for each element of the first sequence; tensors among the other inputs are the same for all.
  private static func sequenceMap(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let body = try graph("body", call)
    let count = try call.sequence(0).count
    guard body.inputCount == call.inputs.count else {
      throw TensorError(.shape, "the body takes \(body.inputCount) inputs, and there are \(call.inputs.count)")
    }
    for case .sequence(let elements)? in call.inputs where elements.count != count {
      throw TensorError(.shape, "sequences of \(count) and \(elements.count) elements cannot be walked together")
    }
    var outputs = [[Value]](repeating: [], count: body.outputCount)
    for index in 0..<count {
      try call.budget.countSteps()
      var inputs: [Value?] = []
      for input in call.inputs {
        if case .sequence(let elements)? = input { inputs.append(elements[index]) } else { inputs.append(input) }
      }
      let results = try body.run(inputs, outer: call)
      guard results.count == outputs.count else { throw TensorError(.missing, "the body omits an output") }
      for (place, value) in results.enumerated() {
        guard case .tensor = value else {
          throw TensorError(.elementType, "output \(place) of the body is \(value.summary) and no tensor")
        }
        outputs[place].append(value)
      }
    }
    return outputs.map { .sequence($0) }
  }

  static func graph(_ name: String, _ call: OperatorCall) throws(TensorError) -> any Subgraph {
    guard let graph = try call.attributes.graph(name) else {
      throw TensorError(.missing, "attribute '\(name)' is absent")
    }
    return graph
  }
}
