import HeadgateTensors

/// The steps of a plan seen from their values: which step makes one, and how many read it.
struct StepGraph {
  private let steps: [Plan.Step]
  private let scope: PlanScope
  private var makers: [Int: Int] = [:]
  private var readers: [Plan.Operand: Int] = [:]

  init(_ steps: [Plan.Step], outputs: [Plan.Operand], scope: PlanScope) {
    self.steps = steps
    self.scope = scope
    for (index, step) in steps.enumerated() {
      for case .some(let slot) in step.outputs { makers[slot] = index }
      for operand in step.inputs + step.captured { readers[operand, default: 0] += 1 }
    }
    for operand in outputs { readers[operand, default: 0] += 1 }
  }

  /// How many inputs of steps and outputs of the graph a value is.
  func readerCount(_ operand: Plan.Operand) -> Int { readers[operand, default: 0] }

  /// The step that makes a value and nothing else, when its operator is the named one of ONNX.
  ///
  /// - Parameter readerCount: how many must read the value; any number when nil.
  func maker(of operand: Plan.Operand?, _ name: String, readerCount: Int? = 1) -> Plan.Step? {
    guard case .slot(let slot)? = operand, let index = makers[slot], steps[index].outputs == [slot],
      steps[index].isOperator(name)
    else { return nil }
    guard let readerCount else { return steps[index] }
    return self.readerCount(.slot(slot)) == readerCount ? steps[index] : nil
  }

  /// The step that makes a value for one reader, when its operator is one of the named.
  func maker(of operand: Plan.Operand?, among names: [String]) -> Plan.Step? {
    for name in names {
      if let step = maker(of: operand, name) { return step }
    }
    return nil
  }

  /// The bounds that an activation keeps its numbers within; nil for a step that does something else.
  func bounds(of step: Plan.Step) -> Bounds<Float>? {
    guard isFloat(step.input(0)) else { return nil }
    if step.isOperator("Relu") { return Bounds(least: 0) }
    guard step.isOperator("Clip") else { return nil }
    var bounds = Bounds<Float>()
    if step.node.opset < 11 {
      let most = Float.greatestFiniteMagnitude
      bounds = Bounds(least: -most, greatest: most)
      if let least = try? step.node.attributes.float("min") { bounds.least = least }
      if let greatest = try? step.node.attributes.float("max") { bounds.greatest = greatest }
    } else {
      for (operand, bound) in [(step.input(1), \Bounds<Float>.least), (step.input(2), \.greatest)]
      where operand != .absent {
        guard let number = number(operand, with: step.input(0)) else { return nil }
        bounds[keyPath: bound] = number
      }
    }
    return bounds.least.isNaN || bounds.greatest.isNaN ? nil : bounds
  }

  /// The tensor of a constant.
  func constant(_ operand: Plan.Operand) -> Tensor? { scope.constant(operand)?.tensor }

  /// Whether a value is known to be of floats. Half precision is computed in single by each operator and rounded after
  /// each, and what is rounded in between would show.
  func isFloat(_ operand: Plan.Operand) -> Bool { scope.inferred(operand)?.elementType == .float }

  /// The number that a constant of one float is, when it has no more axes than the value that it is computed with, so
  /// that the result has that value's shape.
  func number(_ operand: Plan.Operand, with other: Plan.Operand) -> Float? {
    guard let tensor = constant(operand), tensor.count == 1, tensor.elementType == .float,
      tensor.rank <= shape(other)?.count ?? 0
    else { return nil }
    return (try? tensor.floats())?.first
  }

  /// What is known of the extents of a value; nil when not even the rank is.
  func shape(_ operand: Plan.Operand) -> [Int?]? { scope.inferred(operand)?.shape ?? nil }
}

extension Plan.Step {
  /// Whether this is an operator of ONNX as it has been since opset 7: before, attributes said how values are stretched.
  func isOperator(_ name: String) -> Bool {
    node.operatorName == name && (node.domain.isEmpty || node.domain == "ai.onnx") && node.opset >= 7
  }

  /// An input, absent when the node has fewer.
  func input(_ index: Int) -> Plan.Operand { index < inputs.count ? inputs[index] : .absent }

  /// The two inputs in both orders, for an operator that does not care which comes first.
  var eitherOrder: [(Plan.Operand, Plan.Operand)] {
    inputs.count == 2 ? [(inputs[0], inputs[1]), (inputs[1], inputs[0])] : []
  }
}
